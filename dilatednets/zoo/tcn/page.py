"""What `dilatednets play` shows of a TCN: music that it makes, or what it says of a table, a recording or arrays."""

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from dilatednets.data import mnist
from dilatednets.data.audio import read_audio
from dilatednets.data.audio_stream import check_length
from dilatednets.data.images import check_size
from dilatednets.data.midi import midi_bytes
from dilatednets.data.picture_folders import SUFFIXES as PICTURES
from dilatednets.data.samples import sample
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.errors import InputError, Note
from dilatednets.pages import Download, File, Number, Page, Picture, Shown, Sound, Table
from dilatednets.plots.audio import waveform_and_spectrogram
from dilatednets.plots.piano_roll import piano_roll
from dilatednets.zoo.tcn import inputs, listening, music
from dilatednets.zoo.tcn.prediction import digit_in, predict_file
from dilatednets.zoo.tcn.rows import rows_of
from dilatednets.zoo.tcn.verb import as_csv, picture

MOST_SECONDS = 60
MOST_STEPS = 256
MOST_PIXELS = 16_000_000


def page(model: Any, handle: str) -> Page:
    """What the model's data call for.

    Raises:
        InputError: for one of what comes next in other data than music.
    """
    reader = (model.data or {}).get("reader")
    if model.task == "next":
        if reader != "polymusic":
            raise InputError(f"{handle}: goes on with sequences of its own, which no page can show; see TCN.generate")
        steps = Number("steps", "Quarter notes, the most", music.STEPS)
        how = [Number("temperature", "Temperature", 1.0), Number("seed", "Seed (empty: a new one)")]
        return Page("It writes a piece.", [steps, *how], partial(compose, model))
    if inputs.hears(model):
        example = sample("spoken_digits") / "recordings" / "7_theo_5.wav" if reader == "spoken_digits" else None
        words = f"Drop a recording of at most {MOST_SECONDS} s. It tells apart {', '.join(model.labels)}."
        return Page(words, [File("file", "Recording", sorted(SUFFIXES), example)], partial(listen, model))
    if reader == "mnist":
        return Page(
            "Drop a picture of a handwritten digit.", [File("image", "Picture", PICTURES)], partial(read, model)
        )
    kinds = (".csv", ".tsv") if reader == "csv" else (".npz",)
    words = "Drop a table with the columns that it was trained on." if reader == "csv" else "Drop an archive of x."
    return Page(words, [File("file", "File", kinds)], partial(tell, model))


def compose(model: Any, steps: int, temperature: float, seed: int | None) -> Iterator[Shown]:
    """A piece as sound, as a piano roll, and as MIDI."""
    if steps > MOST_STEPS:
        raise InputError(f"steps: {MOST_STEPS} are the most here; the command generate makes pieces of any length")
    roll, lowest = music.make_music(model, steps, temperature, seed), music.lowest_key(model)
    yield Sound("Plain tones", music.tones(roll, lowest=lowest), music.SAMPLE_RATE)
    yield Picture("Piano roll", piano_roll(roll, "", lowest))
    yield Download("piece.mid", midi_bytes(roll, music.STEPS_A_MINUTE, lowest))


def listen(model: Any, file: Path) -> Iterator[Shown]:
    """A recording, and what is heard in it."""
    check_length(file, MOST_SECONDS)
    rate = int(model.data["sample_rate"])
    audio = read_audio(file, rate)
    rows = [*listening.rows(model, str(file))] if listening.hears(model, str(file)) else predict_file(model, file)[0]
    yield Sound("Recording", audio, rate)
    yield Picture("Waveform and spectrogram", waveform_and_spectrogram(audio, rate))
    yield from _rows("What is heard", rows)


def read(model: Any, image: Path) -> Iterator[Shown]:
    """A digit as the model gets it, and how probable each is."""
    check_size(image, MOST_PIXELS)
    digit, sequence = digit_in(model, image)
    [row] = rows_of(model, model.answer({"sequence": sequence}), ["image"])
    seen = Image.fromarray(digit.reshape(mnist.SIDE, mnist.SIDE)).resize((224, 224), Image.Resampling.NEAREST)
    yield Picture("What it reads, 28 x 28 pixels", seen)
    likely = sorted(model.labels, key=lambda label: -row[label])
    yield Table("What it is", [{"digit": label, "probability": row[label]} for label in likely])


def tell(model: Any, file: Path) -> Iterator[Shown]:
    """Answers to a table or arrays, and a picture of a forecast."""
    left_out: list[InputError] = []
    rows, forecasts = predict_file(model, file, left_out)
    for failure in left_out:
        warnings.warn(f"{failure}: left out", Note, stacklevel=2)
    if forecasts:
        yield Picture("What is known, and the forecast", picture(model, forecasts, ""))
    yield from _rows("Answers", rows)


def _rows(title: str, rows: list[dict[str, Any]]) -> Iterator[Shown]:
    yield Table(title, rows)
    if rows:
        yield Download("answers.csv", as_csv(rows).encode())
