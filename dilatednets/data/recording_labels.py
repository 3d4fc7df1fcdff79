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


def labelled(root: Path, words: bool, pattern: str = "") -> list[Labelled]:
    """The recordings of a folder and of those in it, in order of name.

    With a pattern, names of files say word and speaker. Else, if there is a `metadata.csv`, its lines say the word:
    `id|text` or `id|text|text in plain words`, as LJ Speech has them. Else the folder that a recording lies in is its word,
    or its speaker where words do not matter; a single folder is no speaker.

    Args:
        root: The folder.
        words: Whether it matters what is said.
        pattern: Paths below `root`, without the suffix: "{word}_{speaker}_{}", where {} stands for anything.

    Raises:
        InputError: for a folder without recordings, a name that does not fit the pattern, a line without a recording, or a
            recording without a line, a folder or a word.

    Example:
    >>> from dilatednets.data.samples import sample
    >>> labelled(sample("spoken_digits"), words=True, pattern="recordings/{word}_{speaker}_{}")[0][1:]
    ('recordings/0_jackson_10', '0', 'jackson')
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the layout is {LAYOUT}")
    files = _files(root)
    table = root / METADATA
    if pattern:
        return _by_pattern(files, pattern, words)
    if table.is_file():
        return _by_table(files, table, words)
    folders = {one.name.rpartition("/")[0] for one in files}
    if words:
        for one in files:
            if "/" not in one.name:
                raise InputError(f"{one.path}: no folder says its word; the layout is {LAYOUT}")
        return [one._replace(word=one.path.parent.name) for one in files]
    return [one._replace(speaker=one.path.parent.name) for one in files] if len(folders) > 1 else files


def _files(root: Path) -> list[Labelled]:
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
    if not found:
        raise InputError(f"{root}: holds no recordings; the layout is {LAYOUT}")
    note_of(others, "not used, since it is no recording")
    return list(found.values())


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


def _by_table(files: list[Labelled], table: Path, words: bool) -> list[Labelled]:
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
    known, by_id = [], {one.path.stem: one for one in files}
    for one in files:
        if by_id[one.path.stem] != one:
            raise InputError(f"{one.path}: has the id of {by_id[one.path.stem].path}, too; rename one of them")
        if one.path.stem not in texts:
            raise InputError(
                f"{one.path}: has no line in {table}; add one that begins with {one.path.stem}|, or remove it"
            )
        if words and not texts[one.path.stem]:
            raise InputError(f"{table}: the line of {one.path.stem} says no text; add it")
        known.append(one._replace(word=texts[one.path.stem]))
    for name in texts:
        if name not in by_id:
            raise InputError(f"{table}: {name} has no recording, such as wavs/{name}.wav; add it, or remove the line")
    return known
