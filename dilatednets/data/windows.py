"""From recordings of single words to training windows: running speech, cropped to a receptive field and a target."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dilatednets.data.spoken_digits import Recording
from dilatednets.data.text import Segment, WordFrontEnd
from dilatednets.errors import InputError

MAX_WORDS = 5  # of an utterance in training


class Stretch(NamedTuple):
    """A stretch of the timeline: `audio` (samples,), `condition` (frames, features), `weight` (samples,), all float32."""

    audio: np.ndarray
    condition: np.ndarray
    weight: np.ndarray


class Window(NamedTuple):
    """One training example.

    `audio` float32 (context + target,); `speaker` its number; `condition` float32 (frames, features); `weight` float32
    (context + target,), 1 where the likelihood counts: where the whole receptive field lies in the window.
    """

    audio: np.ndarray
    speaker: int
    condition: np.ndarray
    weight: np.ndarray


class SpeechWindows:
    """Windows of running speech, made anew for each epoch from recordings of single words.

    A model that only ever heard single words could not say two in a row. So the recordings of each speaker are put in
    random order into utterances of one to five words, with random pauses between words and between utterances, and the
    stream of utterances is cut into windows. As when the model speaks, an utterance knows nothing of its neighbours:
    before its first word and after its last there is silence. Order, pauses and cuts follow from `seed` and the epoch's
    number alone: a resumed training sees what an uninterrupted one sees.

    Args:
        recordings: Of one sample rate.
        front_end: Describes the timeline. Its hop must divide `target`.
        speakers: Names, in the order of the model's speaker numbers.
        receptive_field: Samples of context before the first sample that counts.
        target: Samples that count, a window.
        batch_size: Windows a batch.
        seed: Of order, pauses and cuts.
        max_gap: Longest pause in seconds between two words of an utterance.
        lookahead: Frames by which the condition exceeds the audio, `ConditionUpsampler.lookahead`: the model is to see
            what comes next at a window's end, too, as it does when it speaks.
        evaluation: For measuring instead of training: every sample of every recording counts exactly once, in each epoch
            the same, and samples of pauses, which are easy and would flatter the figure, do not count.

    Raises:
        InputError: if a recording's speaker or word is not one of the model's, `target` is no multiple of the hop, or
            there is too little audio for one batch.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        front_end: WordFrontEnd,
        speakers: Sequence[str],
        receptive_field: int,
        target: int,
        batch_size: int,
        seed: int = 0,
        max_gap: float = 0.15,
        lookahead: int = 0,
        evaluation: bool = False,
    ) -> None:
        hop = front_end.hop
        if target % hop:
            raise InputError(f"target: {target} samples are no multiple of the condition's hop of {hop} samples")
        unknown = {r.speaker for r in recordings} - set(speakers)
        if unknown:
            raise InputError(
                f"speakers: recordings of {', '.join(sorted(unknown))}, the model has {', '.join(speakers)}"
            )
        unknown = {r.word for r in recordings} - set(front_end.vocabulary)
        if unknown:
            raise InputError(
                f"recordings of {', '.join(sorted(unknown))}: the model's words are {', '.join(front_end.vocabulary)}"
            )
        self.recordings = list(recordings)
        self.front_end = front_end
        self.speakers = tuple(speakers)
        # The upsampler looks back as far as ahead: the context's first frames are not what they are in the utterance.
        self.context = (-(-receptive_field // hop) + lookahead) * hop
        self.target = target
        self.batch_size = batch_size
        self.seed = seed
        self.max_gap = max_gap
        self.lookahead = lookahead
        self.evaluation = evaluation
        # Pauses only add to the recordings' own length, and each speaker's stream loses less than two windows at its ends.
        samples = [sum(len(r.audio) for r in self.recordings if r.speaker == s) for s in self.speakers]
        self.steps_per_epoch = sum(max(n // target - 2, 0) for n in samples) // batch_size
        if evaluation:
            self.steps_per_epoch = -(-sum(1 for _ in self.windows(0)) // batch_size)
        if self.steps_per_epoch == 0:
            raise InputError(
                f"batch_size: {sum(samples)} samples of audio are too few for one batch of {batch_size} windows of "
                f"{target} samples; lower batch_size or target, or add recordings"
            )

    def utterance(self, words: Sequence[Recording], rng: np.random.Generator) -> Stretch:
        """The words one after the other, with pauses before, between and after them, in whole frames."""
        hop, rate = self.front_end.hop, self.front_end.sample_rate
        margin, longest = round(self.front_end.margin * rate), round(self.max_gap * rate)
        pieces, segments, position = [], [], 0
        for number, recording in enumerate(words):
            gap = int(rng.integers(0, longest + 1)) if number else margin + int(rng.integers(0, longest // 2 + 1))
            pieces += [np.zeros(gap, np.float32), recording.audio]
            start = position + gap
            position = start + len(recording.audio)
            segments.append(Segment(recording.word, start, position))
        tail = margin + int(rng.integers(0, longest // 2 + 1))
        tail += -(position + tail) % hop
        audio = np.concatenate([*pieces, np.zeros(tail, np.float32)])
        weight = np.zeros(len(audio), np.float32)
        for segment in segments:
            weight[segment.start : segment.end] = 1.0
        if not self.evaluation:
            weight[:] = 1.0  # a model must learn to be silent, too
        return Stretch(audio, self.front_end.features(segments, len(audio) // hop), weight)

    def silence(self, frames: int) -> Stretch:
        """A stretch without words, which does not count."""
        nothing = np.zeros(frames * self.front_end.hop, np.float32)
        return Stretch(nothing, self.front_end.features([], frames), nothing)

    def stream(self, speaker: str, rng: np.random.Generator) -> Stretch:
        """All recordings of one speaker in utterances; before them a context of silence, behind them what fills a window."""
        own = [r for r in self.recordings if r.speaker == speaker]
        order = rng.permutation(len(own))
        hop = self.front_end.hop
        stretches, said = [self.silence(self.context // hop)], 0
        while said < len(own):
            count = int(rng.integers(1, MAX_WORDS + 1))
            stretches.append(self.utterance([own[index] for index in order[said : said + count]], rng))
            said += count
        length = sum(len(one.audio) for one in stretches) - self.context
        missing = -length % self.target if self.evaluation else 0
        stretches.append(self.silence(missing // hop + self.lookahead))
        audio, frames, weight = (np.concatenate(column) for column in zip(*stretches, strict=True))
        end = len(audio) - self.lookahead * hop
        return Stretch(audio[:end], frames, weight[:end])

    def windows(self, epoch: int) -> Iterator[Window]:
        """The windows of an epoch, shuffled (not so in evaluation)."""
        rng = np.random.default_rng([self.seed, 0 if self.evaluation else epoch])
        hop = self.front_end.hop
        streams, places = [], []
        for number, speaker in enumerate(self.speakers):
            stream = self.stream(speaker, rng)
            first = 0 if self.evaluation else int(rng.integers(0, self.target // hop)) * hop
            last = len(stream.audio) - self.context - self.target
            streams.append(stream)
            places += [(number, start) for start in range(first, last + 1, self.target)]
        if not self.evaluation:
            rng.shuffle(places)
        for number, start in places:
            end = start + self.context + self.target
            audio, frames, weights = streams[number]
            weight = weights[start:end].copy()
            weight[: self.context] = 0.0
            yield Window(audio[start:end], number, frames[start // hop : end // hop + self.lookahead], weight)

    def batches(self, epoch: int) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        """Exactly `steps_per_epoch` batches for Keras: (inputs, audio to predict, weights)."""
        windows = self.windows(epoch)
        for _ in range(self.steps_per_epoch):
            chosen = list(itertools.islice(windows, self.batch_size))
            while len(chosen) < self.batch_size:  # an evaluation's last batch: fill up with what does not count
                chosen.append(chosen[-1]._replace(weight=np.zeros_like(chosen[-1].weight)))
            audio, speaker, condition, weight = (np.stack(column) for column in zip(*chosen, strict=True))
            yield {"audio": audio, "speaker": speaker.astype(np.int32), "condition": condition}, audio, weight

    def epochs(
        self, first_epoch: int = 0, count: int | None = None
    ) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
        """The batches of `count` epochs (None: without end), from `first_epoch` on."""
        for epoch in itertools.count(first_epoch) if count is None else range(first_epoch, first_epoch + count):
            yield from self.batches(epoch)

    def dataset(self, first_epoch: int = 0, count: int | None = None) -> Any:
        """`epochs` as a tf.data pipeline that prepares batches while the model trains. Needs TensorFlow."""
        import tensorflow as tf

        length = self.context + self.target
        audio = tf.TensorSpec((self.batch_size, length), tf.float32)
        frames = (self.batch_size, length // self.front_end.hop + self.lookahead, self.front_end.num_features)
        inputs = {
            "audio": audio,
            "speaker": tf.TensorSpec((self.batch_size,), tf.int32),
            "condition": tf.TensorSpec(frames, tf.float32),
        }
        dataset = tf.data.Dataset.from_generator(
            lambda: self.epochs(first_epoch, count), output_signature=(inputs, audio, audio)
        )
        return dataset.prefetch(4)
