"""An archive of sequences, tables or recordings through a TCN: classes, values or forecasts of each."""

import io
import os
from typing import Any

import numpy as np

from dilatednets import registry
from dilatednets.data.audio import read_audio
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import listening
from dilatednets.zoo.tcn.inputs import hears
from dilatednets.zoo.tcn.prediction import predict_file
from dilatednets.zoo.tcn.rows import example_rows, rows_of
from dilatednets.zoo.tcn.verb import as_csv


class Mapper:
    """Answers sequences as the command `predict` answers files.

    Args:
        handle: The preset.
    """

    FIELD, ALSO = "sequence", ()
    SUFFIXES = (*sorted(SUFFIXES), ".npz", ".csv", ".tsv")
    FILE = ("answer", ".csv")
    AT_ONCE = 64

    def __init__(self, handle: str) -> None:
        self.model = registry.from_preset(handle, "TCN")
        self.listens = listening.hears(self.model, "a.wav")

    def read(self, record: dict[str, Any]) -> Any:
        """A path, the bytes of a recording, or the sequence as an array (time,) or (time, features)."""
        sequence = record["sequence"]
        if isinstance(sequence, bytes) and hears(self.model):
            return sequence
        if isinstance(sequence, str):
            if not os.path.isfile(sequence):
                raise InputError(f"{sequence}: no such file")
            return sequence
        try:
            found = np.asarray(sequence)
            found = found if self.model.vocabulary else found.astype(np.float32)
        except (ValueError, TypeError) as error:
            raise InputError("sequence: must be numbers, or a list of as many numbers a step; correct it") from error
        if found.ndim == 0 or not found.size:
            raise InputError("sequence: empty, or a single number; give a list of steps")
        return found

    def size(self, item: Any) -> int:
        """Steps; files come last, by their bytes."""
        if isinstance(item, str | bytes):
            return 2**40 + (len(item) if isinstance(item, bytes) else os.path.getsize(item))
        return len(item)

    def answer(self, items: list[Any]) -> list[dict[str, Any]]:
        """Rows of each; sequences of one shape together."""
        found: dict[int, list[dict[str, Any]]] = {}
        alike: dict[Any, list[int]] = {}
        for place, item in enumerate(items):
            if isinstance(item, str | bytes):
                found[place] = self._of_file(item) if isinstance(item, str) else self._of_sound(io.BytesIO(item))
            elif self.listens:
                found[place] = self._of_sound(item[:, 0] if item.shape[1:] == (1,) else item)
            else:
                alike.setdefault(item.shape, []).append(place)
        for shape, places in alike.items():
            given = np.stack([items[place] for place in places])
            if not self.model.vocabulary and len(shape) == 1:
                given = given[..., None]
            answer = self.model.answer({"sequence": given})
            for number, place in enumerate(places):
                own = {name: values[number : number + 1] for name, values in answer.items()}
                found[place] = rows_of(self.model, own, [0])
        columns = self._example()[0].keys()
        for other in [row for rows in found.values() for row in rows if row.keys() != columns]:
            words = f"has the columns {', '.join(other)}, others in this archive {', '.join(columns)}"
            raise InputError(f"sequence: its answer {words}; see the command predict, or give a recording or a table")
        return [{"answer": [self._row(row) for row in found[place]]} for place in range(len(items))]

    def _of_file(self, path: str) -> list[dict[str, Any]]:
        if listening.hears(self.model, path):
            return self._of_sound(path)
        return predict_file(self.model, path)[0]

    def _of_sound(self, file: Any) -> list[dict[str, Any]]:
        if self.listens:
            return list(listening.rows(self.model, file))
        audio = read_audio(file, self.model.data["sample_rate"])
        return rows_of(self.model, self.model.answer(audio[None]), [0])

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row, names and labels as words, whatever they are: a column has one type."""
        return {
            name: str(value) if name in ("label", "sequence") and not isinstance(value, float) else value
            for name, value in row.items()
        }

    def example(self) -> dict[str, Any]:
        """An answer, for the types of its columns."""
        return {"answer": self._example()}

    def _example(self) -> list[dict[str, Any]]:
        if self.listens:
            return [{"seconds": 0.0, "label": "", "probability": 0.0}]
        return [self._row(row) for row in example_rows(self.model)]

    def as_file(self, answer: list[dict[str, Any]]) -> bytes:
        """CSV, as the command `predict` writes it."""
        return as_csv(answer).encode() if answer else b""
