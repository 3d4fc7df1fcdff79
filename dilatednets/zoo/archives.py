"""Archives of presets on the web: fetched within bounds, verified, and unpacked so that nothing in them can do harm."""

import errno
import gzip
import hashlib
import http.client
import stat
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any
from urllib.parse import urlsplit

from dilatednets import __version__
from dilatednets.errors import InputError, one_line

LARGEST_ARCHIVE = 2 * 2**30
LARGEST_FOLDER = 4 * 2**30
"""Bytes of an archive, packed and unpacked."""

MOST_ENTRIES = 1000
"""Files and folders in an archive."""

LARGEST_HEADER = 2**20
"""Bytes of what an archive says of its files: a zip's directory, a tar's headers before one file."""

TIMEOUT = 30.0
"""Seconds to wait for the next byte."""

_CHUNK = 2**16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_address(address: str, plain: bool = True) -> None:
    """Refuses an address from which nothing is fetched.

    Args:
        address: `https://`, or `http://` of this machine itself, where nobody listens on the way.
        plain: Whether the latter will do.

    Raises:
        InputError: for any other.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{address}: not an address ({error}); write https://HOST/PATH/NAME.zip") from error
    if not host or not address.isascii() or any(c <= " " for c in address):
        raise InputError(f"{address}: not an address; write https://HOST/PATH/NAME.zip, and %20 for a space")
    if parts.username is not None:
        raise InputError(
            f"{host}: an address with a user's name is not fetched; download the archive and give its folder"
        )
    if parts.scheme != "https" and not (plain and parts.scheme == "http" and host in _LOOPBACK):
        raise InputError(f"{address}: only https:// is fetched; http:// only from this machine (localhost)")


def download(address: str, digest: str, path: Path) -> None:
    """Fetches `address` to a new file.

    Args:
        address: See `check_address`; redirections must lead to such, and from https to https.
        digest: The file's SHA-256, hexadecimal.
        path: Where; after an error, what is there is of no use.

    Raises:
        InputError: if the network fails, or the file is too large, cut short or another.
    """
    found, received = hashlib.sha256(), 0
    too_large = f"{address}: larger than {LARGEST_ARCHIVE:,} bytes; no preset is, check the address"
    with _open(address) as response, open(path, "xb") as file:
        expected: int | None = response.length
        if expected is not None and expected > LARGEST_ARCHIVE:
            raise InputError(too_large)
        while chunk := _read(response, address):
            received += len(chunk)
            if received > LARGEST_ARCHIVE:
                raise InputError(too_large)
            found.update(chunk)
            file.write(chunk)
    if expected is not None and received < expected:
        raise InputError(f"{address}: broke off after {received:,} of {expected:,} bytes; try again")
    if found.hexdigest() != digest:
        raise InputError(
            f"{address}: has SHA-256 {found.hexdigest()}, not {digest}; it was changed or damaged, or the handle is wrong"
        )


class _Redirections(urllib.request.HTTPRedirectHandler):
    """Follows only to addresses that could have been given, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            check_address(newurl, plain=req.type == "http")
        except InputError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(address: str) -> Any:
    opener = urllib.request.build_opener(_Redirections)
    request = urllib.request.Request(address, headers={"User-Agent": f"dilatednets/{__version__}"})
    try:
        return opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(_unreachable(address, f"{error.code} {error.reason}")) from error
    except urllib.error.URLError as error:
        raise InputError(_unreachable(address, error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise InputError(_unreachable(address, error)) from error


def _read(response: Any, address: str) -> bytes:
    try:
        chunk: bytes = response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise InputError(f"{address}: broke off ({one_line(error)}); try again") from error
    return chunk


def _unreachable(address: str, reason: object) -> str:
    return f"{address}: cannot be fetched ({one_line(reason)}); check the address and the network, or give a folder"


def unpack(archive: Path, folder: Path, name: str) -> None:
    """Unpacks a zip or tar.gz: plain files and folders only, all of them below `folder`.

    Args:
        archive: The file; its first bytes tell which it is.
        folder: An empty folder; after an error, what is there is of no use.
        name: What errors call the archive.

    Raises:
        InputError: for a file that is no archive, is damaged or encrypted, or holds a link, a device, a path that leads
            elsewhere, or too much.
    """
    try:
        with open(archive, "rb") as file:
            start = file.read(4)
            file.seek(0)
            if start == b"PK\3\4":
                _write(_zip_entries(file), folder)
            elif start[:2] == b"\x1f\x8b":
                _write(_tar_entries(file), folder)
            else:
                raise InputError("neither a zip nor a tar.gz archive")
    except InputError as error:
        raise InputError(f"{name}: {error}; pack a preset's folder") from error
    except Exception as error:  # a crafted archive can fail anywhere in zipfile and tarfile
        of_the_archive = (None, errno.EINVAL, errno.ENAMETOOLONG)
        if isinstance(error, OSError) and error.errno not in of_the_archive:  # this machine's, such as a full disk
            raise
        raise InputError(f"{name}: cannot be unpacked ({one_line(error)}); pack a preset's folder again") from error


class _Frugal:
    """A file that gives no more than `left` bytes: crafted headers ask for as much memory as they like."""

    def __init__(self, file: Any) -> None:
        self.left: float = LARGEST_HEADER
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        most = self.left if size < 0 else min(size, self.left)
        data: bytes = self._file.read(size if most == size else int(most) + 1)
        self.left -= len(data)
        if self.left < 0:
            raise InputError("its headers are too large")
        return data


def _zip_entries(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """(path, the opened file, or None for a folder) of each entry."""
    frugal: Any = _Frugal(file)
    with zipfile.ZipFile(frugal) as archive:
        frugal.left = float("inf")
        for info in archive.infolist():
            if info.is_dir():
                yield info.filename, None
                continue
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                raise InputError(f"holds {info.filename!r}, a link or a device")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"holds {info.filename!r} in a rare compression; the usual one is needed")
            with archive.open(info) as content:
                yield info.filename, content


def _tar_entries(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """As `_zip_entries`."""
    with gzip.GzipFile(fileobj=file) as plain:
        frugal: Any = _Frugal(plain)
        with tarfile.open(fileobj=frugal, mode="r:") as archive:
            for member in archive:
                if not member.isreg() and not member.isdir():
                    raise InputError(f"holds {member.name!r}, a link or a device")
                if member.size > LARGEST_FOLDER:  # it would be passed over to reach the next header
                    raise InputError(f"larger than {LARGEST_FOLDER:,} bytes when unpacked")
                frugal.left = float("inf")
                yield member.name, archive.extractfile(member)
                frugal.left = LARGEST_HEADER


def _write(entries: Iterator[tuple[str, Any]], folder: Path) -> None:
    left = LARGEST_FOLDER
    for number, (name, content) in enumerate(entries):
        if number >= MOST_ENTRIES:
            raise InputError(f"holds more than {MOST_ENTRIES} files")
        path = folder / _inside(name)
        try:
            (path if content is None else path.parent).mkdir(parents=True, exist_ok=True)
            if content is None:
                continue
            with open(path, "xb") as target:
                while chunk := content.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise InputError(f"larger than {LARGEST_FOLDER:,} bytes when unpacked")
                    target.write(chunk)
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(f"holds {name!r} twice, or a file where it would be a folder") from error


def _inside(name: str) -> PurePosixPath:
    """An entry's path, if it leads down on every system."""
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.anchor or ".." in path.parts or len(path.parts) > 16:
            raise InputError(f"holds {name!r}, which leads out of its folder or too deep")
    return PurePosixPath(name)
