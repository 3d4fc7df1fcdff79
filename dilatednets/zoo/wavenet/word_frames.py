"""`dilatednets.zoo.wavenet.word_front_end.WordFrontEnd` in a graph: from text to frames of linguistic features."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from dilatednets.serving.graphs import checked, table
from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd, plain_signs


class Timeline(NamedTuple):
    """What is said when, of a batch of texts.

    `units` (batch, longest) are numbers of the vocabulary, -1 at the end of shorter texts; `starts` and `ends` float64
    (batch, longest) and `length` (batch,) are in samples.
    """

    units: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    length: tf.Tensor

    def stretched(self, length: Any) -> "Timeline":
        """The same at another tempo, so that it lasts as long as asked."""
        length = tf.broadcast_to(tf.cast(length, tf.float64), tf.shape(self.length))
        tempo = (length / self.length)[:, None]
        return Timeline(self.units, self.starts * tempo, self.ends * tempo, length)


class WordFrames(tf.Module):
    """The front end of a WaveNet's text; the numbers are those of `WordFrontEnd`.

    Args:
        front_end: The front end in Python, which says what to do.
        speakers: Names of the speakers, by number.

    Example:
    >>> front_end = WordFrontEnd(["four", "two"], 80, 8000, {"": {"four": 0.4, "two": 0.3}}, {"4": "four", "2": "two"})
    >>> frames = WordFrames(front_end, ["ann"])
    >>> timeline = frames.timeline(["4 2"], [0])
    >>> timeline.starts.numpy().tolist()
    [[400.0, 4080.0]]
    >>> frames(timeline).shape
    TensorShape([1, 86, 18])
    """

    def __init__(self, front_end: WordFrontEnd, speakers: Sequence[str] = ()) -> None:
        super().__init__(name="word_frames")
        self.front_end, vocabulary, rate = front_end, front_end.vocabulary, front_end.sample_rate
        self.cure = f"this model's words are {', '.join(vocabulary)}"
        numbers = {word: vocabulary.index(unit) for word, unit in front_end.unit_of.items()}
        self.words = table(numbers)
        self.signs = table({sign: numbers[sign] for sign in front_end.spelt})
        codes, plain = zip(*plain_signs().items(), strict=True)
        pairs = tf.lookup.KeyValueTensorInitializer(list(map(chr, codes)), plain, tf.string, tf.string)
        self.plain = tf.lookup.StaticHashTable(pairs, "")
        self.gap, self.margin = (round(seconds * rate) for seconds in (front_end.gap, front_end.margin))
        average = front_end.durations[""]
        tempos = [front_end.durations.get(name, average) for name in speakers] or [average]
        self.durations = np.array([[round(tempo[unit] * rate) for unit in vocabulary] for tempo in tempos])

    def timeline(self, texts: Any, speakers: Any = None) -> Timeline:
        """Places the words of texts (batch,), as said by speakers (batch,), one after the other.

        An unknown word, or a text without any, is an error of the graph that names it.
        """
        units = self._units(tf.convert_to_tensor(texts))
        said = units >= 0
        rows = tf.zeros(tf.shape(units)[0], tf.int32) if speakers is None else speakers
        tempos = tf.gather(tf.constant(self.durations), rows)
        durations = tf.where(said, tf.gather(tempos, tf.maximum(units, 0), batch_dims=1), 0)
        number = tf.range(tf.shape(units)[1], dtype=tf.int64)
        ends = self.margin + tf.cumsum(durations, axis=1) + number * self.gap
        starts = ends - durations
        length = tf.reduce_max(tf.where(said, ends, 0), axis=1) + self.margin
        return Timeline(units, *(tf.cast(time, tf.float64) for time in (starts, ends, length)))

    def count(self, timeline: Timeline) -> tf.Tensor:
        """Frames that each text lasts, int32 (batch,)."""
        return tf.cast(tf.math.ceil(timeline.length / self.front_end.hop), tf.int32)

    def __call__(self, timeline: Timeline) -> tf.Tensor:
        """Features float32 (batch, frames, features), those of silence at the end of shorter texts."""
        units, starts, ends, _ = timeline
        return self.front_end.batch_features(units, starts, ends, self.count(timeline), ops)

    def _units(self, texts: tf.Tensor) -> tf.Tensor:
        """Numbers of the words, (batch, longest), -1 at the end of shorter texts."""
        written = tf.strings.unicode_split(texts, "UTF-8")
        plain = tf.ragged.map_flat_values(self.plain.lookup, written).flat_values
        plain = written.with_flat_values(tf.where(plain == "", written.flat_values, plain))
        tokens = tf.strings.split(tf.strings.reduce_join(plain, axis=1), " ")
        tokens = tokens.with_flat_values(tf.strings.regex_replace(tokens.flat_values, "^'+|'+$", ""))
        tokens = tf.ragged.boolean_mask(tokens, tokens != "")
        known = self.words.lookup(tokens.flat_values)
        # A token that is no word may be made of signs that stand for words, such as 427.
        signs = tf.ragged.map_flat_values(self.signs.lookup, tf.strings.unicode_split(tokens.flat_values, "UTF-8"))
        spelt = (known < 0) & (tf.reduce_min(signs, axis=1) >= 0)
        unknown = tf.concat([tf.boolean_mask(tokens.flat_values, (known < 0) & ~spelt), [""]], axis=0)
        refusal = tf.strings.join(["text: cannot say ", unknown[0], f"; {self.cure}"])
        nothing = tf.reduce_any(tokens.row_lengths() == 0)
        known = checked(known, tf.size(unknown) == 1, refusal)
        known = checked(known, ~nothing, f"text: nothing to say; {self.cure}")
        whole = tf.RaggedTensor.from_row_lengths(tf.boolean_mask(known, ~spelt), tf.cast(~spelt, tf.int64))
        parts = tf.RaggedTensor.from_row_lengths(
            tf.boolean_mask(signs.flat_values, tf.repeat(spelt, signs.row_lengths())),
            tf.where(spelt, signs.row_lengths(), 0),
        )
        units = tokens.with_flat_values(tf.concat([whole, parts], axis=1)).merge_dims(1, 2)
        return units.to_tensor(-1)
