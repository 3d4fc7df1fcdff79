"""Spans of a sentence as tags of its words: IOB1, IOB2 (also called BIO), IOBES and BILOU, and from one to another."""

from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import numpy as np

from dilatednets.errors import InputError
from dilatednets.rules import checked, one_of

SCHEMES = {"iob1": "BI", "iob2": "BI", "iobes": "BIES", "bilou": "BILU"}
"""The schemes, with the prefixes of each."""
Scheme = Annotated[str, one_of(*SCHEMES)]


class Span(NamedTuple):
    """The words from `start` up to, but not including, `end`."""

    label: str
    start: int
    end: int


def parse(tag: str) -> tuple[str, str]:
    """Prefix and label of a tag; ("O", "") for "O". A label may hold hyphens.

    Raises:
        InputError: for any other tag than O and B-, I-, E-, S-, L- or U- with a label.

    Example:
    >>> parse("B-NP"), parse("I-by-line"), parse("O")
    (('B', 'NP'), ('I', 'by-line'), ('O', ''))
    """
    if tag == "O":
        return "O", ""
    prefix, _, label = tag.partition("-")
    if len(prefix) != 1 or prefix not in "BIESLU" or not label:
        raise InputError(f"{tag!r} is not a tag; write O, or B-, I-, E-, S-, L- or U- and a label, as in B-NP")
    return prefix, label


def check_tags(tags: Iterable[str], scheme: str) -> None:
    """Raises InputError unless all are tags of the scheme; whether one may follow another is not asked."""
    checked(scheme, Scheme, "scheme")
    for tag in tags:
        if parse(tag)[0] not in "O" + SCHEMES[scheme]:
            raise InputError(f"{tag!r} is not a tag of {scheme}; name the scheme that the tags are written in")


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans that `tags` mean, read as conlleval reads them: without complaint, whichever the scheme.

    A span begins at B- and S-, after E- and S-, and wherever the label changes; L- and U- of BILOU are E- and S-. So an I-
    or E- after O or another label begins one too, and one that no E- closes ends where the next begins.

    Raises:
        InputError: for a string that is not a tag.

    Example:
    >>> spans(["I-NP", "I-NP", "B-NP", "I-VP", "O"])
    [Span(label='NP', start=0, end=2), Span(label='NP', start=2, end=3), Span(label='VP', start=3, end=4)]
    """
    last, last_label, start = "O", "", 0
    result: list[Span] = []
    for index, tag in enumerate([*tags, "O"]):
        prefix, label = parse(tag)
        if prefix in "BSU" or last in "OESLU" or label != last_label:
            if last != "O":
                result.append(Span(last_label, start, index))
            start = index
        last, last_label = prefix, label
    return result


def from_spans(spans: Iterable[Span], length: int, scheme: str = "iob2") -> list[str]:
    """The tags of a sentence of `length` words.

    Args:
        spans: The spans in any order; they must not overlap.
        length: Number of words.
        scheme: "iob1", "iob2", "iobes" or "bilou". IOB1 has B- only where a span touches one of the same label before it.

    Raises:
        InputError: for spans that overlap, are empty or go beyond the sentence, and for another scheme.

    Example:
    >>> from_spans([Span("NP", 0, 2), Span("NP", 2, 3)], 4, "iobes")
    ['B-NP', 'E-NP', 'S-NP', 'O']
    """
    checked(scheme, Scheme, "scheme")
    tags, end, last_label = ["O"] * length, 0, ""
    for span in sorted(spans, key=lambda span: span.start):
        if not end <= span.start < span.end <= length:
            raise InputError(
                f"{span}: empty, overlaps the one before, or goes beyond the {length} words of the sentence"
            )
        touches = span.start == end and span.label == last_label
        begin = "B" if scheme != "iob1" or touches else "I"
        prefixes = begin + "I" * (span.end - span.start - 1)
        if scheme in ("iobes", "bilou"):
            last, alone = tuple(SCHEMES[scheme][2:])
            prefixes = alone if len(prefixes) == 1 else prefixes[:-1] + last
        tags[span.start : span.end] = [f"{prefix}-{span.label}" for prefix in prefixes]
        end, last_label = span.end, span.label
    return tags


def convert(tags: Sequence[str], source: str, target: str) -> list[str]:
    """The tags of the same spans in another scheme.

    Transitions that the source scheme does not have are read as `spans` reads them, so that converting to the scheme itself
    repairs them.

    Raises:
        InputError: for a string that is not a tag of the source scheme, and for a scheme that does not exist.

    Example:
    >>> convert(["I-NP", "I-NP", "B-NP", "O"], "iob1", "iob2")
    ['B-NP', 'I-NP', 'B-NP', 'O']
    """
    check_tags(tags, source)
    return from_spans(spans(tags), len(tags), target)


def repairs(tags: Sequence[str]) -> int:
    """How often an I- begins a span, which IOB2 does not allow and conlleval reads as B-.

    Raises:
        InputError: for a string that is not a tag of IOB2.

    Example:
    >>> repairs(["O", "I-NP", "I-NP", "I-VP", "B-NP", "I-NP"])
    2
    """
    check_tags(tags, "iob2")
    return sum(tags[span.start].startswith("I-") for span in spans(tags))


def scheme_of(tags: Iterable[str]) -> str:
    """The scheme of tags as far as it makes a difference: "iob2" stands for IOB1, too, which `spans` reads alike.

    Example:
    >>> scheme_of(["B-NP", "L-NP", "O"])
    'bilou'
    """
    prefixes = {tag[:2] for tag in tags}
    return "bilou" if prefixes & {"L-", "U-"} else "iobes" if prefixes & {"E-", "S-"} else "iob2"


def check_labels(labels: Sequence[str]) -> None:
    """Raises InputError unless there are labels, and these are no tags."""
    tags = [label for label in labels if label == "O" or (label[1:2] == "-" and label[0] in "BIESLU")]
    if not labels:
        raise InputError("labels: name at least one, such as ['NP']")
    if "O" in labels or len(tags) == len(labels):
        plain = dict.fromkeys(tag[2:] for tag in tags if tag != "O") or ["NP"]
        raise InputError(f"labels: {tags[0]!r} is a tag; name the labels alone, as in {list(plain)}")


def valid_transitions(tags: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which tag may follow which, for a list of all tags in IOB2, or in IOBES or BILOU if any of them has their letters.

    Args:
        tags: Every tag that there is, in the order of their numbers.

    Returns:
        Three arrays of bool: (n, n), whether tag j may follow tag i at [i, j]; (n,), whether a sentence may begin with the
        tag; (n,), whether it may end with it.

    Raises:
        InputError: for a string that is not a tag.

    Example:
    >>> follows, begins, ends = valid_transitions(["O", "B-NP", "I-NP"])
    >>> follows.astype(int).tolist(), begins.astype(int).tolist(), ends.astype(int).tolist()
    ([[1, 1, 0], [1, 1, 1], [1, 1, 1]], [1, 1, 0], [1, 1, 1])
    """
    prefixes, labels = np.array([parse(tag) for tag in tags], dtype=str).reshape(-1, 2).T
    iobes = np.isin(prefixes, list("ESLU")).any()
    inside = np.isin(prefixes, ["B", "I"])  # the span may go on after it
    goes_on = np.isin(prefixes, list("IEL"))
    continues = inside[:, None] & goes_on[None, :] & (labels[:, None] == labels[None, :])
    closed = ~inside | ~iobes
    return continues | (closed[:, None] & ~goes_on[None, :]), ~goes_on, closed
