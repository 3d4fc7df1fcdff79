"""How fast a TCNChunker tags, beside recurrent taggers of the same width and decoder."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.benchmarks.tcn_chunker.recurrent_chunker import RecurrentChunker
from dilatednets.benchmarks.timing import by_turns, cpu
from dilatednets.zoo.tcn_chunker.describe import body_matrices
from dilatednets.zoo.tcn_chunker.model import TCNChunker
from dilatednets.zoo.tcn_chunker.net import ChunkingNet

SENTENCES = 256
MEDIAN_LENGTH, SPREAD, LONGEST = 23, 0.45, 78
"""Lengths of sentences, in words, are drawn from a log-normal distribution with these, which are those of CoNLL-2000."""
BOUND = "TCN's bound"
"""The name of what does nothing but the TCN's multiplications."""


def inference(
    model: TCNChunker, batch: Sequence[int] = (1, 64), seconds: float = 3.0, layers: int = 1
) -> dict[str, Any]:
    """Measures tagging, from words to tags, of sentences as long as those of newspapers.

    Both nets do all the work of `annotate`: numbers of words and characters, scores, decoding. How fast they are does not
    depend on their weights, so that the recurrent one is not trained. The TCN embeds a word once while it goes through
    the sentences, as it does in any stream; the recurrent net embeds it each time. Beside them stands a bound: the
    multiplications alone, of random vectors by matrices of the sizes of the TCN's.

    Args:
        model: A TCNChunker.
        batch: Numbers of sentences that are tagged at once.
        seconds: Each figure is measured for at least this long.
        layers: Bidirectional layers of the recurrent net.

    Returns:
        {"task", "cpu", "model": its cost, "rows": [{"batch", "net", "parameters", "macs_per_word", "sentences_per_second",
        "net_share": of the time spent outside decoding, "ratio": the model's speed to this net's, or to its bound}]}.
    """
    rivals: dict[str, ChunkingNet] = {"TCN": model, f"BiLSTM x{layers}": RecurrentChunker.like(model, "lstm", layers)}
    costs = {name: net.describe() for name, net in rivals.items()}
    costs[BOUND] = {"parameters": 0, "macs_per_word": sum(rows * columns for rows, columns in body_matrices(model))}
    sentences, pos = random_sentences(model)
    rows = []
    for at_once in batch:
        calls: dict[tuple[str, str], Any] = {}
        for name, net in rivals.items():
            calls[name, "all"] = partial(_tag, net, sentences, pos, at_once)
            calls[name, "net"] = partial(_score, net, sentences, pos, at_once)
        calls[BOUND, "all"] = _multiplying(model, sentences, at_once)
        rates = by_turns(calls, seconds)
        for name, cost in costs.items():
            rate = rates[name, "all"]
            row = {
                "batch": at_once,
                "net": name,
                "parameters": cost["parameters"],
                "macs_per_word": cost["macs_per_word"],
                "sentences_per_second": rate * len(sentences),
                "net_share": rate / rates.get((name, "net"), rate),
                "ratio": rates["TCN", "all"] / rate,
            }
            rows.append(row)
    return {"task": "chunking", "cpu": cpu(), "model": model.describe(), "rows": rows}


def random_sentences(model: TCNChunker, seed: int = 0) -> tuple[list[list[str]], list[list[str]] | None]:
    """Sentences of random known words, with parts of speech if the model needs them.

    As in any text, some words are frequent and most are rare: the n-th has a probability in proportion to 1 / n.
    """
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(MEDIAN_LENGTH), SPREAD, SENTENCES).astype(int), 1, LONGEST)
    words = rng.permutation(model.features.words or ["word"]).tolist()
    weights = 1 / np.arange(1, len(words) + 1)
    sentences = [rng.choice(words, length, p=weights / weights.sum()).tolist() for length in lengths]
    if model.pos_embedding is None:
        return sentences, None
    return sentences, [[model.pos_tags[0]] * length for length in lengths]


def _tag(net: ChunkingNet, sentences: list[list[str]], pos: list[list[str]] | None, batch: int) -> None:
    for _ in net.annotate(sentences, pos, at_once=batch):
        pass


def _score(net: ChunkingNet, sentences: list[list[str]], pos: list[list[str]] | None, batch: int) -> None:
    scorer = net.scorer()
    for start in range(0, len(sentences), batch):
        part = slice(start, start + batch)
        scorer(sentences[part], None if pos is None else pos[part])


def _multiplying(net: ChunkingNet, sentences: list[list[str]], batch: int) -> Any:
    """The multiplications alone that the words of a batch need."""
    matrices = [keras.random.normal(shape) for shape in body_matrices(net)]
    counts = [sum(map(len, sentences[start : start + batch])) for start in range(0, len(sentences), batch)]
    lengths = {matrix.shape[0] for matrix in matrices}
    inputs = [{length: keras.random.normal((count, length)) for length in lengths} for count in counts]

    def multiply(vectors: dict[int, Any]) -> list[Any]:
        return [ops.matmul(vectors[matrix.shape[0]], matrix) for matrix in matrices]

    program = compiled(multiply, [], xla=False)

    def call() -> None:
        for vectors in inputs:
            for product in program(vectors):
                ops.convert_to_numpy(product)

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
