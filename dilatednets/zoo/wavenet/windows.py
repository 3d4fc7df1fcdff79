"""From recordings to training windows: streams of audio, cropped to a receptive field and a target."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from dilatednets.arrays import as_audio
from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError
from dilatednets.rules import Names, keep_arguments, not_negative, positive
from dilatednets.training.batches import Batches
from dilatednets.zoo.wavenet.word_front_end import Segment, WordFrontEnd

MAX_WORDS = 5  # of an utterance in training
Batch = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]  # inputs, the audio to predict, its weights


class Stretch(NamedTuple):
    """A stretch of a speaker's timeline, all float32 but the speaker's number.

    `audio` (samples,); `condition` (frames, features); `weight` (samples,), 1 where the likelihood counts, which in a window
    is where the whole receptive field lies in it.
    """

    audio: np.ndarray
    condition: np.ndarray
    weight: np.ndarray
    speaker: int = 0


class Windows(Batches):
    """Windows of streams of audio, one stream a speaker, made anew for each epoch; a subclass says what is in a stream.

    Order and cuts follow from `seed` and the epoch's number alone: a resumed training sees what an uninterrupted one sees.
    An evaluation counts every sample of every recording exactly once, in each epoch the same.
    """

    recordings: Sequence[Recording]
    front_end: Any
    speakers: Sequence[str]
    receptive_field: int
    target: int
    batch_size: int
    seed: int
    lookahead: int
    evaluation: bool
    hop: int

    def stretches(self, own: list[Recording], rng: np.random.Generator) -> Iterator[Stretch]:
        """A speaker's recordings in order, each in whole frames, with what is heard around them."""
        raise NotImplementedError

    def silence(self, frames: int) -> Stretch:
        """A stretch in which nothing is said, which does not count."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Checks that the data fit, and counts the batches of an epoch.

        Raises:
            InputError: if a recording is no audio or of a speaker that the model lacks, if `target` is no multiple of the
                hop, or if there is too little audio for one batch.
        """
        self.recordings = [replace(r, audio=as_audio(r.audio, r.path or "audio", ndim=1)) for r in self.recordings]
        if self.target % self.hop:
            raise InputError(
                f"target: {self.target} samples are no multiple of the condition's hop of {self.hop} samples"
            )
        if not self.speakers:  # then it does not matter whose voice it is
            self.recordings = [replace(r, speaker="") for r in self.recordings]
        self.voices = self.speakers or ("",)
        unknown = ", ".join(sorted({r.speaker for r in self.recordings} - set(self.voices)))
        if unknown:
            raise InputError(f"speakers: recordings of {unknown}, the model has {', '.join(self.speakers)}")
        # The upsampler looks back as far as ahead: the context's first frames are not what they are in the utterance.
        self.context = (-(-self.receptive_field // self.hop) + self.lookahead) * self.hop
        # Pauses only add to the recordings' own length, and each speaker's stream loses less than two windows at its ends.
        samples = [sum(len(r.audio) for r in self.recordings if r.speaker == voice) for voice in self.voices]
        self.steps_per_epoch = sum(max(n // self.target - 2, 0) for n in samples) // self.batch_size
        if self.evaluation:
            self.steps_per_epoch = -(-sum(1 for _ in self.windows(0)) // self.batch_size)
        if self.steps_per_epoch == 0:
            raise InputError(
                f"batch_size: {sum(samples)} samples of audio are too few for one batch of {self.batch_size} windows of "
                f"{self.target} samples; lower batch_size or target, or add recordings"
            )

    def stream(self, speaker: str, rng: np.random.Generator) -> Stretch:
        """All recordings of one speaker; before them a context of silence, behind them what fills a window."""
        own = [r for r in self.recordings if r.speaker == speaker]
        shuffled = [own[index] for index in rng.permutation(len(own))]
        stretches = [self.silence(self.context // self.hop), *self.stretches(shuffled, rng)]
        length = sum(len(stretch.audio) for stretch in stretches) - self.context
        missing = -length % self.target if self.evaluation else 0
        stretches.append(self.silence(missing // self.hop + self.lookahead))
        audio, frames, weight = (np.concatenate([one[part] for one in stretches]) for part in range(3))
        end = len(audio) - self.lookahead * self.hop
        return Stretch(audio[:end], frames, weight[:end])

    def windows(self, epoch: int) -> Iterator[Stretch]:
        """The windows of an epoch, shuffled (not so in evaluation)."""
        rng = np.random.default_rng([self.seed, 0 if self.evaluation else epoch])
        hop = self.hop
        streams, places = [], []
        for number, speaker in enumerate(self.voices):
            stream = self.stream(speaker, rng)
            first = 0 if self.evaluation else int(rng.integers(0, self.target // hop)) * hop
            last = len(stream.audio) - self.context - self.target
            streams.append(stream)
            places += [(number, start) for start in range(first, last + 1, self.target)]
        if not self.evaluation:
            rng.shuffle(places)
        for number, start in places:
            end = start + self.context + self.target
            audio, frames, weights, _ = streams[number]
            weight = weights[start:end].copy()
            weight[: self.context] = 0.0
            yield Stretch(audio[start:end], frames[start // hop : end // hop + self.lookahead], weight, number)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Exactly `steps_per_epoch` batches for Keras."""
        windows = self.windows(number)
        for _ in range(self.steps_per_epoch):
            batch = list(itertools.islice(windows, self.batch_size))
            while len(batch) < self.batch_size:  # an evaluation's last batch: fill up with what does not count
                batch.append(batch[-1]._replace(weight=np.zeros_like(batch[-1].weight)))
            audio, condition, weight, speaker = (np.stack(column) for column in zip(*batch, strict=True))
            inputs = {"audio": audio, "speaker": speaker.astype(np.int32), "condition": condition}
            yield {name: x for name, x in inputs.items() if name != "condition" or x.shape[-1]}, audio, weight


@dataclass(eq=False)
class SpeechWindows(Windows):
    """Windows of running speech, made anew for each epoch from recordings of single words.

    A model that only ever heard single words could not say two in a row. So the recordings of each speaker are put in
    random order into utterances of one to five words, with random pauses between words and between utterances, and the
    stream of utterances is cut into windows. As when the model speaks, an utterance knows nothing of its neighbours:
    before its first word and after its last there is silence. Order, pauses and cuts follow from `seed` and the epoch's
    number alone: a resumed training sees what an uninterrupted one sees.

    Args:
        recordings: Single words, all of one sample rate.
        front_end: Describes the timeline. Its hop must divide `target`.
        speakers: Names in the order of the model's speaker numbers; none if it does not matter who speaks.
        receptive_field: Samples of context before the first sample that counts.
        target: Samples of a window that count.
        batch_size: Windows of a batch.
        seed: Decides, with the epoch's number, on order, pauses and cuts.
        max_gap: Longest pause in seconds between two words of an utterance.
        lookahead: Frames by which the condition exceeds the audio, `ConditionUpsampler.lookahead`: the model is to see
            what comes next at a window's end, too, as it does when it speaks.
        evaluation: Whether to measure instead of train: every sample of every recording counts exactly once, in each epoch
            the same, and samples of pauses, which are easy and would flatter the figure, do not count.

    Raises:
        InputError: for an argument out of range; if a recording is no audio, or of a speaker or word that the model lacks;
            if `target` is no multiple of the hop; or if there is too little audio for one batch.

    Example:
    >>> front_end = WordFrontEnd(["one"], 80, 8000, {"": {"one": 0.4}})
    >>> recordings = [Recording("", "one", "ann", index, np.ones(3200, np.float32)) for index in range(8)]
    >>> windows = SpeechWindows(recordings, front_end, ["ann"], receptive_field=400, target=1600, batch_size=2)
    >>> [inputs["audio"].shape for inputs, audio, weight in windows.epochs(0, 1)]
    [(2, 2000), (2, 2000), (2, 2000), (2, 2000), (2, 2000), (2, 2000), (2, 2000)]
    """

    recordings: Sequence[Recording]
    front_end: WordFrontEnd
    speakers: Names
    receptive_field: Annotated[int, positive]
    target: Annotated[int, positive]
    batch_size: Annotated[int, positive]
    seed: Annotated[int, not_negative] = 0
    max_gap: Annotated[float, not_negative] = 0.15
    lookahead: Annotated[int, not_negative] = 0
    evaluation: bool = False

    def __post_init__(self) -> None:
        """Checks that the data fit."""
        keep_arguments(self, {**vars(self), "__class__": type(self)})
        self.hop, words = self.front_end.hop, self.front_end.vocabulary
        unknown = ", ".join(sorted({r.word for r in self.recordings} - set(words)))
        if unknown:
            raise InputError(f"recordings of {unknown}: the model's words are {', '.join(words)}")
        self.prepare()

    def stretches(self, own: list[Recording], rng: np.random.Generator) -> Iterator[Stretch]:
        """Utterances of one to five words."""
        said = 0
        while said < len(own):
            count = int(rng.integers(1, MAX_WORDS + 1))
            yield self.utterance(own[said : said + count], rng)
            said += count

    def utterance(self, words: Sequence[Recording], rng: np.random.Generator) -> Stretch:
        """The words one after the other, with pauses before, between and after them, in whole frames."""
        hop, rate = self.hop, self.front_end.sample_rate
        margin, longest = round(self.front_end.margin * rate), round(self.max_gap * rate)
        segments, end = [], 0
        for number, recording in enumerate(words):
            gap = int(rng.integers(0, longest + 1)) if number else margin + int(rng.integers(0, longest // 2 + 1))
            segments.append(Segment(recording.word, end + gap, end + gap + len(recording.audio)))
            end = segments[-1].end
        frames = -(-(end + margin + int(rng.integers(0, longest // 2 + 1))) // hop)
        audio = np.zeros(frames * hop, np.float32)
        weight = np.full(len(audio), not self.evaluation, np.float32)  # a model must learn to be silent, too
        for recording, segment in zip(words, segments, strict=True):
            audio[segment.start : segment.end] = recording.audio
            weight[segment.start : segment.end] = 1.0
        return Stretch(audio, self.front_end.features(segments, frames), weight)

    def silence(self, frames: int) -> Stretch:
        """A stretch without words, which does not count."""
        zeros = np.zeros(frames * self.hop, np.float32)
        return Stretch(zeros, self.front_end.features([], frames), zeros)
