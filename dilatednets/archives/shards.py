"""Shards, the files of results: each is whole or not there, and says what it answers."""

import json
import shutil
from pathlib import Path
from typing import Any

from dilatednets.archives.inputs import Part
from dilatednets.errors import InputError, one_line
from dilatednets.files import as_utf8, atomic_path

NOTE = b"dilatednets"
"""The key of what a shard says of itself, in the footer of its Parquet file."""
FAILED, FOLDER = "failed.jsonl", "shards"


def path_of(output: Path, number: int) -> Path:
    """Where a part's shard is."""
    return output / FOLDER / f"part-{number:06}.parquet"


def schema_of(example: dict[str, Any]) -> Any:
    """The Arrow schema of results, the key first, made from an example."""
    import pyarrow

    return pyarrow.Table.from_pylist([{"key": "", **example}]).schema


def write(output: Path, part: Part, stamp: str, rows: list[dict[str, Any]], failed: list[Any], schema: Any) -> None:
    """Writes a part's shard.

    Args:
        output: The folder.
        part: What was answered.
        stamp: Of which run, as `manifest.stamp` has it.
        rows: The answers by column, with their "key".
        failed: (key, error) of each record that has none.
        schema: What `schema_of` made.

    Raises:
        InputError: if it cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    said = json.dumps({"stamp": stamp, "part": part.number, "records": part.records, "failed": failed})
    table = pyarrow.Table.from_pylist(rows, schema=schema.with_metadata({NOTE: said.encode()}))
    with atomic_path(path_of(output, part.number)) as path:
        pyarrow.parquet.write_table(table, path)


def failures(output: Path, part: Part, stamp: str) -> list[Any] | None:
    """(key, error) of the records of a part that failed, if its shard is there and whole; else None.

    It is not if it was cut short, answers another run, or a file that it names is not as it was written.
    """
    import pyarrow
    import pyarrow.parquet

    path = path_of(output, part.number)
    if not path.is_file():
        return None
    try:
        with pyarrow.parquet.ParquetFile(path) as shard:
            said = json.loads((shard.schema_arrow.metadata or {}).get(NOTE, b"{}"))
            if (said.get("stamp"), said.get("part")) != (stamp, part.number):
                return None
            if shard.metadata.num_rows + len(said["failed"]) != part.records:
                return None
            if "file" in shard.schema_arrow.names:
                for row in shard.read(["file", "bytes"]).to_pylist():
                    if not (output / row["file"]).is_file() or (output / row["file"]).stat().st_size != row["bytes"]:
                        return None
            failed: list[Any] = said["failed"]
            return failed
    except (OSError, ValueError, KeyError, pyarrow.ArrowException):
        return None


def begun(output: Path, number: int) -> int:
    """Notes that a part is begun; how often it was before, in this run, without being ended."""
    path = output / FOLDER / f".begun-{number}"
    path.parent.mkdir(exist_ok=True)
    with open(path, "ab") as file:
        file.write(b".")
        return file.tell() - 1


def ended(output: Path, number: int) -> None:
    """Notes that its worker lived."""
    (output / FOLDER / f".begun-{number}").unlink(missing_ok=True)


def remove_halves(output: Path) -> None:
    """Removes what killed workers left."""
    for path in (output / FOLDER).glob(".*-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def remove_all(output: Path) -> None:
    """Removes the shards of an earlier run."""
    for path in (output / FOLDER).glob("part-*.parquet"):
        path.unlink()


def write_failed(output: Path, failed: list[Any]) -> None:
    """Writes one line for each record that failed; removes the file if none did."""
    path = output / FAILED
    if failed:
        lines = [json.dumps({"key": key, "error": error}, ensure_ascii=False) + "\n" for key, error in failed]
        with atomic_path(path) as new:
            new.write_text("".join(lines), encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def words_of(error: BaseException) -> str:
    """What went wrong with a record, in one line that a file can hold."""
    if isinstance(error, InputError | OSError):
        return as_utf8(" ".join(str(error).split()))
    return as_utf8(f"{type(error).__name__}: {one_line(error)}")
