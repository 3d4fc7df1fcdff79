"""How fast a TCNChunker tags, beside recurrent taggers of the same width and decoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dilatednets.benchmarks.recurrent_chunker import RecurrentChunker
from dilatednets.benchmarks.segmentation import by_turns, cpu
from dilatednets.zoo.tcn_chunker import TCNChunker

SENTENCES = 256
MEDIAN_LENGTH, SPREAD, LONGEST = 23, 0.45, 78
"""Of sentences in words, as in CoNLL-2000: lengths are drawn from a log-normal distribution with these."""


def inference(
    model: TCNChunker, batches: Sequence[int] = (1, 64), seconds: float = 3.0, layers: int = 1
) -> dict[str, Any]:
    """Measures tagging, from words to tags, of sentences as long as those of newspapers.

    Both nets do all the work of `annotate`: numbers of words and characters, scores, decoding. How fast they are does not
    depend on their weights, so that the recurrent one is not trained.

    Args:
        model: The net.
        batches: Sentences at once.
        seconds: Each figure is measured for at least this long.
        layers: Bidirectional layers of the recurrent net.

    Returns:
        {"task", "cpu", "model": its cost, "rows": [{"batch", "net", "parameters", "macs_per_word", "sentences_per_second",
        "net_share": of the time that all but decoding takes, "ratio": the model's speed to this net's}]}.
    """
    rivals = {"TCN": model, f"BiLSTM x{layers}": RecurrentChunker.like(model, "lstm", layers)}
    sentences, pos = random_sentences(model)
    rows = []
    for batch in batches:
        calls: dict[tuple[str, str], Any] = {}
        for name, net in rivals.items():
            calls[name, "all"] = _tagging(net, sentences, pos, batch)
            calls[name, "net"] = _scoring(net, sentences, pos, batch)
        rates = by_turns(calls, seconds)
        for name, net in rivals.items():
            facts = net.describe()
            rows.append(
                {
                    "batch": batch,
                    "net": name,
                    "parameters": facts["parameters"],
                    "macs_per_word": facts["macs_per_word"],
                    "sentences_per_second": rates[name, "all"] * len(sentences),
                    "net_share": rates[name, "all"] / rates[name, "net"],
                    "ratio": rates["TCN", "all"] / rates[name, "all"],
                }
            )
    return {"task": "chunking", "cpu": cpu(), "model": model.describe(), "rows": rows}


def random_sentences(model: TCNChunker, seed: int = 0) -> tuple[list[list[str]], list[list[str]] | None]:
    """Sentences of random known words, with parts of speech if the model needs them."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(MEDIAN_LENGTH), SPREAD, SENTENCES).astype(int), 1, LONGEST)
    words = model.features.words or ["word"]
    sentences = [[words[i] for i in rng.integers(0, len(words), length)] for length in lengths]
    if model.pos_embedding is None:
        return sentences, None
    return sentences, [[model.pos_tags[0]] * length for length in lengths]


def _tagging(net: TCNChunker, sentences: list[list[str]], pos: list[list[str]] | None, batch: int) -> Any:
    def call() -> None:
        for _ in net.annotate(sentences, pos, at_once=batch):
            pass

    return call


def _scoring(net: TCNChunker, sentences: list[list[str]], pos: list[list[str]] | None, batch: int) -> Any:
    """The scores alone."""

    def call() -> None:
        for start in range(0, len(sentences), batch):
            part = slice(start, start + batch)
            net.score_words(sentences[part], None if pos is None else pos[part])

    return call


def report(result: dict[str, Any]) -> str:
    """The measurement as a table."""
    lines = ["batch  net            parameters  MACs/word  sentences/s  in the net  TCN's speed to it"]
    for row in result["rows"]:
        lines.append(
            f"{row['batch']:5d}  {row['net']:13s} {row['parameters']:11,d} {row['macs_per_word']:10,d} "
            f"{row['sentences_per_second']:12.0f} {row['net_share']:11.0%} {row['ratio']:12.2f}"
        )
    return "\n".join([*lines, f"cores {result['cpu']['cores']}. Compare ratios, not rates."])
