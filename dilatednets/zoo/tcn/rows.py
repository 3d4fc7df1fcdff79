"""Answers of a TCN as rows of a table: what their columns are called."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dilatednets.errors import InputError

Row = dict[str, Any]
Pairs = Iterable[tuple[str, Any]]


def as_row(*parts: Pairs) -> Row:
    """Names and values as one row.

    Raises:
        InputError: if two have one name, of which one would be lost.

    Example:
    >>> as_row([("sequence", "a.wav")], [("label", "yes")])
    {'sequence': 'a.wav', 'label': 'yes'}
    """
    row: Row = {}
    for name, value in itertools.chain(*parts):
        if name in row:
            words = f"two columns of the answers would be named {name!r}"
            raise InputError(f"data: {words}; give the class or column of that name another, and train on that")
        row[name] = value
    return row


def rows_of(model: Any, answer: dict[str, np.ndarray], names: Sequence[Any], lengths: Any = None) -> list[Row]:
    """Answers as rows: of each sequence one, or one a frame.

    Args:
        model: A TCN.
        answer: What `TCN.answer` says.
        names: What identifies the sequences.
        lengths: The real steps of each; None if all are.

    Raises:
        InputError: if two columns would have one name.
    """
    rows = []
    for place, name in enumerate(names):
        parts = {key: value[place] for key, value in answer.items()}
        if model.pooling != "none":
            rows.append(as_row([("sequence", name)], _pairs(model, parts)))
            continue
        frames = len(next(iter(parts.values()))) if lengths is None else -(-int(lengths[place]) // model.frame)
        for frame in range(frames):
            own = {key: value[frame] for key, value in parts.items()}
            rows.append(as_row([("sequence", name), ("step", frame * model.frame)], _pairs(model, own)))
    return rows


def forecast_row(model: Any, series: str, time: str, values: np.ndarray) -> Row:
    """One step of a forecast after a series of a table.

    Args:
        model: A TCN that was trained on tables.
        series: What identifies the series.
        time: The time of the step.
        values: (outputs,), or (outputs, quantiles).

    Raises:
        InputError: if two columns would have one name.
    """
    whose, when = model.data.get("series"), model.data.get("time") or "step"
    return as_row([(whose, series)] if whose else [], [(when, time)], _named(model, values))


def example_rows(model: Any) -> list[Row]:
    """Rows of an answer of zeros, for the names and types of its columns.

    Raises:
        InputError: if two columns would have one name.
    """
    outputs = (model.outputs, *([len(model.quantiles)] if model.quantiles else []))
    shape = [1] + [1] * (model.pooling == "none")
    if model.task == "forecast":
        if (model.data or {}).get("reader") == "csv":
            return [forecast_row(model, "", "", np.zeros(outputs, np.float32))]
        shape += [model.horizon]
    zeros = np.zeros((*shape, *outputs), np.float32)
    if model.task in ("regress", "forecast"):
        return rows_of(model, {"values": zeros}, ["a"])
    label = {} if model.multi_label else {"label": np.full(shape, "a")}
    return rows_of(model, {"probabilities": zeros, **label}, ["a"])


def _pairs(model: Any, answer: dict[str, np.ndarray]) -> list[tuple[str, Any]]:
    """What is said of a sequence or a frame."""
    if "values" in answer:
        return _named(model, answer["values"])
    names = model.labels or tuple(map(str, range(model.outputs)))
    label = [("label", answer["label"].item())] if "label" in answer else []
    return [*label, *((name, round(float(p), 6)) for name, p in zip(names, answer["probabilities"], strict=True))]


def _named(model: Any, values: np.ndarray) -> list[tuple[str, Any]]:
    """Values by their names, and quantiles by theirs; a forecast of one step has no column for the step."""
    names = model.labels or tuple(f"output_{number}" for number in range(model.outputs))
    if values.ndim > 1 + bool(model.quantiles):  # a forecast from arrays
        return [(f"{name}+{step}", v) for step, one in enumerate(values, start=1) for name, v in _named(model, one)]
    if not model.quantiles:
        return [(name, float(value)) for name, value in zip(names, values, strict=True)]
    short = [f"{q:g}" for q in model.quantiles]
    each = short if len(set(short)) == len(short) else list(map(str, model.quantiles))
    return [
        (f"{name}_{q}", float(v))
        for name, row in zip(names, values, strict=True)
        for q, v in zip(each, row, strict=True)
    ]
