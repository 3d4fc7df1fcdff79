"""What is said in the recordings of a folder, and by whom: told by folders, by names of files, or by a `metadata.csv`."""

import re
from pathlib import Path
from typing import NamedTuple

from dilatednets.data.audio_folder import note_of
from dilatednets.data.sound_formats import SUFFIXES
from dilatednets.data.splits import is_run
from dilatednets.errors import InputError
from dilatednets.folders import files_below

METADATA = "metadata.csv"
FIELDS = ("word", "speaker")
LAYOUT = "DIR/LABEL/*.wav, names that data.pattern reads, or DIR/metadata.csv of lines id|text beside DIR/wavs/id.wav"


class Labelled(NamedTuple):
    """A file, its path below the folder without the suffix, and what is known of it; "" is what is not said."""

    path: Path
    name: str
    word: str = ""
    speaker: str = ""


def labelled(
    root: Path, words: bool, pattern: str = "", speakers: bool = True, parts: tuple[Path, ...] = ()
) -> list[Labelled]:
    """The recordings of a folder and of those in it, in order of name.

    With a pattern, names of files say word and speaker. Else the folders are speakers where words do not matter; a single
    one is none. Else, if there is a `metadata.csv`, its lines say the word: `id|text` or `id|text|text in plain words`, as
    LJ Speech has them. Else the folder that a recording lies in is its word.

    Args:
        root: The folder.
        words: Whether it matters what is said.
        pattern: Paths below `root`, without the suffix: "{word}_{speaker}_{}", where {} stands for anything.
        speakers: Whether it matters who speaks. Else folders may lie in folders, and the outermost are taken for it.
        parts: Where splits have folders of their own, all of them, of which `root` is one: these may share a `metadata.csv`.

    Raises:
        InputError: for a folder without recordings, a name that does not fit the pattern, a line without a recording, a
            recording without a line, a folder or a word, or in a folder of a folder.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> labelled(sample("spoken_digits"), words=True, pattern="recordings/{word}_{speaker}_{}")[0][1:]
    ('recordings/0_jackson_10', '0', 'jackson')
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the layout is {LAYOUT}")
    files, others = _files(root)
    if not files:
        raise InputError(f"{root}: holds no recordings; the layout is {LAYOUT}")
    table = None if pattern or not words else _table(root, parts, others)
    note_of(others, "not used, since it is no recording")
    if pattern:
        return _by_pattern(files, pattern, words)
    together = [one for part in parts for one in _files(part)[0]] or files
    if table is not None:
        return _by_table(files, table, files if table.parent == root else together)
    if words:
        return [one._replace(word=_folder_of(one, "word")) for one in files]
    if len({one.name.rpartition("/")[0] for one in together}) == 1:
        return files
    return [one._replace(speaker=_folder_of(one, "speaker", strictly=speakers)) for one in files]


def _table(root: Path, parts: tuple[Path, ...], others: list[Path]) -> Path | None:
    """The table of words, if there is one, of a folder alone, or of all parts."""
    own, shared = root / METADATA, root.parent / METADATA
    if parts and shared.is_file():
        for part in parts:
            if (part / METADATA).is_file():
                raise InputError(f"{part / METADATA}: {shared} is for all splits; remove one of them")
        return shared
    if own.is_file():
        return own
    for one in others:
        if one.stem.lower() == "metadata" and one.suffix.lower() in (".csv", ".tsv", ".txt"):
            raise InputError(f"{one}: is no table of words where it lies; that is {own}; move or remove it")
    return None


def _folder_of(one: Labelled, field: str, strictly: bool = True) -> str:
    """The folder that says the word or the speaker of a recording."""
    folder, *below = one.name.split("/")
    if strictly and not below:
        raise InputError(f"{one.path}: no folder says its {field}; the layout is {LAYOUT}")
    if strictly and len(below) > 1:
        deep = "/{}" * len(below)
        words = f"lies in folders in folders, any of which may be its {field}"
        cure = f'data.pattern = "{{{field}}}{deep}"' + (f', or "{{}}{deep}" for none' if field == "speaker" else "")
        raise InputError(f"{one.path}: {words}; say which, as {cure}")
    if field == "word" and folder.lower() == "wavs":
        raise InputError(
            f"{one.path}: no table says its word; put {METADATA} beside {folder}, or name that by its word"
        )
    return folder if below else ""


def _files(root: Path) -> tuple[list[Labelled], list[Path]]:
    """The recordings of a folder, and its other files but for the table."""
    found: dict[str, Labelled] = {}
    others = []
    for path in files_below(root):
        below = path.relative_to(root)
        if path.parent.name == "samples" and is_run(path.parent.parent):  # what a net said is no recording
            continue
        name = below.with_suffix("").as_posix()
        if path.suffix.lower() not in SUFFIXES:
            others += [] if below.as_posix() == METADATA else [path]
        elif name in found:
            raise InputError(f"{path}: is there as {found[name].path.name}, too; remove one of them")
        else:
            found[name] = Labelled(path, name)
    return list(found.values()), others


def _by_pattern(files: list[Labelled], pattern: str, words: bool) -> list[Labelled]:
    first, last = _expressions(pattern, words)
    known = []
    for one in files:
        readings = [match.groupdict() for match in (first.fullmatch(one.name), last.fullmatch(one.name)) if match]
        if not readings:
            raise InputError(
                f"{one.path}: does not fit data.pattern, {pattern!r}; rename it, remove it, or change that"
            )
        said, other = readings
        if said != other:
            ways = " and with ".join(", ".join(f"{name} {value!r}" for name, value in way.items()) for way in readings)
            cure = "rename it, or say more of the name there, such as another _{}"
            raise InputError(f"{one.path}: fits data.pattern, {pattern!r}, in two ways, with {ways}; {cure}")
        known.append(one._replace(word=said.get("word", ""), speaker=said.get("speaker", "")))
    return known


def _expressions(pattern: str, words: bool) -> list[re.Pattern[str]]:
    """What fits a pattern, with all that comes first as short as possible, and as long; one reading, if both agree."""
    parts = re.split(r"(\{.*?\})", pattern)
    fields = [part[1:-1] for part in parts if part.startswith("{") and part != "{}"]
    wrong = [field for field in fields if field not in FIELDS or fields.count(field) > 1]
    if wrong:
        raise InputError(f"data.pattern: {{{wrong[0]}}}: may hold {{word}} and {{speaker}} once each, and {{}}")
    if words and "word" not in fields:
        raise InputError(f"data.pattern: {pattern!r} holds no {{word}}; say where in a name the word is")
    ways = []
    for much in ("?", ""):
        named = {"{}": f"[^/]*{much}", **{f"{{{field}}}": f"(?P<{field}>[^/]+{much})" for field in fields}}
        ways.append(re.compile("".join(named.get(part) or re.escape(part) for part in parts)))
    return ways


def _by_table(files: list[Labelled], table: Path, together: list[Labelled]) -> list[Labelled]:
    """Recordings with their words, in a table of all recordings together."""
    texts: dict[str, str] = {}
    try:
        lines = table.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise InputError(f"{table}: cannot be read as UTF-8 text; save it so") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            name, *columns = (part.strip() for part in line.split("|"))
            if not columns or not name:
                raise InputError(f"{table}: line {number} is not id|text; correct it")
            if name in texts:
                raise InputError(f"{table}: line {number}: there is a line of {name} before; remove one of them")
            texts[name] = next(filter(None, reversed(columns[:2])), "")
    by_id = {one.path.stem: one for one in together}
    for one in together:
        if by_id[one.path.stem].path != one.path:
            raise InputError(f"{one.path}: has the id of {by_id[one.path.stem].path}, too; rename one of them")
        if one.path.stem not in texts:
            raise InputError(
                f"{one.path}: has no line in {table}; add one that begins with {one.path.stem}|, or remove it"
            )
        if not texts[one.path.stem]:
            raise InputError(f"{table}: the line of {one.path.stem} says no text; add it")
    for name in texts:
        if name not in by_id:
            raise InputError(f"{table}: {name} has no recording, such as wavs/{name}.wav; add it, or remove the line")
    return [one._replace(word=texts[one.path.stem]) for one in files]
