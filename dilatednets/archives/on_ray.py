"""Workers on Ray Data: one machine's cores, or a cluster."""

import contextlib
import importlib.util
import logging
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dilatednets import files
from dilatednets.archives import inputs, manifest, shards
from dilatednets.archives.worker import Worker, answers, checked_settings, load, mapper_class
from dilatednets.errors import InputError, one_line
from dilatednets.presets import presets
from dilatednets.progress import progress
from dilatednets.rules import Size, checked

ROWS_AT_ONCE = 256
"""Rows of a data set that a worker answers together."""


def run(
    model: Any,
    arguments: list[Any],
    output: Any,
    format: str = "parquet",
    address: str | None = None,
    workers: int | None = None,
    column: str | None = None,
    whole: bool = False,
    settings: dict[str, Any] | None = None,
    resume: bool = True,
) -> dict[str, int]:
    """Puts an archive through a model, and goes on where an earlier run into the same folder stopped.

    Args:
        model: A preset's name, folder or handle.
        arguments: Files, folders and patterns.
        output: The folder of the shards, which all machines of a cluster must see under this name.
        format: "parquet", or "files" for a file a record, too.
        address: That of a Ray cluster; None for the cores of this machine.
        workers: How many; None for one a core, or one a GPU where there are some.
        column: The column that holds the records' content in tables and JSON lines; None for the family's name of it.
        whole: Whether a text file is one record, and not each of its lines.
        settings: What the family lets one choose.
        resume: Whether to leave shards as they are that an earlier run made; else all are made again.

    Returns:
        How many "records" there are, "shards", of these "made" now, and records that "failed".

    Raises:
        InputError: for bad input, an output folder of another run, or a cluster that cannot do it.
    """
    if address is not None and address != "auto" and not re.fullmatch(r"(ray://)?[^\s:/]+:\d+", address):
        raise InputError(f"address: {address!r}: write HOST:PORT, as ray start prints it, or auto")
    if column == "":
        raise InputError("column: empty; name one, or leave it out")
    cls, output = mapper_class(model), Path(os.path.abspath(files.as_path(output)))
    settings = checked_settings(cls, settings or {})
    found = inputs.sources(arguments, cls, output, whole)
    how = {"format": format, "column": column, "whole": whole, "settings": settings}
    is_path = os.path.exists(model) and not presets.shipped(model)
    name = os.path.abspath(model) if is_path else model  # for workers elsewhere in the tree
    of_run = {"model": manifest.model_of(name), "inputs": inputs.fingerprint(found), "how": how}
    files.check_writable(output / manifest.NAME)
    _check_installed()
    with files.locked(output):
        parts, stamp = inputs.parts(found), manifest.stamp(of_run)
        if not parts:
            raise InputError(f"{arguments[0]}: holds no records; give other inputs")
        manifest.begin(output, of_run)
        shards.remove_halves(output)
        if not resume:
            shards.remove_all(output)
        failed = {part.number: shards.failures(output, part, stamp) for part in parts}
        left = [part for part in parts if failed[part.number] is None]
        if left:
            _make(left, of_run, output, address, workers)
        for part in left:
            failed[part.number] = shards.failures(output, part, stamp)
        if inputs.fingerprint(found) != of_run["inputs"]:
            raise InputError(f"{output}: inputs have changed while they were read; choose another output")
        lost = [number for number, one in failed.items() if one is None]
        if lost:
            raise InputError(f"{shards.path_of(output, lost[0])}: missing after the run; run it again")
        everyone = [pair for part in parts for pair in failed[part.number] or ()]
        shards.write_failed(output, everyone)
    records = sum(part.records for part in parts)
    return {"records": records, "shards": len(parts), "made": len(left), "failed": len(everyone)}


def _make(
    parts: list[inputs.Part], of_run: dict[str, Any], output: Path, address: str | None, workers: int | None
) -> None:
    import ray.data

    with (
        cluster(address, workers) as (count, resources),
        progress(words="mapping", total=sum(part.records for part in parts), unit="records") as bar,
    ):
        items = [{"part": part.as_json()} for part in parts]
        # A block a part, which are there at once: a task that made them would wait for a core that all workers have.
        data = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            Worker,
            fn_constructor_args=(of_run, str(output)),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(count, len(items))),
            **resources,
        )
        failed = 0
        try:
            for row in data.iter_rows():
                if row["refusal"]:
                    raise InputError(row["refusal"])
                failed += int(row["failed"])
                bar.set_postfix(failed=failed, refresh=False)
                bar.update(int(row["records"]))
        except ray.exceptions.RayError as error:
            raise InputError(
                f"{output}: workers failed ({one_line(getattr(error, 'cause', None) or error)}); run it again to go on"
            ) from error


