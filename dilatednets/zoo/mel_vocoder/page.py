"""What `dilatednets play` shows of a mel vocoder: a recording, and what it makes of its mels."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from dilatednets.data.audio import read_audio
from dilatednets.data.audio_folder import note_if_silent
from dilatednets.data.audio_stream import check_length
from dilatednets.data.samples import sample
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.pages import File, Page, Picture, Shown, Sound
from dilatednets.plots.audio import waveform_and_spectrogram

MOST_SECONDS = 60


def page(model: Any, handle: str) -> Page:
    """A recording, of which the model hears the mels alone."""
    example = sample("ljspeech") / "validation" / "LJ001-0090.flac"
    words = f"Drop somebody's speech, at most {MOST_SECONDS} s of it: the model says it anew, of its mels alone."
    return Page(words, [File("recording", "Recording", sorted(SUFFIXES), example)], partial(answer, model))


def answer(model: Any, recording: Any) -> Iterator[Shown]:
    """The recording against what was made of its mels, to hear and to see."""
    check_length(recording, MOST_SECONDS)
    heard = read_audio(recording, model.sample_rate)
    note_if_silent(recording, heard)
    made = model.generate(model.checked_mels(model.mel_front_end.frames(heard), "recording"))[0]
    both = (("Recording", heard), ("Made of its mels", made))
    for name, sound in both:
        yield Sound(name, sound, model.sample_rate)
    for name, sound in both:
        yield Picture(f"{name}, waveform and spectrogram", waveform_and_spectrogram(sound, model.sample_rate))
