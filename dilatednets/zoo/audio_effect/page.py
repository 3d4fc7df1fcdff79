"""What `dilatednets play` shows of an audio effect: a dry recording beside the wet one."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from dilatednets.data.audio import read_audio
from dilatednets.data.audio_stream import check_length, sound_reader
from dilatednets.data.samples import sample
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.errors import InputError
from dilatednets.pages import File, Number, Page, Picture, Shown, Sound, Words
from dilatednets.plots.audio import waveform_and_spectrogram

MOST_SECONDS = 60
SHOWN = 20
"""Seconds from the start that are drawn."""
KNOB = "knob."


def page(model: Any, handle: str) -> Page:
    """A recording, and a number for each knob."""
    knobs = [Number(KNOB + name, name, 0.5) for name in model.knobs]
    dry = File("dry", "Dry recording", sorted(SUFFIXES), sample("guitar") / "dry.wav")
    words = f"Drop a guitar as it comes from the pickups, at most {MOST_SECONDS} s of it."
    return Page(words, [dry, *knobs], partial(answer, model))


def answer(model: Any, dry: Any, **knobs: float) -> Iterator[Shown]:
    """Dry against wet, to hear and to see."""
    rate = model.sample_rate
    check_length(dry, MOST_SECONDS)
    audio = read_audio(dry, rate)
    with sound_reader(str(dry), rate) as file:
        if file.channels > 1:
            words = f"This is the mean of {file.channels} channels; dilatednets process plays each by itself."
            yield Words("Note", words)
    wet = model.process(audio, knobs={name.removeprefix(KNOB): value for name, value in knobs.items()})
    peak = float(np.abs(wet).max())
    if not np.isfinite(peak):
        raise InputError("model: gives NaN or infinity; its weights are damaged, fetch or train it again")
    if peak > 1:
        yield Words("Note", f"The output reaches {peak:.2f} and is cut at 1; play the recording softer.")
    both = (("Dry", audio), ("Wet", wet.clip(-1, 1)))
    for name, signal in both:
        yield Sound(name, signal, rate)
    for name, signal in both:
        yield Picture(f"{name}, waveform and spectrogram", waveform_and_spectrogram(signal[: SHOWN * rate], rate))
