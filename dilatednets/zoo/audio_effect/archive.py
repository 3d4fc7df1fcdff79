"""An archive of dry recordings through an audio effect: the wet recording of each."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets import registry
from dilatednets.arrays import as_audio
from dilatednets.data import sound_formats
from dilatednets.data.audio_stream import Sound, sound_reader, sound_writer
from dilatednets.errors import InputError
from dilatednets.zoo.audio_effect import inputs
from dilatednets.zoo.audio_effect.verb import Beginnings, play


class Mapper:
    """Plays recordings as the command `process` does. A record's own "knobs", where it has them, come before these.

    Args:
        handle: The preset, or a .nam file.
        knobs: Settings by name.
    """

    FIELD, ALSO = "audio", ("knobs",)
    SUFFIXES = tuple(sorted(sound_formats.SUFFIXES))
    FILE = ("wet", ".wav")
    AT_ONCE = 1

    def __init__(self, handle: str, knobs: dict[str, Any] | None = None) -> None:
        self.model, self.knobs = registry.from_preset(handle, "AudioEffect"), knobs or {}
        if self.knobs:
            inputs.settings(self.model, self.knobs)

    def read(self, record: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """A path, the bytes of a file, or samples (samples,) at the model's rate; and where the knobs are."""
        knobs = record.get("knobs") or {}
        knobs = {**self.knobs, **knobs} if isinstance(knobs, dict) else knobs
        inputs.settings(self.model, knobs)
        audio = record["audio"]
        if not isinstance(audio, str | bytes):
            return as_audio(audio, "audio", ndim=1), knobs
        if isinstance(audio, str) and not os.path.isfile(audio):
            raise InputError(f"{audio}: no such file")
        return audio, knobs

    def size(self, item: tuple[Any, Any]) -> int:
        """Bytes."""
        audio = item[0]
        return os.path.getsize(audio) if isinstance(audio, str) else memoryview(audio).nbytes

    def answer(self, items: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
        """The wet recordings as WAV, each with the sample rate and the channels of the dry one."""
        return [self._answer(*item) for item in items]

    def _answer(self, audio: Any, knobs: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            wet = Path(folder) / "wet.wav"
            if isinstance(audio, str):
                with sound_reader(audio, self.model.sample_rate) as dry:
                    facts = self._play(dry, knobs, wet)
            elif isinstance(audio, bytes):
                rate, samples = sound_formats.decode(audio, "audio")
                dry = Sound("audio", rate, samples.shape[1], iter([np.ascontiguousarray(samples.T)]))
                facts = self._play(dry, knobs, wet)
            else:
                facts = self._play(Sound("audio", self.model.sample_rate, 1, iter([audio[None]])), knobs, wet)
            return {**facts, "wet": wet.read_bytes()}

    def _play(self, dry: Sound, knobs: dict[str, Any], wet: Path) -> dict[str, Any]:
        heard = Beginnings(0)
        with sound_writer(str(wet), dry.sample_rate, dry.channels, dry.frames) as write:
            play(self.model, dry, self.model.initial_state(dry.channels, knobs=knobs), write, heard)
        return {"sample_rate": dry.sample_rate, "channels": dry.channels, "samples": heard.frames, "peak": heard.peak}

    def example(self) -> dict[str, Any]:
        """An answer, for the types of its columns; a file is cut at 1 where `peak` is above it."""
        return {"sample_rate": 1, "channels": 1, "samples": 1, "peak": 0.0, "wet": b""}

    def as_file(self, wet: bytes) -> bytes:
        """The WAV file."""
        return wet
