"""What a TCN says of files: tables, archives of arrays and recordings."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dilatednets.data import mnist, sequences
from dilatednets.data.audio_folder import note_if_silent, note_of
from dilatednets.data.images import as_rgb
from dilatednets.data.table_csv import Series, Table, read_table
from dilatednets.data.table_times import check_steps
from dilatednets.data.time_steps import texts_of, times_after
from dilatednets.errors import InputError, Note
from dilatednets.files import as_utf8
from dilatednets.zoo.tcn.examples import padded
from dilatednets.zoo.tcn.inputs import hears
from dilatednets.zoo.tcn.recipe import Data
from dilatednets.zoo.tcn.rows import Row, forecast_row, rows_of
from dilatednets.zoo.tcn.table_examples import Past, pasts

AT_ONCE = 64
"""Sequences that are answered together."""
FAR = 10.0
"""Standard deviations of what was learnt from, beyond which an answer is a guess."""
FLAT = 0.02
"""Of a standard deviation of what was learnt from, below which all that varies is noise, or in other units."""


@dataclass(frozen=True)
class Forecast:
    """What follows a series.

    Args:
        past: The series.
        times: The times of the forecast, datetime64 or float (horizon,).
        values: (horizon, outputs), or (horizon, outputs, quantiles).
    """

    past: Past
    times: np.ndarray
    values: np.ndarray


def predict_file(
    model: Any, path: str | os.PathLike[str], left_out: list[InputError] | None = None
) -> tuple[list[Row], list[Forecast]]:
    """Answers to a file, a row each; and where they are forecasts, these.

    Args:
        model: A TCN.
        path: A CSV file with the columns that the model was trained on, an .npz archive of x and perhaps lengths, a
            recording, or a picture of a digit.
        left_out: Takes what is wrong with single series of a table, while the others are forecast; None: it is raised.

    Raises:
        InputError: for a file that cannot be read, or does not fit the model, or of which no series does.
    """
    suffix, data = Path(path).suffix.lower(), Data(**model.data) if model.data else None
    if suffix == ".npz":
        if data and (data.reader, data.order) == ("mnist", "permuted"):
            note_of(
                [path], "x is taken for permuted already, as by dilatednets.data.mnist.permuted; pictures need not be"
            )
        found = sequences.read(path)
        lengths = {} if found.lengths is None else {"lengths": found.lengths}
        if not (model.vocabulary or hears(model) or model.filters):
            x = found.x if found.x.ndim == 3 else found.x[..., None]
            _note_of_far(model, x.astype(np.float32), str(path), found.lengths)
        return rows_of(
            model, _answer(model, {"sequence": found.x, **lengths}, str(path)), range(len(found.x)), found.lengths
        ), []
    if suffix in (".csv", ".tsv", ".txt"):
        if data is None or data.reader != "csv":
            raise InputError(f"{path}: this model was not trained on tables; give an .npz archive or a recording")
        table = read_table(path)
        return (
            _forecasts(model, data, table, left_out) if model.task == "forecast" else (_whole(model, data, table), [])
        )
    name = as_utf8(Path(path).name)
    if data is not None and data.reader == "mnist":
        return rows_of(model, _answer(model, {"sequence": digit_in(model, path)[1]}, str(path)), [name]), []
    if data is None or data.reader != "audio_folder":
        raise InputError(f"{path}: this model was not trained on recordings; give a .csv file or an .npz archive")
    from dilatednets.data.audio import read_audio

    audio = read_audio(path, data.sample_rate)
    note_if_silent(path, audio)
    return rows_of(model, model.answer(audio[None, :, None]), [name]), []


def digit_in(model: Any, picture: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """A picture of a digit as a model of MNIST gets it: uint8 (784,), and in the model's order, float32 (1, 784, 1).

    Raises:
        InputError: for what is no picture, or one of one shade.
    """
    digit = mnist.of_picture(as_rgb(picture).mean(axis=2).astype(np.uint8))
    ordered = mnist.permuted(digit[None]) if model.data["order"] == "permuted" else digit[None]
    return digit, ordered[..., None].astype(np.float32)


def _answer(model: Any, inputs: dict[str, np.ndarray], path: str) -> dict[str, np.ndarray]:
    """The model's answer, of so many sequences at once as memory holds."""
    try:
        parts = [
            model.answer({name: values[first : first + AT_ONCE] for name, values in inputs.items()})
            for first in range(0, len(inputs["sequence"]), AT_ONCE)
        ]
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _forecasts(
    model: Any, data: Data, table: Table, left_out: list[InputError] | None
) -> tuple[list[Row], list[Forecast]]:
    unread = [name for name in data.targets if name not in data.features]
    if not set(data.features) - set(model.known):
        unread = []  # the targets say where the future begins
    found, failures = [], []
    for one in pasts(table, data, data.features, data.targets, unread=unread):
        try:
            _check_past(model, data, table, one)
        except InputError as error:
            failures.append(error)
        else:
            found.append(one)
    if failures and (left_out is None or not found):
        raise failures[0]
    if left_out is not None:
        left_out += failures
    inputs = {"sequence": np.stack([one.values[-data.window :] for one in found]).astype(np.float32)}
    if model.known:
        inputs["known"] = np.stack([one.future[: model.horizon] for one in found]).astype(np.float32)
    _note_of_far(model, inputs["sequence"], table.path)
    if model.known and model.mean:
        ahead = np.tile(np.asarray(model.mean, np.float32), (len(found), model.horizon, 1))
        ahead[..., [model.columns.index(name) for name in model.known]] = inputs["known"]
        _note_of_far(model, ahead, table.path)
    values = _answer(model, inputs, table.path)["values"]
    forecasts = [
        Forecast(one, times_after(one.series.times, model.horizon, data.step), value)
        for one, value in zip(found, values, strict=True)
    ]
    rows = [
        forecast_row(model, one.past.series.name, time, step)
        for one in forecasts
        for time, step in zip(texts_of(one.times, one.past.series.zone), one.values, strict=True)
    ]
    return rows, forecasts


