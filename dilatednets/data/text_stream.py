"""Text from a file or a pipe, in pieces as they come."""

import codecs
from collections.abc import Iterator
from typing import IO

from dilatednets.data.columns import not_utf8
from dilatednets.errors import InputError

PIECE = 1 << 16
"""Bytes read at once; of a pipe, what is there."""


def read_pieces(stream: IO[bytes], name: str) -> Iterator[str]:
    r"""The text of a stream, in bounded memory.

    Args:
        stream: Open as bytes, such as `sys.stdin.buffer`; UTF-8, with or without a byte order mark.
        name: Said when something is wrong.

    Yields:
        Pieces, cut anywhere; what comes before an error first.

    Raises:
        InputError: for bytes that are not UTF-8, and for a NUL byte, telling where.

    Example:
    >>> import io
    >>> "".join(read_pieces(io.BytesIO("It\u2019s".encode()), "example"))
    'It\u2019s'
    """
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    pending, offset = b"", 0  # bytes of an unfinished character, and where they begin
    while True:
        piece = read(PIECE)
        raw = pending + piece
        nul = raw.find(b"\0")
        good = raw if nul < 0 else raw[:nul]
        try:
            text, used = codecs.utf_8_decode(good, "strict", not piece)
        except UnicodeDecodeError as error:
            text = good[: error.start].decode("utf-8")
            yield text.removeprefix("\ufeff") if offset == 0 else text
            raise not_utf8(error, good, name, offset) from error
        if text:
            yield text.removeprefix("\ufeff") if offset == 0 else text
        if nul >= 0:
            raise InputError(f"{name}: a NUL byte at byte {offset + nul}; give plain text in UTF-8")
        if not piece:
            return
        pending, offset = raw[used:], offset + used
