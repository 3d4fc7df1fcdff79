"""What taggers do with text: from words or plain text to tags, parts of speech and chunks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any, NamedTuple

import keras
import numpy as np

from dilatednets.errors import InputError
from dilatednets.zoo.word_features import UNKNOWN, WordFeatures

SENTENCES_AT_ONCE = 1024
"""Sentences read ahead, to be tagged together."""
WORDS_READ_AHEAD = 65536
"""Words after which no more are read ahead, however few sentences they make."""
WORDS_AT_ONCE = 16384
"""Words, padding included, that are decoded together."""
TRANSITIONS_AT_ONCE = 1 << 20
"""Scores of transitions that are looked at in a step of decoding."""


Scorer = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]] | None], tuple[list[np.ndarray], list[np.ndarray]]]
"""As `Tagger.score_words`."""


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
    `pos_embedding` (None unless parts of speech are given) and `crf` (a LinearChainCRF, or None), and scores words by its
    `scorer`. `_pos_numbers` are those of `pos_tags` in the arrays of `encode`.
    """

    features: WordFeatures
    tags: tuple[str, ...]
    pos_tags: tuple[str, ...]
    scheme: str
    tokenizer: str
    pos_embedding: Any
    crf: Any
    _pos_numbers: dict[str, int]

    def scorer(self) -> Scorer:
        """What scores the sentences of one stream, which may remember words: make a new one after training."""
        raise NotImplementedError

    def encode(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays that the model takes, of sentences given as words.

        Raises:
            InputError: if a model that needs parts of speech gets none, or another number of them than words.
        """
        inputs = self.features.batch(sentences)
        if self.pos_embedding is not None:
            if pos is None:
                raise InputError("pos: this model needs the part of speech of each word; give them, one a word")
            inputs["pos"] = np.zeros_like(inputs["words"])
            for row, (words, tags) in enumerate(_paired(sentences, pos)):
                _check_pos(words, tags)
                inputs["pos"][row, : len(tags)] = [self._pos_numbers.get(tag, UNKNOWN) for tag in tags]
        return inputs

    def input_signature(self, batch: int | None) -> dict[str, Any]:
        """Shapes and types of what `encode` makes, as `keras.KerasTensor`s, of `batch` sentences or any number."""
        example = self.encode([["a"]], None if self.pos_embedding is None else [["a"]])
        return {
            name: keras.KerasTensor((batch, *[None] * (array.ndim - 1)), str(array.dtype))
            for name, array in example.items()
        }

    def tag(self, sentences: Iterable[Sequence[str]], pos: Iterable[Sequence[str]] | None = None) -> list[list[str]]:
        """The tags of each sentence, in IOB2.

        Args:
            sentences: The words of each; of any number and length, none included.
            pos: Their parts of speech, for a model with `pos="input"`; others do not look at them.

        Raises:
            InputError: as `encode`; for a sentence that is a string instead of words.

        Example:
        >>> from dilatednets.zoo.tcn_chunker import TCNChunker
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
            sentences: See `tag`; a generator may go on for ever.
            pos: See `tag`.
            at_once: Sentences read ahead, fewer if they are long. More are faster, those of a live stream come later.

        Yields:
            `dilatednets.data.columns.TaggedSentence` (words, tags, pos).
        """
        if at_once < 1:
            raise InputError(f"at_once: must be at least 1, not {at_once}")
        pairs = ((words, None) for words in sentences) if pos is None else _paired(sentences, pos)
        scorer = self.scorer()
        for some in _read_ahead(pairs, at_once, lambda pair: len(pair[0])):
            yield from self._annotated(
                [words for words, _ in some], None if pos is None else [tags for _, tags in some], scorer
            )

    def _annotated(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None, scorer: Scorer | None
    ) -> list[Any]:
        from dilatednets.data.columns import TaggedSentence
        from dilatednets.data.tag_schemes import convert

        pos = self._checked(sentences, pos)
        done: list[Any] = [TaggedSentence(())] * len(sentences)
        order = sorted((i for i, words in enumerate(sentences) if len(words)), key=lambda i: len(sentences[i]))
        names = self.tags
        if self.crf is not None:  # which keeps to the scheme, so that each tag has its own in IOB2
            names = tuple({"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in self.tags)
        scores, parts = (scorer or self.scorer())(sentences, pos)
        most = max(TRANSITIONS_AT_ONCE // len(self.tags) ** 2, 1)
        for picks in _batches(order, [len(sentence) for sentence in sentences], most):
            for i, path in zip(picks, self._decoded([scores[i] for i in picks]), strict=True):
                tags = [names[number] for number in path]
                if self.crf is None:
                    tags = convert(tags, self.scheme, "iob2")
                given = pos[i] if pos is not None else [self.pos_tags[number] for number in parts[i]]
                done[i] = TaggedSentence(tuple(sentences[i]), tuple(tags), tuple(given))
        return done

    def score_words(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None = None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Scores of the tags of each word, and numbers of their parts of speech.

        Args:
            sentences: Words of each.
            pos: As of `tag`.

        Returns:
            float32 (words, tags) and integers (words,), none without `pos="joint"`, of each sentence.
        """
        scores, parts = self.scorer()(sentences, self._checked(sentences, pos))
        return [one.reshape(-1, len(self.tags)) for one in scores], parts

    def _checked(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None
    ) -> Sequence[Sequence[str]] | None:
        """The parts of speech, if the model sees them."""
        for words in sentences:
            if isinstance(words, str):
                raise InputError(f"sentences: {words[:40]!r} is a string; give a list of words, or call chunk")
        for words, tags in () if pos is None else _paired(sentences, pos):
            _check_pos(words, tags)
        return None if self.pos_embedding is None else pos

    def _decoded(self, scores: Sequence[np.ndarray]) -> list[list[int]]:
        """Numbers of the tags of each sentence."""
        if self.crf is None:
            return [np.argmax(one, axis=-1).tolist() for one in scores]
        lengths = np.array([len(one) for one in scores])
        padded = np.zeros((len(scores), lengths.max(), len(self.tags)), np.float32)
        for row, one in enumerate(scores):
            padded[row, : len(one)] = one
        paths = self.crf.decode(padded, lengths)
        return [path[:length].tolist() for path, length in zip(paths, lengths, strict=True)]

    def chunk(self, text: str) -> list[Chunk]:
        """The chunks of a text of any length, with the characters that they are made of.

        Args:
            text: Plain text: sentences and words are found in it.

        Returns:
            The chunks in order; `text[chunk.start:chunk.end] == chunk.text`.

        Raises:
            InputError: for a model that needs parts of speech.

        Example:
        >>> from dilatednets.zoo.tcn_chunker import TCNChunker
        >>> model = TCNChunker(labels=["NP"], pos="none")
        >>> all("It works."[c.start : c.end] == c.text for c in model.chunk("It works."))
        True
        """
        return [chunk for sentence in self.chunk_stream([text]) for chunk in sentence.chunks]

    def chunk_stream(self, source: Iterable[str], at_once: int = SENTENCES_AT_ONCE) -> Iterator[ChunkedSentence]:
        """The same of a text that comes in pieces, sentence by sentence and in bounded memory.

        Args:
            source: The text, cut anywhere.
            at_once: Sentences read ahead; see `annotate`.
        """
        from dilatednets.data.plain_text import split

        if self.pos_embedding is not None:
            raise InputError("text: this model needs the part of speech of each word; give words and theirs to tag")
        scorer = self.scorer()
        for some in _read_ahead(split(source, self.tokenizer), at_once, lambda sentence: len(sentence.words)):
            yield from self.chunk_sentences(some, None, scorer)

    def chunk_sentences(
        self,
        sentences: Sequence[Any],
        pos: Sequence[Sequence[str]] | None = None,
        scorer: Scorer | None = None,
    ) -> Iterator[ChunkedSentence]:
        """The same of sentences that are split already, tagged together.

        Args:
            sentences: `dilatednets.data.plain_text.SplitSentence`s.
            pos: Parts of speech of each, for a model with `pos="input"`.
            scorer: That of the sentences before these in a stream.
        """
        found = self._annotated([sentence.words for sentence in sentences], pos, scorer)
        for sentence, one in zip(sentences, found, strict=True):
            yield _chunked(sentence, one.tags, one.pos)


def _check_pos(words: Sequence[str], tags: Sequence[str]) -> None:
    if len(words) != len(tags):
        raise InputError(f"pos: {len(tags)} for a sentence of {len(words)} words; give one a word")


def _paired(sentences: Iterable[Any], pos: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for words, tags in zip_longest(sentences, pos):
        if words is None or tags is None:
            raise InputError("pos: not as many sentences as there are of words; give one for each")
        yield words, tags


def _read_ahead(source: Iterable[Any], count: int, words_of: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Lists of `count` items, or of WORDS_READ_AHEAD words. What was read before an error comes first, the error then."""
    source, failed = iter(source), None
    while failed is None:
        some: list[Any] = []
        words = 0
        try:
            for item in islice(source, count):
                some.append(item)
                words += words_of(item)
                if words >= WORDS_READ_AHEAD:
                    break
        except Exception as error:
            failed = error
        if some:
            yield some
        elif failed is None:
            return
    raise failed


def _chunked(sentence: Any, tags: Sequence[str], pos: Sequence[str]) -> ChunkedSentence:
    """The chunks of a `dilatednets.data.plain_text.SplitSentence`."""
    from dilatednets.data.tag_schemes import spans

    chunks = []
    for label, first, last in spans(tags):
        start, end = sentence.tokens[first].start, sentence.tokens[last - 1].end
        chunks.append(Chunk(label, start, end, sentence.text[start - sentence.start : end - sentence.start]))
    return ChunkedSentence(sentence.text, sentence.start, sentence.tokens, list(tags), list(pos), chunks)


def _batches(order: list[int], lengths: list[int], most: int) -> Iterator[list[int]]:
    """At most `most` sentences of similar length, and WORDS_AT_ONCE words."""
    some: list[int] = []
    for i in order:  # lengths rise, so that the newest sentence is the longest
        if some and (len(some) == most or (len(some) + 1) * lengths[i] > WORDS_AT_ONCE):
            yield some
            some = []
        some.append(i)
    if some:
        yield some
