"""What a browser sends when a form is filled in, as values of a page's fields."""

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

from dilatednets.errors import InputError
from dilatednets.pages import Choice, Field, File, Number

LONGEST_NAME = 140
"""Bytes of a file's name that are kept, from its end: of 255 that most file systems allow, and 143 that some do."""


class Part(NamedTuple):
    """What was sent for a field: its bytes, and of a file the name."""

    data: bytes
    file: str | None = None


def parts(content_type: str, body: bytes) -> dict[str, Part]:
    r"""The parts of a form, by name.

    Args:
        content_type: That of the request, "multipart/form-data" with its boundary.
        body: The whole of it.

    Raises:
        InputError: for something else.

    Reference:
        RFC 7578.

    Example:
    >>> body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\ntwo\r\n--x--\r\n'
    >>> parts("multipart/form-data; boundary=x", body)
    {'text': Part(data=b'two', file=None)}
    """
    form = _head("Content-Type", content_type)
    boundary = form.get_boundary()
    if form.get_content_type() != "multipart/form-data" or not boundary:
        raise InputError("the form: is not multipart/form-data; send it from this page")
    found = {}
    first, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("utf-8", "replace"))
    if first or not pieces or not pieces[-1].startswith(b"--"):
        raise InputError("the form: came in incomplete; send it again")
    for piece in pieces[:-1]:
        heads, blank, data = piece.partition(b"\r\n\r\n")
        lines = re.findall(r"(?im)^content-disposition:(.*?)\r?$", heads.decode("utf-8", "replace"))
        if not blank or len(lines) != 1:
            raise InputError("the form: has a part without a name; send it from this page")
        said = _head("Content-Disposition", lines[0])
        found[str(said.get_param("name", "", "Content-Disposition"))] = Part(data, said.get_filename())
    return found


def values(fields: Sequence[Field], sent: Mapping[str, Part], folder: Path) -> dict[str, Any]:
    """Values of fields, by name.

    Args:
        fields: Those of the page.
        sent: What came in; what is missing is empty.
        folder: Where files are put.

    Raises:
        InputError: for a value that cannot be the field's.
    """
    return {field.name: _value(field, sent.get(field.name, Part(b"")), folder) for field in fields}


def _value(field: Field, sent: Part, folder: Path) -> Any:
    if isinstance(field, File):
        if sent.file:
            return _kept(sent, folder / field.name)
        if field.example is None and field.needed:
            raise InputError(f"{field.name}: no file was chosen; choose one that ends in {', '.join(field.suffixes)}")
        return field.example
    try:
        text = sent.data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{field.name}: is no text in UTF-8; type it anew") from error
    if isinstance(field, Number):
        return _number(field, text.strip())
    if isinstance(field, Choice) and text not in field.choices:
        raise InputError(f"{field.name}: there is no {text!r}; choose one of {', '.join(field.choices)}")
    return text


def _number(field: Number, text: str) -> float | None:
    if not text and field.value is None:
        return None
    whole = not isinstance(field.value, float)
    with suppress(ValueError, OverflowError):
        number = int(text) if whole else float(text)
        if math.isfinite(number):
            return number
    raise InputError(f"{field.name}: must be a{' whole' * whole} number, not {text[:50]!r}")


def _kept(sent: Part, folder: Path) -> Path:
    """Writes a file under its own name, which is that of no other folder, so that messages name it."""
    name = re.sub(r"[^\w .()+-]", "_", re.split(r"[/\\]", sent.file or "")[-1])
    name = name.encode()[-LONGEST_NAME:].decode(errors="ignore").lstrip(".")
    folder.mkdir()
    path = folder / (name or "file")
    path.write_bytes(sent.data)
    return path


def _head(name: str, value: str) -> Message:
    message = Message()
    message[name] = " ".join(value.split())
    return message
