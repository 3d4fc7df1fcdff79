"""Precision, recall and F1 of spans, digit for digit as conlleval, the scorer of the shared tasks of CoNLL, has them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from dilatednets.data.tag_schemes import spans
from dilatednets.errors import InputError


def score(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Scores predicted tags against true ones, sentence by sentence.

    A span counts as correct if its first word, last word and label are. Tags may be in any scheme of `tag_schemes`, and
    invalid ones are read as conlleval reads them. IOBES, which conlleval does not know, scores as the same spans in IOB2 do.
    Token accuracy compares the tags themselves, so that both sides must be in the same scheme.

    Args:
        gold: True tags of each sentence.
        predicted: As many tags for as many sentences.

    Returns:
        "precision", "recall" and "f1", over spans of all labels, and "accuracy", over all tokens, as fractions, 0 where
        nothing can be counted; the counts "gold", "predicted" and "correct" of spans, "tokens" and "correct_tokens"; and
        "by_label", which has for each label its "precision", "recall", "f1", "gold", "predicted" and "correct".

    Raises:
        InputError: if a sentence is missing or its lengths differ, and for a tag that is none.

    Example:
    >>> scores = score([["B-NP", "I-NP", "O", "B-NP"]], [["B-NP", "I-NP", "O", "B-VP"]])
    >>> scores["f1"], scores["accuracy"], scores["by_label"]["NP"]["recall"]
    (0.5, 0.75, 0.5)
    """
    true, found, correct = Counter[str](), Counter[str](), Counter[str]()
    tokens = correct_tokens = 0
    for number, (want, have) in enumerate(zip_longest(gold, predicted), start=1):
        if want is None or have is None:
            raise InputError(
                f"sentence {number}: has no {'true' if want is None else 'predicted'} tags; give both sides"
            )
        if len(want) != len(have):
            raise InputError(
                f"sentence {number}: {len(want)} true tags, but {len(have)} predicted; give one tag a word"
            )
        true_spans, found_spans = spans(want), spans(have)
        true.update(span.label for span in true_spans)
        found.update(span.label for span in found_spans)
        correct.update(span.label for span in set(true_spans) & set(found_spans))
        tokens += len(want)
        correct_tokens += sum(a == b for a, b in zip(want, have, strict=True))
    by_label = {label: _rates(true[label], found[label], correct[label]) for label in sorted(true | found)}
    return _rates(true.total(), found.total(), correct.total()) | {
        "accuracy": correct_tokens / tokens if tokens else 0.0,
        "tokens": tokens,
        "correct_tokens": correct_tokens,
        "by_label": by_label,
    }


def conlleval_report(scores: Mapping[str, Any]) -> str:
    """The scores as conlleval prints them, in percent.

    Args:
        scores: As `score` returns them.

    Example:
    >>> print(conlleval_report(score([["B-NP", "I-NP", "O"]], [["B-NP", "I-NP", "O"]])), end="")
    processed 3 tokens with 1 phrases; found: 1 phrases; correct: 1.
    accuracy: 100.00%; precision: 100.00%; recall: 100.00%; FB1: 100.00
                   NP: precision: 100.00%; recall: 100.00%; FB1: 100.00  1
    """
    lines = [
        f"processed {scores['tokens']} tokens with {scores['gold']} phrases; "
        f"found: {scores['predicted']} phrases; correct: {scores['correct']}."
    ]
    if scores["tokens"]:
        lines.append(f"accuracy: {100 * scores['correct_tokens'] / scores['tokens']:6.2f}%; {_percentages(scores)}")
    for label, values in sorted(scores["by_label"].items()):
        lines.append(f"{label:>17}: {_percentages(values)}  {values['predicted']}")
    return "\n".join(lines) + "\n"


def _rates(gold: int, predicted: int, correct: int, whole: int = 1) -> dict[str, Any]:
    precision = whole * correct / predicted if predicted else 0.0
    recall = whole * correct / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "gold": gold,
        "predicted": predicted,
        "correct": correct,
    }


def _percentages(values: Mapping[str, Any]) -> str:
    # From the counts, in conlleval's order of operations: 100 times a fraction may round otherwise.
    rates = _rates(values["gold"], values["predicted"], values["correct"], whole=100)
    return f"precision: {rates['precision']:6.2f}%; recall: {rates['recall']:6.2f}%; FB1: {rates['f1']:6.2f}"
