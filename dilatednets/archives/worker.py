"""What one worker does: it loads the model once, and makes a shard of each part that it is given."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dilatednets import registry
from dilatednets.archives import inputs, manifest, shards
from dilatednets.errors import InputError, a, did_you_mean
from dilatednets.files import atomic_path
from dilatednets.rules import arguments_of, checked

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables that say how many threads libraries start: one a worker, since there is a worker a core."""

MOST_DEATHS = 10
"""Workers that a part may lose before the run ends: it may itself be what kills them."""


def mapper_class(handle: Any) -> Any:
    """The class `Mapper` of a model's family.

    Raises:
        InputError: for a family that has none.
    """
    family = registry.family_of_preset(handle)
    if not family.has("archive"):
        raise InputError(f"{handle}: is {a(family.model)}, which says nothing of archives; choose another model")
    return family.part("archive").Mapper


def checked_settings(cls: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a family's `Mapper`, each as its annotation has it.

    Raises:
        InputError: for one that is unknown or wrong.
    """
    known = {name: argument for name, argument in arguments_of(cls).items() if name != "handle"}
    for name in settings:
        if name not in known:
            near = did_you_mean(name, known) or f"; there are: {', '.join(known) or 'none'}"
            raise InputError(f"{name}: no setting of this model{near}")
    return {name: checked(value, known[name].kind, name) for name, value in settings.items()}


def load(model: dict[str, str], settings: dict[str, Any]) -> Any:
    """The `Mapper` of a model, on one thread.

    Args:
        model: What `manifest.model_of` said where the run was begun.
        settings: Arguments of the `Mapper`.

    Raises:
        InputError: if the model is not there, or is another one here.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if manifest.model_of(model["name"]) != model:
        raise InputError(f"{model['name']}: is another model on {os.uname().nodename}; install the same version there")
    return mapper_class(model["name"])(model["name"], **settings)


def answers(mapper: Any, pairs: Iterable[tuple[str, Any]]) -> tuple[list[dict[str, Any]], list[Any]]:
    """Answers to records, and (key, error) of those that failed; both in the order of the records.

    Args:
        mapper: A family's `Mapper`.
        pairs: Keys and records, as `inputs.records` yields them.
    """
    keys: list[str] = []
    items: dict[int, Any] = {}
    rows: dict[int, dict[str, Any]] = {}
    errors: dict[int, str] = {}
    for place, (key, record) in enumerate(pairs):
        keys.append(key)
        try:
            if isinstance(record, InputError):
                raise record
            items[place] = mapper.read(record)
        except Exception as error:
            errors[place] = shards.words_of(error)
    alike = sorted(items, key=lambda place: mapper.size(items[place]))

    def answer(places: list[int]) -> None:
        try:
            found = mapper.answer([items[place] for place in places])
            rows.update({place: {"key": keys[place], **row} for place, row in zip(places, found, strict=True)})
        except Exception as error:
            if len(places) == 1:
                errors[places[0]] = shards.words_of(error)
            for place in places if len(places) > 1 else ():  # which of them is to blame
                answer([place])

    for begin in range(0, len(alike), mapper.AT_ONCE):
        answer(alike[begin : begin + mapper.AT_ONCE])
    return [rows[place] for place in sorted(rows)], [(keys[place], errors[place]) for place in sorted(errors)]


class Worker:
    """Makes shards; Ray makes one in each process.

    Args:
        found: The manifest of the run.
        output: Its folder, which this machine must see.
    """

    def __init__(self, found: dict[str, Any], output: str) -> None:
        self.output, self.how, self.stamp = Path(output), found["how"], manifest.stamp(found)
        self.refusal = ""
        try:
            there = manifest.read(self.output)
            if there is None or manifest.stamp(there) != self.stamp:
                raise InputError(f"{output}: is another folder on {os.uname().nodename}; choose one that all share")
            self.mapper = load(found["model"], self.how["settings"])
            self.schema = self._schema()
        except InputError as error:  # which Ray would wrap in a page of its own
            self.refusal = shards.words_of(error)

    def _schema(self) -> Any:
        example = dict(self.mapper.example())
        if self.how["format"] == "files":
            del example[self.mapper.FILE[0]]
            example |= {"file": "", "bytes": 0}
        return shards.schema_of(example)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Answers the parts of a batch, {"part": [JSON]}."""
        done = [self.make(inputs.Part.from_json(str(text))) for text in batch["part"]]
        return {name: [one[name] for one in done] for name in ("part", "records", "failed", "refusal")}

    def make(self, part: inputs.Part) -> dict[str, Any]:
        """Writes the shard of a part; says how it went."""
        said = {"part": part.number, "records": part.records, "failed": 0, "refusal": self.refusal}
        if self.refusal:
            return said
        try:
            if shards.begun(self.output, part.number) >= MOST_DEATHS:
                first = next(inputs.records(part, self.mapper.FIELD))[0]
                words = f"its {part.records} records, from {first} on, have killed {MOST_DEATHS} workers"
                raise InputError(f"part {part.number}: {words}; take them out, or give workers more memory")
            found = inputs.records(part, self.mapper.FIELD, self.mapper.ALSO, self.how["column"])
            rows, failed = answers(self.mapper, found)
            if self.how["format"] == "files":
                rows = [self._as_file(row) for row in rows]
            shards.write(self.output, part, self.stamp, rows, failed, self.schema)
            shards.ended(self.output, part.number)
            return {**said, "failed": len(failed)}
        except (InputError, OSError) as error:  # of a disk that is full, or an input that is gone
            return {**said, "refusal": shards.words_of(error)}

    def _as_file(self, row: dict[str, Any]) -> dict[str, Any]:
        """Writes the part of an answer that is a file, by the record's key; in the shard stands its name."""
        column, suffix = self.mapper.FILE
        content = self.mapper.as_file(row.pop(column))
        name = f"files/{row['key']}{suffix}"
        with atomic_path(self.output / name) as path:
            path.write_bytes(content)
        return {**row, "file": name, "bytes": len(content)}
