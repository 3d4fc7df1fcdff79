"""What `dilatednets play` shows of a WaveNet: a text, or the mels of a recording, and the voice that says it."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import numpy as np

from dilatednets.data.audio import read_audio
from dilatednets.data.audio_folder import note_if_silent
from dilatednets.data.audio_stream import check_length
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.errors import InputError
from dilatednets.pages import Choice, Field, File, Number, Page, Picture, Shown, Sound, Text
from dilatednets.plots.audio import waveform_and_spectrogram
from dilatednets.rules import Rule, checked
from dilatednets.zoo.wavenet import loop, request

MOST_SECONDS = 30
"""Sound that is made at once."""
Seconds = Annotated[float, Rule(lambda x: 0.01 <= x <= MOST_SECONDS, f"from 0.01 to {MOST_SECONDS}")]
EXAMPLE = "four two seven"


def page(model: Any, handle: str) -> Page:
    """A text for a model that says some, a recording for a vocoder, and a length for what hears neither.

    Raises:
        InputError: for a model whose condition is neither.
    """
    said: list[Field]
    if model.front_end is not None:
        known, words = model.front_end.vocabulary, EXAMPLE
        if not set(EXAMPLE.split()) <= set(known):
            words = " ".join(known[:3])
        said, do = [Text("text", "Text", words)], f"Type what the voice should say. It knows {', '.join(known)}."
    elif model.mel_front_end is not None:
        said, do = [File("condition", "Recording", sorted(SUFFIXES))], "It says anew what it hears, from mels alone."
    elif model.condition_features:
        raise InputError(f"{handle}: takes frames of its own, which no page can ask for; see dilatednets generate")
    else:
        said, do = [Number("seconds", "Seconds", 1.0)], "It goes on without a text."
    voices = [Choice("speaker", "Speaker", model.speakers)] if model.speakers else []
    how = [Number("temperature", "Temperature", 1.0), Number("seed", "Seed (empty: a new one)")]
    return Page(do, [*said, *voices, *how], partial(answer, model))


def answer(model: Any, **given: Any) -> Iterator[Shown]:
    """What was said, beside the recording that it is made of, if there is one."""
    rate = model.sample_rate
    if "condition" in given:
        check_length(given["condition"], MOST_SECONDS)
        heard = read_audio(given["condition"], rate)
        note_if_silent(given["condition"], heard)
        given["condition"] = model.mel_front_end.frames(heard)
        yield Sound("Recording", heard, rate)
    if "seconds" in given:
        given["num_samples"] = round(checked(given.pop("seconds"), Seconds, "seconds") * rate)
    asked = request.resolve(model, **given)
    if asked.num_samples > MOST_SECONDS * rate:
        seconds = asked.num_samples / rate
        raise InputError(
            f"text: takes {seconds:.0f} s to say, and {MOST_SECONDS} s are the most here; say less at once"
        )
    audio = np.concatenate(list(loop.stream(model, asked)), axis=1)[0]
    title = ": ".join(filter(None, (given.get("speaker"), given.get("text"))))
    yield Sound(title or "Sound", audio, rate)
    if "condition" in given:
        yield Picture("Waveform and spectrogram of the recording", waveform_and_spectrogram(heard, rate))
    yield Picture("Waveform and spectrogram", waveform_and_spectrogram(audio, rate))
