"""What taggers do with text: from words or plain text to tags, parts of speech and chunks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice, repeat, zip_longest
from typing import Annotated, Any, NamedTuple

import keras
import numpy as np

from dilatednets import arrays
from dilatednets.errors import InputError
from dilatednets.rules import Rule, checked
from dilatednets.zoo.tcn_chunker.tag_schemes import convert, spans
from dilatednets.zoo.tcn_chunker.word_features import UNKNOWN

SENTENCES_AT_ONCE = 1024
"""Sentences read ahead, to be tagged together."""
WORDS_READ_AHEAD = 65536
"""Words after which no more are read ahead, however few sentences they make."""
WORDS_AT_ONCE = 16384
"""Words, padding included, that are decoded together."""
TRANSITIONS_AT_ONCE = 1 << 20
"""Scores of transitions that a step of decoding compares."""
WORDS_TO_TELL = 10
"""Parts of speech of which one at least must be known: those of another tag set would be taken for rare ones."""
_AtOnce = Annotated[int, Rule(lambda x: x >= 1, "at least 1")]

Scorer = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]] | None], tuple[list[np.ndarray], list[np.ndarray]]]
"""Makes two arrays of each sentence, given its words and, if the model takes them, their parts of speech: scores of tags,
float32 (words, tags), and numbers of parts of speech, integers (words,), none without `pos="joint"`."""


class Stream(NamedTuple):
    """What a tagger keeps from one sentence to the next: make a new one after training."""

    score: Scorer
    rules: tuple[np.ndarray, np.ndarray, np.ndarray] | None
    """Those of the random field, as `LinearChainCRF.decode` takes them."""


class Chunk(NamedTuple):
    """A piece of a text: `text[start:end]`, in characters."""

    label: str
    start: int
    end: int
    text: str


class ChunkedSentence(NamedTuple):
    """A sentence of a text: tokens (text, start, end), with a tag and a part of speech, if there are any, for each."""

    text: str
    start: int
    tokens: list[Any]
    tags: list[str]
    pos: list[str]
    chunks: list[Chunk]


class Tagger(keras.Model):
    """A model that tags words; the net is the subclass's.

    A subclass sets `features` (WordFeatures), `tags` and `pos_tags` (their names by number), `scheme` and `tokenizer`,
    `pos_embedding` (None unless it takes parts of speech) and `crf` (a LinearChainCRF, or None), and scores words by its
    `scorer`. `_pos_numbers` are those of `pos_tags` in the arrays of `encode`.
    """

    tags: tuple[str, ...]
    pos_tags: tuple[str, ...]

    def scorer(self) -> Scorer:
        """What scores the sentences of one stream, which may remember words: make a new one after training."""
        raise NotImplementedError

    def stream(self) -> Stream:
        """What `chunk_sentences` takes, for sentences that come one after the other."""
        return Stream(self.scorer(), None if self.crf is None else self.crf.numpy_rules())

    def encode(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays that the model takes, of sentences given as words.

        Raises:
            InputError: if a model that needs parts of speech gets none, or another number of them than words.
        """
        pairs = list(_paired(sentences, pos))
        inputs = self.features.batch([words for words, _ in pairs])
        if self.pos_embedding is not None:
            if pos is None:
                raise InputError("pos: this model needs the part of speech of each word; give them, one a word")
            inputs["pos"] = np.zeros_like(inputs["words"])
            for row, (_, tags) in enumerate(pairs):
                inputs["pos"][row, : len(tags)] = [self._pos_numbers.get(tag, UNKNOWN) for tag in tags]
        return inputs

    def input_signature(self, batch: int | None) -> dict[str, Any]:
        """Shapes and types of what `encode` makes, as `keras.KerasTensor`s, of `batch` sentences or any number."""
        example = self.encode([["a"]], [["a"]]).items()
        return {name: keras.KerasTensor((batch, *[None] * (x.ndim - 1)), str(x.dtype)) for name, x in example}

    def tag(self, sentences: Iterable[Sequence[str]], pos: Iterable[Sequence[str]] | None = None) -> list[list[str]]:
        """The tags of each sentence, in IOB2.

        Args:
            sentences: The words of each sentence; any number of sentences of any length, none included.
            pos: Their parts of speech, for a model with `pos="input"`; others ignore them.

        Raises:
            InputError: as `encode`; for sentences that are no lists of words, such as strings.

        Example:
        >>> from dilatednets.zoo.tcn_chunker.model import TCNChunker
        >>> model = TCNChunker(labels=["NP"], pos="none")
        >>> [len(tags) for tags in model.tag([["Rockwell", "said"], []])]
        [2, 0]
        """
        return [list(sentence.tags) for sentence in self.annotate(sentences, pos)]

    def annotate(
        self,
        sentences: Iterable[Sequence[str]],
        pos: Iterable[Sequence[str]] | None = None,
        at_once: int = SENTENCES_AT_ONCE,
    ) -> Iterator[Any]:
        """As `tag`, one sentence after the other in bounded memory; with parts of speech, if the model predicts them.

        Args:
            sentences: The words of each sentence, as `tag` takes them; a generator may go on for ever.
            pos: Their parts of speech, as `tag` takes them.
            at_once: Sentences read ahead, fewer if they are long. More are faster, those of a live stream come later.

        Yields:
            `dilatednets.data.columns.TaggedSentence` (words, tags, pos).
        """
        at_once = checked(at_once, _AtOnce, "at_once")
        stream = self.stream()
        for pairs in _read_ahead(_paired(sentences, pos), at_once, lambda pair: len(pair[0])):
            yield from self._annotated(pairs, stream)

    def _annotated(self, pairs: Iterable[tuple[Sequence[str], Any]], stream: Stream) -> Iterator[Any]:
        """Tags sentences, with their parts of speech or None, together."""
        from dilatednets.data.columns import TaggedSentence

        pairs = list(pairs)
        sentences = [words for words, _ in pairs]
        pos = [tags for _, tags in pairs if tags is not None] if self.pos_embedding is not None else []
        names = [name for tags in pos for name in tags]
        if len(names) >= WORDS_TO_TELL and self._pos_numbers.keys().isdisjoint(names):
            raise InputError(
                f"pos: none is known to this model, such as {names[0]!r}; its are {', '.join(self.pos_tags)}"
            )
        iob2 = self.tags
        if self.crf is not None:  # which keeps to the scheme, so that each tag has its own in IOB2
            iob2 = tuple({"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in self.tags)
        scores, pos_numbers = stream.score(sentences, pos or None)
        pos = pos or [[self.pos_tags[number] for number in numbers] for numbers in pos_numbers]
        for words, path, pos_tags in zip(sentences, self._decoded(scores, stream.rules), pos, strict=True):
            tags = [iob2[number] for number in path]
            if self.crf is None:
                tags = convert(tags, self.scheme, "iob2")
            yield TaggedSentence(tuple(words), tuple(tags), tuple(pos_tags))

    def _decoded(self, scores: Sequence[np.ndarray], rules: Any = None) -> list[list[int]]:
        """Numbers of the tags of each sentence; sentences of similar length are decoded together."""
        if self.crf is None:
            return [array.argmax(axis=-1).tolist() if len(array) else [] for array in scores]
        lengths = np.array([len(array) for array in scores], int)
        paths: list[list[int]] = [[] for _ in scores]
        for batch in _batches(lengths, max(TRANSITIONS_AT_ONCE // len(self.tags) ** 2, 1)):
            padded = np.zeros((len(batch), max(lengths[batch]), len(self.tags)), np.float32)
            for row, i in enumerate(batch):
                padded[row, : lengths[i]] = scores[i]
            for i, path in zip(batch, self.crf.decode(padded, lengths[batch], rules), strict=True):
                paths[i] = path[: lengths[i]].tolist()
        return paths

    def chunk(self, text: str) -> list[Chunk]:
        """The chunks of a text of any length, with the characters that they are made of.

        Args:
            text: Plain text: sentences and words are found in it.

        Returns:
            The chunks in order; `text[chunk.start:chunk.end] == chunk.text`.

        Raises:
            InputError: for what is no string, and for a model that needs parts of speech.

        Example:
        >>> from dilatednets.zoo.tcn_chunker.model import TCNChunker
        >>> model = TCNChunker(labels=["NP"], pos="none")
        >>> all("It works."[c.start : c.end] == c.text for c in model.chunk("It works."))
        True
        """
        pieces = [arrays.text(text, "text")]
        return [chunk for sentence in self.chunk_stream(pieces) for chunk in sentence.chunks]

    def chunk_stream(self, source: Iterable[str], at_once: int = SENTENCES_AT_ONCE) -> Iterator[ChunkedSentence]:
        """The same of a text that comes in pieces, sentence by sentence and in bounded memory.

        Args:
            source: The text, cut anywhere.
            at_once: Sentences read ahead, as by `annotate`.
        """
        from dilatednets.data.plain_text import split

        if self.pos_embedding is not None:
            raise InputError("text: this model needs the part of speech of each word; give words and theirs to tag")
        at_once = checked(at_once, _AtOnce, "at_once")
        stream = self.stream()
        pieces = (arrays.text(piece, "source") for piece in source)
        for sentences in _read_ahead(split(pieces, self.tokenizer), at_once, lambda sentence: len(sentence.words)):
            yield from self.chunk_sentences(sentences, None, stream)

    def chunk_sentences(
        self, sentences: Sequence[Any], pos: Sequence[Sequence[str]] | None = None, stream: Stream | None = None
    ) -> Iterator[ChunkedSentence]:
        """The same of sentences that are split already, tagged together.

        Args:
            sentences: A list of `dilatednets.data.plain_text.SplitSentence`s.
            pos: Parts of speech of each, for a model with `pos="input"`.
            stream: That of the sentences before these in a stream.
        """
        if not sentences:
            return
        pairs = _paired((sentence.words for sentence in sentences), pos)
        for sentence, tagged in zip(sentences, self._annotated(pairs, stream or self.stream()), strict=True):
            chunks = []
            for label, first, last in spans(tagged.tags):
                start, end = sentence.tokens[first].start, sentence.tokens[last - 1].end
                chunks.append(Chunk(label, start, end, sentence.text[start - sentence.start : end - sentence.start]))
            tags, pos_tags = list(tagged.tags), list(tagged.pos)
            yield ChunkedSentence(sentence.text, sentence.start, sentence.tokens, tags, pos_tags, chunks)


def _paired(sentences: Iterable[Any], pos: Iterable[Any] | None) -> Iterator[tuple[Any, Any]]:
    """The words of each sentence with their parts of speech, one a word; with None if there are no parts of speech."""
    missing: Any = object()
    sentences, pos = _items(sentences, "sentences"), None if pos is None else _items(pos, "pos")
    for words, tags in zip(sentences, repeat(None)) if pos is None else zip_longest(sentences, pos, fillvalue=missing):
        if words is missing or tags is missing:
            raise InputError("pos: not as many sentences as there are of words; give one for each")
        words = _words(words, "sentences")
        if pos is not None:
            tags = _words(tags, "pos")
            if len(words) != len(tags):
                raise InputError(f"pos: {len(tags)} for a sentence of {len(words)} words; give one a word")
        yield words, tags


def _items(value: Any, where: str) -> Iterator[Any]:
    """What is in a list or another source; InputError for what holds nothing in order."""
    if isinstance(value, str):
        chunk = ", or call chunk" if where == "sentences" else ""
        raise InputError(f"{where}: {value[:40]!r} is a string; give a list of words{chunk}")
    if (
        isinstance(value, bytes | Mapping | Set)
        or not hasattr(type(value), "__iter__")
        or getattr(value, "shape", 1) == ()
    ):
        raise InputError(f"{where}: must be lists of words, not {type(value).__name__}")
    return iter(value)


def _words(value: Any, where: str) -> list[str]:
    words = list(_items(value, where))
    for word in words:
        if not isinstance(word, str):
            raise InputError(f"{where}: must be strings, one a word, not {word!r}")
    return words


def _read_ahead(source: Iterable[Any], count: int, words_of: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Lists of `count` items, or of WORDS_READ_AHEAD words. What was read before an error comes first, the error then."""
    source, failed = iter(source), None
    while failed is None:
        items: list[Any] = []
        words = 0
        try:
            for item in islice(source, count):
                items.append(item)
                words += words_of(item)
                if words >= WORDS_READ_AHEAD:
                    break
        except Exception as error:
            failed = error
        if items:
            yield items
        elif failed is None:
            return
    raise failed


def _batches(lengths: np.ndarray, most: int) -> Iterator[list[int]]:
    """Numbers of at most `most` sentences of similar length, and WORDS_AT_ONCE words; empty ones are left out."""
    batch: list[int] = []
    for i in np.argsort(lengths, kind="stable"):  # lengths rise, so that the newest sentence is the longest
        if batch and (len(batch) == most or (len(batch) + 1) * lengths[i] > WORDS_AT_ONCE):
            yield batch
            batch = []
        if lengths[i]:
            batch.append(i)
    if batch:
        yield batch