def _check_past(model: Any, data: Data, table: Table, one: Past) -> None:
    """Refuses a series after which there can be no forecast."""
    whose = f"series {one.series.name!r} has" if data.series else "it has"
    if len(one.values) < data.window:
        raise InputError(f"{table.path}: {whose} {len(one.values)} rows, the model looks at {data.window}; give more")
    if model.known and len(one.future) < model.horizon:
        raise InputError(
            f"{table.path}: {whose} {len(one.future)} rows after its last value, the forecast needs {model.horizon}, "
            f"with {', '.join(model.known)} alone filled in"
        )
    if data.time and data.step:
        check_steps(table, data.time, _looked_at(one, data.window, model.horizon), data.step)


def _note_of_far(model: Any, x: np.ndarray, path: str, lengths: Any = None) -> None:
    """Says which columns lie far outside of what the model has learnt from, or hardly vary: it answers all the same."""
    if not (model.mean and model.scale) or x.shape[-1] != model.features:
        return
    real = np.arange(x.shape[1]) < (np.full(len(x), x.shape[1]) if lengths is None else lengths)[:, None]
    away = (x[real] - np.asarray(model.mean, np.float32)) / np.asarray(model.scale, np.float32)
    names = model.columns or tuple(f"feature {number}" for number in range(model.features))
    for name, mean, scale, values in zip(names, model.mean, model.scale, away.T, strict=True):
        learnt = f"(mean {mean:.4g}, deviation {scale:.4g})"
        most, spread = float(np.abs(values).max()), float(values.std())
        words = ""
        if most > FAR:
            words = f"lies up to {most:.0f} standard deviations from what the model has learnt from {learnt}"
        elif 1e-6 < spread < FLAT:
            words = f"varies by {spread:.1%} of what the model has learnt from {learnt}; see to its units"
        if words:
            warnings.warn(f"{path}: column {name!r} {words}: answers are guesses", Note, stacklevel=3)


def _looked_at(past: Past, window: int, horizon: int) -> Series:
    """The last rows of a series, and the first to come."""
    one, ahead = past.series, past.ahead
    rows, times = (
        np.concatenate([old[-window:], new[:horizon]])
        for old, new in ((one.rows, ahead.rows), (one.times, ahead.times))
    )
    return Series(one.name, rows, times)


def _whole(model: Any, data: Data, table: Table) -> list[Row]:
    found = pasts(table, data, data.features, [], whole=True)
    for one in found if data.time and data.step else []:
        check_steps(table, data.time, one.series, data.step)
    x, lengths = padded([one.values.astype(np.float32) for one in found])
    _note_of_far(model, x, table.path, lengths)
    inputs = {"sequence": x} if lengths is None else {"sequence": x, "lengths": lengths}
    return rows_of(model, _answer(model, inputs, table.path), [one.series.name for one in found], lengths)
