"""What an archive holds: files, lines and rows as records with keys, cut into parts of which each makes a shard."""

import glob
import hashlib
import itertools
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dilatednets.errors import InputError, Note, one_line
from dilatednets.files import NO_TEXT, as_utf8
from dilatednets.folders import files_below

LINES, TABLES = (".jsonl", ".ndjson"), (".parquet",)
TEXTS = (".txt", ".text")
MOST_RECORDS, MOST_BYTES = 16384, 8 << 20
"""Of a part. A worker holds no more than one part's records and answers at a time."""
LEAST_PARTS = 32
"""Parts of even a small archive, so that all workers have work and a run that is stopped loses little of it."""


class Slice(NamedTuple):
    """Records of one file that follow each other."""

    kind: str
    """ "file", the file itself is one record; "text", lines; "json", lines of JSON; "table", rows of Parquet."""
    path: str
    name: str
    """What keys begin with."""
    start: int
    stop: int
    """Of lines the bytes, of rows their numbers."""
    first: int
    """Number of the first line or row, from 1."""
    records: int


class Part(NamedTuple):
    """Records that one shard answers."""

    number: int
    slices: list[Slice]

    @property
    def records(self) -> int:
        """How many."""
        return sum(one.records for one in self.slices)

    def as_json(self) -> str:
        """As one string, which Ray hands to a worker."""
        return json.dumps([self.number, self.slices])

    @staticmethod
    def from_json(text: str) -> "Part":
        """The part that `as_json` wrote."""
        number, slices = json.loads(text)
        return Part(number, [Slice(*one) for one in slices])


class Source(NamedTuple):
    """A file of the archive."""

    kind: str
    path: Path
    name: str


def sources(arguments: Sequence[Any], mapper: Any, output: Path, whole: bool = False) -> list[Source]:
    """The files that arguments name, in order, each with its name in the keys of results.

    Args:
        arguments: Files, folders, or patterns.
        mapper: The class `Mapper` of the model's family, which says what files are records.
        output: The folder of the results, which are no input.
        whole: Whether a text file is one record, and not each of its lines.

    Raises:
        InputError: for an argument that names nothing, or two files of one name; as `files_below`.
    """
    found: list[Source] = []
    for argument in map(str, arguments):
        path = Path(argument)
        if path.is_dir():
            used = [file for file in files_below(path) if not _below(file, output)]
            known = [file for file in used if _kind(file, mapper, whole)]
            if len(known) < len(used):
                other = next(file for file in used if file not in known)
                warnings.warn(f"{argument}: {len(used) - len(known)} files not used, such as {other.name}", Note, 2)
            named = [(file, file.relative_to(path).as_posix()) for file in known]
        elif not path.exists() and glob.has_magic(argument):
            root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
            files = [file for file in map(Path, sorted(glob.glob(argument, recursive=True))) if file.is_file()]
            files = [file for file in files if not _below(file, output)]
            named = [(file, file.relative_to(root).as_posix()) for file in files]
        elif path.is_file():
            named = [(path, path.name)]
        else:
            raise InputError(
                f"{argument}: no such file or folder; give files, folders or a pattern of files that exist"
            )
        if not named:
            raise InputError(
                f"{argument}: holds nothing that this model reads ({_readable(mapper)}); give other inputs"
            )
        for file, _ in named if mapper.FIELD == "text" else ():
            if not _kind(file, mapper, whole) and (what := NO_TEXT.get(file.suffix.lower())):
                cure = "give its texts as lines, or in .parquet or .jsonl with a column text"
                raise InputError(f"{file}: {what}; {cure}")
        unknown = "text" if mapper.FIELD == "text" and not whole else "file"
        found += [Source(_kind(file, mapper, whole) or unknown, file, as_utf8(name)) for file, name in named]
    names: set[str] = set()
    for source in found:
        if source.name in names:
            raise InputError(f"{source.path}: another input is called {source.name}, too; give the folder above both")
        names.add(source.name)
    return found


def _below(file: Path, folder: Path) -> bool:
    return folder.resolve() in file.resolve().parents


def _kind(path: Path, mapper: Any, whole: bool) -> str:
    suffix = path.suffix.lower()
    if suffix in LINES:
        return "json"
    if suffix in TABLES:
        return "table"
    if suffix in mapper.SUFFIXES:
        return "file"
    if suffix in TEXTS and mapper.FIELD == "text":
        return "file" if whole else "text"
    return ""


def _readable(mapper: Any) -> str:
    return ", ".join([*sorted(mapper.SUFFIXES), *(TEXTS if mapper.FIELD == "text" else ()), *LINES, *TABLES])


