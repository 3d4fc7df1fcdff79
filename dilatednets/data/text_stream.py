"""Text from a file or a pipe, in pieces as they come."""

import codecs
from collections.abc import Iterator
from typing import IO

from dilatednets.data.columns import not_utf8
from dilatednets.errors import InputError

PIECE = 1 << 16
"""Bytes to ask for at once; a pipe gives what is there."""


def read_pieces(stream: IO[bytes], name: str) -> Iterator[str]:
    r"""The text of a stream, in bounded memory.

    Args:
        stream: A file or pipe open as bytes, such as `sys.stdin.buffer`, in UTF-8 with or without a byte order mark.
        name: What an error calls the stream.

    Yields:
        Pieces, cut anywhere; what comes before an error first.

    Raises:
        InputError: If there are bytes that are not UTF-8, or a NUL byte; it says where.

    Example:
    >>> import io
    >>> "".join(read_pieces(io.BytesIO("It\u2019s".encode()), "example"))
    'It\u2019s'
    """
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    decoder, mark, end = codecs.getincrementaldecoder("utf-8")(), "\ufeff", 0
    error = None
    while True:
        piece = read(PIECE)
        good, nul, _ = piece.partition(b"\0")
        end += len(good)
        try:
            text = decoder.decode(good, final=not piece)
        except UnicodeDecodeError as reason:
            error, text = reason, reason.object[: reason.start].decode()
        if text:
            yield text.removeprefix(mark)
            mark = ""
        if error:
            raise not_utf8(error, name, end - len(error.object)) from error
        if nul:
            raise InputError(f"{name}: a NUL byte at byte {end}; give plain text in UTF-8")
        if not piece:
            return
