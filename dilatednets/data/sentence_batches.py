"""Batches of tagged sentences as numbers, the same for the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dilatednets.data.columns import TaggedSentence
from dilatednets.data.tag_schemes import convert

POOL = 50
"""Batches among which sentences are sorted by length, so that those of a batch are of similar length."""
MULTIPLE = 8
"""Lengths are padded to multiples of it, so that compilers see few shapes."""
UNKNOWN_TAG = -1

Batch = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


class SentenceBatches:
    """All sentences in another order each epoch, those of similar length together.

    Epoch n is the same whether or not the epochs before it were drawn, so an interrupted run can go on exactly.

    Args:
        sentences: With tags in the model's scheme, parts of speech, or both.
        features: Makes numbers of words: `batch(sentences, time)` and `counts(sentences)`; unknown is 1. See
            `dilatednets.zoo.word_features.WordFeatures`.
        tags: All tags, in the order of their numbers.
        pos_tags: All parts of speech.
        batch_size: Sentences a batch; the last of an epoch may have fewer.
        seed: Of order and dropout.
        pos_input: Whether parts of speech are inputs, too.
        word_dropout: a; a word that comes n times becomes unknown with probability a / (a + n).
        character_dropout: Share of characters that become unknown.
        whole: Whether the last batch of an epoch is filled up to `batch_size` with empty sentences, which do not count.
    """

    def __init__(
        self,
        sentences: Sequence[TaggedSentence],
        features: Any,
        tags: Sequence[str],
        pos_tags: Sequence[str] = (),
        batch_size: int = 32,
        seed: int = 0,
        pos_input: bool = False,
        word_dropout: float = 0.0,
        character_dropout: float = 0.0,
        whole: bool = False,
    ) -> None:
        self.sentences, self.features = sentences, features
        self.batch_size, self.seed = batch_size, seed
        self.pos_input, self.character_dropout, self.whole = pos_input, character_dropout, whole
        self.steps_per_epoch = -(-len(sentences) // batch_size)
        self._tags = {tag: number for number, tag in enumerate(tags)}
        self._pos = {tag: number for number, tag in enumerate(pos_tags)}
        counts = features.counts(sentence.words for sentence in sentences)
        self._dropped = word_dropout / (word_dropout + np.maximum(counts, 1))  # of each word's number

    @classmethod
    def of(
        cls, model: Any, sentences: Sequence[TaggedSentence], batch_size: int = 32, **options: Any
    ) -> "SentenceBatches":
        """What a model learns from.

        Args:
            model: A `dilatednets.zoo.tcn_chunker.TCNChunker`.
            sentences: With tags in IOB2, parts of speech, or both.
            batch_size: See the class.
            **options: Others of its arguments.

        Raises:
            InputError: for tags that are not in IOB2.
        """
        ready = [replace(s, tags=tuple(convert(s.tags, "iob2", model.scheme))) if s.tags else s for s in sentences]
        pos_input = model.pos_embedding is not None
        return cls(ready, model.features, model.tags, model.pos_tags, batch_size, pos_input=pos_input, **options)

    def epoch(self, number: int) -> Iterator[Batch]:
        """(inputs, targets) of one epoch: see the model's input shape; targets "tags" and "pos", -1 where unknown."""
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

    def epochs(self, first: int = 0, count: int | None = None) -> Iterator[Batch]:
        """Batches of `count` epochs from `first` on; for ever with None."""
        number = first
        while count is None or number < first + count:
            yield from self.epoch(number)
            number += 1

    def dataset(self, first: int = 0, count: int | None = None) -> Any:
        """The same as a tf.data.Dataset, prepared while the step before is computed."""
        import tensorflow as tf

        def signature(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
            return {name: tf.TensorSpec([None] * array.ndim, array.dtype) for name, array in arrays.items()}

        inputs, targets = next(self.epoch(first))
        shapes = signature(inputs), signature(targets)
        data = tf.data.Dataset.from_generator(lambda: self.epochs(first, count), output_signature=shapes)
        return data.prefetch(4)

    def _batch(self, sentences: list[TaggedSentence], rng: np.random.Generator) -> Batch:
        time = -(-max(len(sentence.words) for sentence in sentences) // MULTIPLE) * MULTIPLE
        inputs = self.features.batch([sentence.words for sentence in sentences], time)
        letters = inputs["characters"]
        letters = np.pad(letters, ((0, 0), (0, 0), (0, -letters.shape[2] % MULTIPLE)))
        dropped = rng.random(inputs["words"].shape) < self._dropped[inputs["words"]]
        inputs["words"] = np.where(dropped & (inputs["words"] > 0), 1, inputs["words"]).astype(np.int32)
        lost = (rng.random(letters.shape) < self.character_dropout) & (letters > 0)
        inputs["characters"] = np.where(lost, 1, letters).astype(np.int32)
        targets = {
            name: np.full(inputs["words"].shape, UNKNOWN_TAG, np.int32)
            for name, numbers in (("tags", self._tags), ("pos", self._pos))
            if numbers
        }
        for row, sentence in enumerate(sentences):
            if sentence.tags:
                targets["tags"][row, : len(sentence.tags)] = [self._tags[tag] for tag in sentence.tags]
            if sentence.pos and self._pos:
                numbers = [self._pos.get(tag, UNKNOWN_TAG) for tag in sentence.pos]
                targets["pos"][row, : len(numbers)] = numbers
        if self.pos_input:  # 0 is padding, 1 unknown
            inputs["pos"] = np.where(inputs["words"] > 0, targets["pos"] + 2, 0).astype(np.int32)
        missing = self.batch_size - len(sentences) if self.whole else 0
        return _filled(inputs, missing, 0), _filled(targets, missing, UNKNOWN_TAG)


def _filled(arrays: dict[str, np.ndarray], rows: int, value: int) -> dict[str, np.ndarray]:
    """With `rows` more of a value."""
    return {
        name: np.pad(array, ((0, rows), *[(0, 0)] * (array.ndim - 1)), constant_values=value)
        for name, array in arrays.items()
    }