def fingerprint(files: Iterable[Source]) -> str:
    """SHA-256 of the names, sizes and times of change of files: other inputs have another."""
    total = hashlib.sha256()
    for source in files:
        state = source.path.stat()
        total.update(f"{source.kind} {source.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return total.hexdigest()


def parts(files: Sequence[Source], most_records: int = MOST_RECORDS) -> list[Part]:
    """The archive cut into parts; the same files are always cut in the same way, however many workers there are.

    Args:
        files: What `sources` found.
        most_records: Records of a part at most.

    Raises:
        InputError: for a file that cannot be read.
    """
    most = min(MOST_BYTES, sum(source.path.stat().st_size for source in files) // LEAST_PARTS)
    done: list[Part] = []
    slices: list[Slice] = []
    size, records = 0.0, 0
    for source in files:
        try:
            for unit, weight in _units(source):
                if records and (records >= most_records or size >= max(most, 1)):
                    done.append(Part(len(done), slices))
                    slices, size, records = [], 0.0, 0
                last = slices[-1] if slices else None
                if last and last.path == unit.path and last.kind == unit.kind != "file":
                    slices[-1] = last._replace(stop=unit.stop, records=last.records + unit.records)
                else:
                    slices.append(unit)
                size, records = size + weight, records + unit.records
        except OSError as error:
            raise InputError(f"{source.path}: cannot be read ({error.strerror or one_line(error)})") from error
    return [*done, Part(len(done), slices)] if records else done


def _units(source: Source) -> Iterator[tuple[Slice, float]]:
    """The records of a file, each with its bytes; lines without words are none."""
    kind, path, name = source.kind, os.path.abspath(source.path), source.name
    size = source.path.stat().st_size
    if kind == "file":
        yield Slice(kind, path, name, 0, 0, 0, 1), size
    elif kind == "table":
        rows = open_table(path).metadata.num_rows
        yield from ((Slice(kind, path, name, row, row + 1, row + 1, 1), size / rows) for row in range(rows))
    else:
        with open(path, "rb") as file:
            start = 0
            for number, line in enumerate(file, start=1):
                stop = start + len(line)
                if line.strip():
                    yield Slice(kind, path, name, start, stop, number, 1), len(line)
                start = stop


def open_table(path: str) -> Any:
    """A Parquet file.

    Raises:
        InputError: for what is none.
    """
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise InputError(f"{path}: no Parquet file ({one_line(error)}); write it again") from error


def records(part: Part, field: str, also: Sequence[str] = (), column: str | None = None) -> Iterator[tuple[str, Any]]:
    """The records of a part, with their keys; in place of one that cannot be read, its InputError.

    Args:
        part: Which.
        field: What the model's family calls a record's content.
        also: Other columns that it reads where they are.
        column: The column that holds the content in tables and JSON lines; None for `field`.
    """
    for one in part.slices:
        if one.kind == "file":
            yield one.name, _of_text(one.path) if field == "text" else {field: one.path}
        elif one.kind == "table":
            for number, row in enumerate(_rows(one, column or field, also), start=one.first):
                yield f"{one.name}:{number}", _named(row, one, field, column)
        else:
            for number, line in _lines(one):
                yield f"{one.name}:{number}", _of_line(line, one, field, column)


def _of_text(path: str) -> Any:
    try:
        return {"text": Path(path).read_text(encoding="utf-8-sig")}
    except OSError as error:
        return InputError(f"{path}: cannot be read ({error.strerror or one_line(error)})")
    except UnicodeDecodeError:
        return InputError(f"{path}: not UTF-8; convert it")


def _lines(one: Slice) -> Iterator[tuple[int, bytes]]:
    with open(one.path, "rb") as file:
        file.seek(one.start)
        place, number = one.start, one.first
        while place < one.stop and (line := file.readline()):
            if line.strip():
                yield number, line
            place, number = place + len(line), number + 1


def _of_line(line: bytes, one: Slice, field: str, column: str | None) -> Any:
    try:
        text = line.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")
        return {field: text} if one.kind == "text" else _named(json.loads(text), one, field, column)
    except UnicodeDecodeError:
        return InputError("not UTF-8; convert it")
    except (ValueError, RecursionError) as error:
        return InputError(f"not JSON ({one_line(error)}); give one object a line")


def _rows(one: Slice, column: str, also: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet file, of the row groups that hold them alone."""
    table = open_table(one.path)
    names = [name for name in (column, *also) if name in table.schema_arrow.names]
    before = 0
    for group in range(table.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        low, high = max(one.start - before, 0), min(one.stop - before, count)
        if low < high:
            found = table.read_row_group(group, columns=names).slice(low, high - low)
            yield from found.to_pylist() if names else ({} for _ in range(high - low))
        before += count


def content_of(row: dict[str, Any], column: str) -> Any:
    """What a column of a row holds, None for nothing.

    Hugging Face's data sets hold a picture or a recording as bytes, a path or both; it is then the bytes, or else the path.

    Example:
    >>> content_of({"image": {"bytes": None, "path": "a.png"}}, "image")
    'a.png'
    """
    content = row.get(column)
    if isinstance(content, dict) and content.keys() <= {"bytes", "path"}:
        content = content.get("path") if content.get("bytes") is None else content["bytes"]
    return content


def _named(row: Any, one: Slice, field: str, column: str | None) -> Any:
    """A row whose content is called `field`; a file that it names lies beside the table, unless the path says where."""
    name = column or field
    content = content_of(row, name) if isinstance(row, dict) else None
    if content is None:
        return InputError(f"has no {name!r}; give each record one, or say --column")
    if field != "text" and isinstance(content, str):
        content = os.path.join(os.path.dirname(one.path), content)
    return {**row, field: content}
