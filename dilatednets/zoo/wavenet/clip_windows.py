"""From recordings of any sound to training windows: each recording by itself, with its mels or without a condition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dilatednets.data.spoken_digits import Recording
from dilatednets.rules import Names, keep_arguments, not_negative, positive
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.linear_prediction import excitation, filters_of
from dilatednets.zoo.wavenet.windows import Stretch, Windows


@dataclass(eq=False)
class ClipWindows(Windows):
    """Windows of recordings that are heard one by one: before each there is silence, as there is when a model begins.

    That silence does not count, nor does what fills a recording's last frame.

    Args:
        recordings: Recordings of one sample rate.
        front_end: Makes the mels that are the condition, and its hop must divide `target`; None for a model without.
        speakers: Names in the order of the model's speaker numbers; none if it does not matter who speaks.
        receptive_field: Samples of context before the first sample that counts.
        target: Samples of a window that count.
        batch_size: Windows of a batch.
        seed: Decides, with the epoch's number, on order and cuts.
        lookahead: Frames by which the condition exceeds the audio, `ConditionUpsampler.lookahead`.
        evaluation: Whether every sample of every recording is to count exactly once, in each epoch the same.

    Raises:
        InputError: for an argument out of range; if a recording is no audio or of a speaker that the model lacks; if
            `target` is no multiple of the hop; or if there is too little audio for one batch.

    Example:
    >>> recordings = [Recording("", "", "", index, np.ones(3200, np.float32)) for index in range(8)]
    >>> windows = ClipWindows(recordings, None, [], receptive_field=400, target=1600, batch_size=2)
    >>> [inputs["audio"].shape for inputs, audio, weight in windows.epochs(0, 1)][:2]
    [(2, 2000), (2, 2000)]
    """

    recordings: Sequence[Recording]
    front_end: MelFrontEnd | None
    speakers: Names
    receptive_field: Annotated[int, positive]
    target: Annotated[int, positive]
    batch_size: Annotated[int, positive]
    seed: Annotated[int, not_negative] = 0
    lookahead: Annotated[int, not_negative] = 0
    evaluation: bool = False

    def __post_init__(self) -> None:
        """Checks that the data fit."""
        keep_arguments(self, {**vars(self), "__class__": type(self)})
        self.hop = 1 if self.front_end is None else self.front_end.hop
        self._clips: dict[int, Stretch] = {}
        self.prepare()

    def stretches(self, own: list[Recording], rng: np.random.Generator) -> Iterator[Stretch]:
        """The recordings, with a context of silence between them."""
        for number, recording in enumerate(own):
            if number:
                yield self.silence(self.context // self.hop)
            if id(recording) not in self._clips:  # mels are made once, and the recordings are kept as long as they are
                self._clips[id(recording)] = self.clip(recording)
            yield self._clips[id(recording)]

    def clip(self, recording: Recording) -> Stretch:
        """A recording with its condition, in whole frames."""
        audio = recording.audio
        frames = np.zeros((len(audio), 0), np.float32) if self.front_end is None else self.front_end.frames(audio)
        if self.front_end is not None and self.front_end.prediction:
            audio = excitation(audio[None], filters_of(self.front_end, frames)[None], self.hop)[0].astype(np.float32)
        filled = np.pad(audio, (0, len(frames) * self.hop - len(audio)))
        return Stretch(filled, frames, (np.arange(len(filled)) < len(audio)).astype(np.float32))

    def silence(self, frames: int) -> Stretch:
        """A stretch in which nothing is heard, which does not count."""
        zeros = np.zeros(frames * self.hop, np.float32)
        nothing = np.zeros((frames, 0), np.float32)
        return Stretch(zeros, nothing if self.front_end is None else self.front_end.silence(frames), zeros)
