"""Batches of tagged sentences as numbers, the same for the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from dilatednets.data.columns import TaggedSentence
from dilatednets.errors import InputError
from dilatednets.rules import checked, not_negative, positive, share
from dilatednets.training.batches import Batches
from dilatednets.zoo.tcn_chunker.checked_sentences import UNKNOWN_TAG
from dilatednets.zoo.tcn_chunker.tag_schemes import convert
from dilatednets.zoo.tcn_chunker.word_features import PADDING, UNKNOWN

POOL = 50
"""Batches among which sentences are sorted by length, so that those of a batch are of similar length."""
MULTIPLE = 8
"""Lengths are padded to multiples of it, so that compilers see few shapes."""

Batch = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


class SentenceBatches(Batches):
    """All sentences in another order each epoch, those of similar length together.

    Epoch n is the same whether or not the epochs before it were drawn, so an interrupted run can go on exactly.

    Args:
        model: The `dilatednets.zoo.tcn_chunker.TCNChunker` that is to learn from them; its words, tags and parts of speech
            have the numbers.
        sentences: Sentences with tags in IOB2, parts of speech, or both.
        batch_size: Sentences a batch; the last of an epoch may have fewer.
        seed: Seed of order and dropout.
        word_dropout: a; a word that comes n times becomes unknown with probability a / (a + n).
        character_dropout: Share of characters that become unknown.
        whole: Whether the last batch of an epoch is filled up to `batch_size` with empty sentences, which do not count.

    Raises:
        InputError: for no sentences, and for tags that are not in IOB2 or that the model does not have.

    Example:
    >>> from dilatednets.zoo.tcn_chunker.model import TCNChunker
    >>> model = TCNChunker(labels=["NP"], words=["it", "works"], pos="none", scheme="iob2")
    >>> batches = SentenceBatches(model, [TaggedSentence(("It", "works"), ("B-NP", "O"))])
    >>> inputs, targets = next(batches.epoch(0))
    >>> inputs["words"].tolist(), targets["tags"].tolist()
    ([[2, 3, 0, 0, 0, 0, 0, 0]], [[1, 0, -1, -1, -1, -1, -1, -1]])
    """

    sizes_vary = True

    def __init__(
        self,
        model: Any,
        sentences: Sequence[TaggedSentence],
        batch_size: int = 32,
        seed: int = 0,
        word_dropout: float = 0.0,
        character_dropout: float = 0.0,
        whole: bool = False,
    ) -> None:
        if not sentences or not all(isinstance(sentence, TaggedSentence) for sentence in sentences):
            raise InputError("sentences: must be a list of TaggedSentence, at least one")
        self.batch_size = checked(batch_size, Annotated[int, positive], "batch_size")
        self.seed = checked(seed, Annotated[int, not_negative], "seed")
        word_dropout = checked(word_dropout, Annotated[float, not_negative], "word_dropout")
        self.character_dropout = checked(character_dropout, Annotated[float, share], "character_dropout")
        self.whole = whole
        self.features, self.pos_input = model.features, model.pos_embedding is not None
        self.sentences = [
            replace(s, tags=tuple(convert(s.tags, "iob2", model.scheme))) if s.tags else s for s in sentences
        ]
        self.steps_per_epoch = -(-len(sentences) // self.batch_size)
        self._tags = {tag: number for number, tag in enumerate(model.tags)}
        self._pos = {tag: number for number, tag in enumerate(model.pos_tags)}
        for tag in (tag for sentence in self.sentences for tag in sentence.tags):
            if tag not in self._tags:
                labels = ", ".join(dict.fromkeys(name[2:] for name in self._tags if name != "O"))
                raise InputError(
                    f"sentences: label {tag[2:]} is unknown to the model, which has {labels}; make one with it"
                )
        counts = self.features.counts(sentence.words for sentence in sentences)
        self._dropped = word_dropout / (word_dropout + np.maximum(counts, 1))  # of each word's number

    def epoch(self, number: int) -> Iterator[Batch]:
        """(inputs, targets) of one epoch: inputs as the model takes them; targets "tags" and "pos", -1 where unknown."""
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.sentences))
        lengths = np.array([len(sentence.words) for sentence in self.sentences])
        picks = []
        for start in range(0, len(order), POOL * self.batch_size):
            pool = order[start : start + POOL * self.batch_size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            picks += [pool[i : i + self.batch_size] for i in range(0, len(pool), self.batch_size)]
        for index in rng.permutation(len(picks)):
            yield self._batch([self.sentences[i] for i in picks[index]], rng)

    def _batch(self, sentences: list[TaggedSentence], rng: np.random.Generator) -> Batch:
        time = -(-max(1, *(len(sentence.words) for sentence in sentences)) // MULTIPLE) * MULTIPLE
        inputs = self.features.batch([sentence.words for sentence in sentences], time)
        words, letters = inputs["words"], inputs["characters"]
        is_word = words != PADDING
        letters = np.pad(letters, ((0, 0), (0, 0), (0, -letters.shape[2] % MULTIPLE)))
        words[(rng.random(words.shape) < self._dropped[words]) & is_word] = UNKNOWN
        letters[(rng.random(letters.shape) < self.character_dropout) & (letters != PADDING)] = UNKNOWN
        inputs["characters"] = letters
        names = ("tags", "pos") if self._pos else ("tags",)
        targets = {name: np.full(words.shape, UNKNOWN_TAG, np.int32) for name in names}
        for row, sentence in enumerate(sentences):
            targets["tags"][row, : len(sentence.tags)] = [self._tags[tag] for tag in sentence.tags]
            if self._pos:
                targets["pos"][row, : len(sentence.pos)] = [self._pos.get(tag, UNKNOWN_TAG) for tag in sentence.pos]
        if self.pos_input:  # an unknown part of speech has the number before that of the first
            inputs["pos"] = np.where(is_word, targets["pos"] - UNKNOWN_TAG + UNKNOWN, PADDING).astype(np.int32)
        missing = self.batch_size - len(sentences) if self.whole else 0
        return _filled(inputs, missing, PADDING), _filled(targets, missing, UNKNOWN_TAG)


def _filled(arrays: dict[str, np.ndarray], rows: int, value: int) -> dict[str, np.ndarray]:
    """With `rows` more of a value."""
    return {
        name: np.pad(array, ((0, rows), *[(0, 0)] * (array.ndim - 1)), constant_values=value)
        for name, array in arrays.items()
    }
