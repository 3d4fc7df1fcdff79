"""What taggers do with text: from words or plain text to tags, parts of speech and chunks."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.generation.compiled import compiled
from dilatednets.zoo.packed_sentences import KnownWords, PackedSentences
from dilatednets.zoo.word_features import UNKNOWN, WordFeatures

SENTENCES_AT_ONCE = 1024
"""Sentences read ahead, to be tagged together."""
WORDS_AT_ONCE = 16384
"""Words, padding included, that are decoded together."""


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
    `pos_embedding` (None unless parts of speech are given) and `crf` (a LinearChainCRF, or None), and computes in two
    steps: `embed` what is known of each word by itself, and `body` what follows from it.
    """

    features: WordFeatures
    tags: tuple[str, ...]
    pos_tags: tuple[str, ...]
    scheme: str
    tokenizer: str
    pos_embedding: Any
    crf: Any
    _pos_numbers: dict[str, int]
    _compiled: Any = None

    @property
    def receptive_field(self) -> int:
        """Words of which the scores of one tag depend on."""
        raise NotImplementedError

    @property
    def gap(self) -> int:
        """Words on one side that a single convolution reaches."""
        raise NotImplementedError

    def embed(self, inputs: Any, training: Any = None) -> Any:
        """What is known of each word by itself, (batch, time, channels)."""
        raise NotImplementedError

    def body(self, x: Any, mask: Any, training: Any = None) -> dict[str, Any]:
        """{"tags": scores, and with parts of speech "pos": scores} of embedded words (batch, time, channels)."""
        raise NotImplementedError

    def encode(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays that the model takes, of sentences given as words; see the class.

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
                inputs["pos"][row, : len(tags)] = [self._pos_numbers.get(tag, -1) + UNKNOWN + 1 for tag in tags]
        return inputs

    def tag(self, sentences: Iterable[Sequence[str]], pos: Iterable[Sequence[str]] | None = None) -> list[list[str]]:
        """The tags of each sentence, in IOB2.

        Args:
            sentences: The words of each; of any number and length, none included.
            pos: Their parts of speech, for a model with `pos="input"`.

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
            at_once: Sentences read ahead. More are faster, those of a live stream come later.

        Yields:
            `dilatednets.data.columns.TaggedSentence` (words, tags, pos).
        """
        pairs = ((words, None) for words in sentences) if pos is None else _paired(sentences, pos)
        known = self.known_words()
        for some in _read_ahead(pairs, at_once):
            yield from self._annotated(
                [words for words, _ in some], None if pos is None else [tags for _, tags in some], known
            )

    def _annotated(
        self, sentences: Sequence[Sequence[str]], pos: Sequence[Sequence[str]] | None, known: KnownWords | None
    ) -> list[Any]:
        from dilatednets.data.columns import TaggedSentence
        from dilatednets.data.tag_schemes import convert

        for sentence in sentences:
            if isinstance(sentence, str):
                raise InputError(f"sentences: {sentence[:40]!r} is a string; give a list of words, or call chunk")
        done: list[Any] = [TaggedSentence(())] * len(sentences)
        order = sorted((i for i, sentence in enumerate(sentences) if sentence), key=lambda i: len(sentences[i]))
        names = self.tags
        if self.crf is not None:  # which keeps to the scheme, so that each tag has its own in IOB2
            names = tuple({"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in self.tags)
        scores, parts = self.score_words(sentences, pos, known)
        for picks in _batches(order, [len(sentence) for sentence in sentences]):
            for i, path in zip(picks, self._decoded([scores[i] for i in picks]), strict=True):
                tags = [names[number] for number in path]
                if self.crf is None:
                    tags = convert(tags, self.scheme, "iob2")
                given = pos[i] if pos is not None else [self.pos_tags[number] for number in parts[i]]
                done[i] = TaggedSentence(tuple(sentences[i]), tuple(tags), tuple(given))
        return done

    def known_words(self) -> KnownWords:
        """What the words of a stream of sentences are remembered in, for `score_words` and `chunk_sentences`."""
        if self._compiled is None:
            example = self.encode([["a"]], None if self.pos_embedding is None else [["a"]])
            inputs = {name: keras.KerasTensor((1, *[None] * (a.ndim - 1)), str(a.dtype)) for name, a in example.items()}
            vectors = keras.KerasTensor((1, None, self.embed(example).shape[-1]), "float32")
            mask = keras.KerasTensor((1, None), "bool")
            self._compiled = (
                compiled(self._embedded, [*self.variables], xla=False, signature=[inputs]),
                compiled(self._scored, [*self.variables], xla=False, signature=[vectors, mask]),
            )
        embed = self._compiled[0]
        return KnownWords(self.encode, lambda table: ops.convert_to_numpy(embed(table)), _few_shapes())

    def score_words(
        self,
        sentences: Sequence[Sequence[str]],
        pos: Sequence[Sequence[str]] | None = None,
        known: KnownWords | None = None,
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Scores of the tags of each word, and numbers of their parts of speech.

        Args:
            sentences: Words of each.
            pos: As of `tag`.
            known: Of `known_words`, of the sentences before these in a stream.

        Returns:
            float32 (words, tags) and integers (words,), none without `pos="joint"`, of each sentence.
        """
        for words, tags in () if pos is None else _paired(sentences, pos):
            _check_pos(words, tags)
        known = known or self.known_words()
        packed = PackedSentences(known.rows(sentences, pos), self.gap)
        scores, parts = [np.zeros((0, len(self.tags)), np.float32)], [np.zeros(0, np.int64)]
        for places, kept in packed.windows(self.receptive_field - 1, _few_shapes()):
            outputs = self._compiled[1](known.vectors[places][None], (places > 0)[None])
            scores.append(ops.convert_to_numpy(outputs["tags"])[0, kept])
            if "pos" in outputs:
                parts.append(ops.convert_to_numpy(outputs["pos"])[0, kept])
        all_scores, all_parts = np.concatenate(scores), np.concatenate(parts)
        return [all_scores[where] for where in packed.slices], [all_parts[where] for where in packed.slices]

    def _embedded(self, inputs: dict[str, Any]) -> Any:
        return ops.cast(self.embed(inputs, False), "float32")

    def _scored(self, x: Any, mask: Any) -> dict[str, Any]:
        """Scores of embedded words, and numbers of parts of speech."""
        outputs = self.body(ops.cast(x, self.compute_dtype), mask, False)
        if "pos" in outputs:
            outputs["pos"] = ops.argmax(outputs["pos"], axis=-1)
        return outputs

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
        known = self.known_words()
        for some in _read_ahead(split(source, self.tokenizer), at_once):
            yield from self.chunk_sentences(some, None, known)

    def chunk_sentences(
        self,
        sentences: Sequence[Any],
        pos: Sequence[Sequence[str]] | None = None,
        known: KnownWords | None = None,
    ) -> Iterator[ChunkedSentence]:
        """The same of sentences that are split already, tagged together.

        Args:
            sentences: `dilatednets.data.plain_text.SplitSentence`s.
            pos: Parts of speech of each, for a model with `pos="input"`.
            known: Of `known_words`, of the sentences before these in a stream.
        """
        found = self._annotated([sentence.words for sentence in sentences], pos, known)
        for sentence, one in zip(sentences, found, strict=True):
            yield _chunked(sentence, one.tags, one.pos)


def _few_shapes() -> bool:
    """TensorFlow's own kernels take inputs of any size; other backends compile anew for each."""
    return keras.backend.backend() != "tensorflow"


def _check_pos(words: Sequence[str], tags: Sequence[str]) -> None:
    if len(words) != len(tags):
        raise InputError(f"pos: {len(tags)} for a sentence of {len(words)} words; give one a word")


def _paired(sentences: Iterable[Any], pos: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for words, tags in zip_longest(sentences, pos):
        if words is None or tags is None:
            raise InputError("pos: not as many sentences as there are of words; give one for each")
        yield words, tags


def _read_ahead(source: Iterable[Any], count: int) -> Iterator[list[Any]]:
    """Lists of `count` items. What was read before an error is not lost: it comes first, the error then."""
    source, failed = iter(source), None
    while failed is None:
        some: list[Any] = []
        try:
            for item in islice(source, count):
                some.append(item)
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


def _batches(order: list[int], lengths: list[int]) -> Iterator[list[int]]:
    """Sentences in batches of similar length, of WORDS_AT_ONCE words at most."""
    some: list[int] = []
    for i in order:  # lengths rise, so that the newest sentence is the longest
        if some and (len(some) + 1) * lengths[i] > WORDS_AT_ONCE:
            yield some
            some = []
        some.append(i)
    if some:
        yield some