@contextlib.contextmanager
def cluster(address: str | None = None, workers: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Connects to a cluster, or starts one on this machine; yields the number of workers, and what each asks for.

    Args:
        address: That of a cluster; None for this machine, or the cluster that this process is connected to already.
        workers: How many; None for one a core, or one a GPU where there are some.

    Raises:
        InputError: if no cluster answers, or one of its machines lacks this package.
    """
    _check_installed()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        quiet = {"include_dashboard": False} if address is None else {}
        cores = workers or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        # One core more, by Ray's count: its own tasks would else wait for the workers to end.
        size = {"num_cpus": cores + 1} if address is None else {}
        try:
            if address is not None and address != "auto":  # for minutes, Ray would try again
                host, port = address.removeprefix("ray://").rsplit(":", 1)
                socket.create_connection((host, int(port)), timeout=10).close()
            ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **quiet, **size)
        except (ConnectionError, ValueError, OSError, OverflowError, RuntimeError) as error:
            raise InputError(
                f"address: {address}: no cluster answers ({one_line(error)}); start one by ray start"
            ) from error
    try:
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        has = ray.cluster_resources()
        gpus = int(has.get("GPU", 0))
        if address is not None or not ours:
            _check_machines()
        everywhere = max(int(has.get("CPU", 1)) - (ours and address is None), 1)
        count = workers or gpus or everywhere
        yield count, {"num_gpus": 1} if gpus else {"num_cpus": 1}
    finally:
        if ours:
            ray.shutdown()


def _check_installed() -> None:
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("pyarrow") is None:
        raise InputError("map: runs on Ray Data, which is not installed; pip install 'dilatednets[ray]'")


def _check_machines() -> None:
    """Refuses a cluster of which a machine lacks this package, or has another version."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from dilatednets import __version__

    def version() -> str:  # a function of its own, which Ray sends as it is: the package may not be there
        import importlib

        try:
            return str(importlib.import_module("dilatednets").__version__)
        except ImportError:
            return ""

    alive = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    ask = [
        ray.remote(version)
        .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
        .remote()
        for node in alive
    ]
    for node, there in zip(alive, ray.get(ask), strict=True):
        if there != __version__:
            what = f"has dilatednets {there}, not {__version__}" if there else "has no dilatednets"
            cure = f"pip install 'dilatednets[ray]=={__version__}' there"
            raise InputError(f"{node['NodeManagerHostname']}: this machine of the cluster {what}; {cure}")


def map(model: Any, dataset: Any, *, column: str | None = None, workers: int | None = None, **settings: Any) -> Any:
    """Puts a Ray data set through a model.

    Args:
        model: A preset's name, folder or handle; each worker loads it once.
        dataset: A `ray.data.Dataset`, as of `ray.data.read_parquet`.
        column: The column of the content; None for the family's name of it: "image", "text", "sequence" or "audio".
        workers: How many; None for up to one a core.
        **settings: What the family lets one choose.

    Returns:
        The `ray.data.Dataset` with the answers as further columns, and "error", null where there is an answer. Nothing is
        computed before it is asked for.

    Raises:
        InputError: for a model that cannot be loaded, or an unknown setting; where Ray is not installed.
    """
    _check_installed()
    import ray.data

    settings = checked_settings(mapper_class(model), settings)
    workers = checked(workers, Size | None, "workers")
    if not isinstance(dataset, ray.data.Dataset):
        cure = "make one by ray.data.from_pandas, from_items or read_parquet"
        raise InputError(f"dataset: must be a ray.data.Dataset, not {type(dataset).__name__}; {cure}")
    asked = (manifest.model_of(model), settings, column)
    pool = ray.data.ActorPoolStrategy(size=workers) if workers else ray.data.ActorPoolStrategy(min_size=1)
    return dataset.map_batches(
        Rows, fn_constructor_args=asked, batch_size=ROWS_AT_ONCE, batch_format="pyarrow", compute=pool, num_cpus=1
    )


class Rows:
    """Answers rows of a data set; Ray makes one in each process. Arguments as `map` has them."""

    def __init__(self, model: dict[str, str], settings: dict[str, Any], column: str | None) -> None:
        self.mapper = load(model, settings)
        self.column = column or self.mapper.FIELD
        self.schema = shards.schema_of({**self.mapper.example(), "error": ""})

    def __call__(self, table: Any) -> Any:
        """The table with the answers."""
        import pyarrow

        if self.column not in table.column_names:
            raise InputError(f"column: the data set has no {self.column!r}, but {', '.join(table.column_names)}")
        if taken := sorted(set(table.column_names) & set(self.schema.names[1:])):
            cure = "rename it by rename_columns, or leave it out by drop_columns"
            raise InputError(f"dataset: has a column {taken[0]!r}, as answers have; {cure}")
        names = [self.column, *(name for name in self.mapper.ALSO if name in table.column_names)]
        pairs = [(str(place), self._record(row)) for place, row in enumerate(table.select(names).to_pylist())]
        rows, failed = answers(self.mapper, pairs)
        found = {row["key"]: row for row in rows} | {key: {"error": error} for key, error in failed}
        answered = pyarrow.Table.from_pylist([found[key] for key, _ in pairs], schema=self.schema)
        for name in self.schema.names[1:]:
            table = table.append_column(name, answered[name])
        return table

    def _record(self, row: dict[str, Any]) -> Any:
        content = inputs.content_of(row, self.column)
        return InputError(f"has no {self.column!r}") if content is None else {**row, self.mapper.FIELD: content}
