"""Precision, recall and F1 of spans, as conlleval, the scorer of the shared tasks of CoNLL, counts them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.tag_schemes import spans


def score(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Scores predicted tags against true ones, sentence by sentence.

    A span counts as correct if its first word, last word and label are. Tags may be in any scheme of `tag_schemes`, and
    invalid ones are read as conlleval reads them. IOBES, which conlleval does not know, scores as the same spans in IOB2 do.
    Token accuracy compares the tags themselves, so that both sides must be in the same scheme.

    Args:
        gold: True tags of each sentence.
        predicted: Predicted tags of each sentence, one a word.

    Returns:
        "precision", "recall" and "f1", over spans of all labels, and "accuracy", over all tokens, as fractions, 0 where
        nothing can be counted; the counts "gold", "predicted" and "correct" of spans, "tokens" and "correct_tokens"; and
        "by_label", which has for each label its "precision", "recall", "f1", "gold", "predicted" and "correct".

    Raises:
        InputError: if a sentence is missing or its lengths differ, and for a string that is not a tag.

    Example:
    >>> scores = score([["B-NP", "I-NP", "O", "B-NP"]], [["B-NP", "I-NP", "O", "B-VP"]])
    >>> scores["f1"], scores["accuracy"], scores["by_label"]["NP"]["recall"]
    (0.5, 0.75, 0.5)
    """
    true, own, correct = Counter[str](), Counter[str](), Counter[str]()
    tokens = correct_tokens = 0
    for number, (true_tags, own_tags) in enumerate(zip_longest(gold, predicted), start=1):
        if true_tags is None or own_tags is None:
            missing = "true" if true_tags is None else "predicted"
            raise InputError(f"sentence {number}: has no {missing} tags; give both sides")
        if len(true_tags) != len(own_tags):
            lengths = f"{len(true_tags)} true tags, but {len(own_tags)} predicted"
            raise InputError(f"sentence {number}: {lengths}; give one tag a word")
        true_spans, own_spans = set(spans(true_tags)), set(spans(own_tags))
        for counter, counted in ((true, true_spans), (own, own_spans), (correct, true_spans & own_spans)):
            counter.update(span.label for span in counted)
        tokens += len(true_tags)
        correct_tokens += sum(a == b for a, b in zip(true_tags, own_tags, strict=True))
    by_label = {label: _rates(true[label], own[label], correct[label]) for label in sorted(true | own)}
    return _rates(true.total(), own.total(), correct.total()) | {
        "accuracy": correct_tokens / tokens if tokens else 0.0,
        "tokens": tokens,
        "correct_tokens": correct_tokens,
        "by_label": by_label,
    }


def _rates(gold: int, predicted: int, correct: int) -> dict[str, Any]:
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    counts = {"gold": gold, "predicted": predicted, "correct": correct}
    return {"precision": precision, "recall": recall, "f1": f1, **counts}
