"""Handles: presets from elsewhere, which name their content, so that they mean the same wherever and whenever they are used.

`https://HOST/PATH/NAME.zip#sha256=<64 hexadecimal digits>` is an archive (zip or tar.gz) of a preset's folder, and
`hf://OWNER/NAME@REVISION` a commit or a tag on the Hugging Face Hub. What was fetched once is kept in a cache and verified
when it is used again.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from dilatednets.errors import InputError, one_line
from dilatednets.files import replace_folder, sha256
from dilatednets.presets.layout import CARD, CONFIG, FILES, WEIGHTS

TIMEOUT = 30.0  # seconds to wait for the next byte
LARGEST = 2 * 2**30  # bytes of a preset on the Hub, whose handle says nothing of its size

# Plain HTTP from this machine only: others would see which model is fetched.
_ADDRESS = r"https://[^\s/#@]+/[^\s#]*|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?/[^\s#]*"
_WEB = re.compile(rf"(?i:({_ADDRESS})#sha256=([0-9a-f]{{64}}))", re.ASCII)
_HUB = re.compile(r"(?i:hf)://([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@([A-Za-z0-9][\w./+-]*)", re.ASCII)


def is_file(handle: Any) -> bool:
    """Whether it is a single file, which a family reads; nothing lies beside it."""
    return isinstance(handle, str | os.PathLike) and Path(handle).is_file()


def is_handle(text: str) -> bool:
    """Whether a text is meant as a handle, right or wrong.

    Args:
        text: What a user gave as a model.

    Example:
    >>> is_handle("hf://owner/name@v1"), is_handle("wavenet_digits"), is_handle("./folder")
    (True, False, False)
    """
    return re.match(r"[A-Za-z][\w+.-]+://", text) is not None  # two letters at least: one is a drive


def cache_folder() -> Path:
    """The folder of fetched archives: `$DILATEDNETS_CACHE`, or `dilatednets` in `$XDG_CACHE_HOME` or in `~/.cache`.

    Raises:
        InputError: If the user has no home folder and the variables name none.

    Example:
    >>> os.environ["DILATEDNETS_CACHE"] = "presets"
    >>> print(cache_folder())
    presets
    >>> del os.environ["DILATEDNETS_CACHE"]
    """
    own, common = os.environ.get("DILATEDNETS_CACHE"), os.environ.get("XDG_CACHE_HOME", "")
    try:
        if own:
            return Path(own).expanduser()
        return (Path(common) if os.path.isabs(common) else Path.home() / ".cache") / "dilatednets"
    except RuntimeError as error:
        raise InputError(f"no home folder to keep presets in ({error}); set DILATEDNETS_CACHE to a folder") from error


def fetch(handle: str) -> Path:
    """The folder of the preset that a handle names, in a cache; fetched unless it is there, whole and unchanged.

    Args:
        handle: An address with its SHA-256, or a commit or a tag on the Hub.

    Raises:
        InputError: If the handle is written wrongly, the preset cannot be fetched, is another than the handle says or is
            none, or the cache cannot be written.

    Example:
    >>> fetch("ftp://host/name.zip")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: 'ftp://host/name.zip': not a handle; write https://HOST/...hf://OWNER/NAME@REVISION...
    """
    if match := _WEB.fullmatch(handle):
        return _from_web(match[1], match[2].lower())
    if match := _HUB.fullmatch(handle):
        return _from_hub(handle, *match.groups())
    web = "https://HOST/PATH/NAME.zip#sha256=<64 digits, as `sha256sum NAME.zip` prints them>"
    raise InputError(f"{handle!r}: not a handle; write {web} or hf://OWNER/NAME@REVISION, a commit or a tag")


def _from_web(address: str, digest: str) -> Path:
    cache = cache_folder()
    partial, target = cache / "partial", cache / "archives" / digest
    sums, folder = target / "SHA256SUMS", target / "preset"
    try:
        if not sums.is_file() or sums.read_bytes() != _sums(folder):
            partial.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(exist_ok=True)
            for left in partial.iterdir():  # by a process that was killed: no fetch takes a week
                if left.exists() and time.time() - left.stat().st_mtime > 7 * 24 * 3600:
                    shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=partial, ignore_cleanup_errors=True) as work:
                new = Path(work) / digest
                _unpack(download(address, digest, work), new / folder.name, address)
                (new / sums.name).write_bytes(_sums(new / folder.name))
                replace_folder(new, target)
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise InputError(f"{cache}: cannot be used ({reason}); set DILATEDNETS_CACHE to another folder") from error
    return _top(folder, address)


def _sums(folder: Path) -> bytes:
    """What `sha256sum` prints of all files but hidden ones, which file managers leave."""
    paths = sorted(path for path in folder.rglob("[!.]*") if path.is_file())
    return b"".join(os.fsencode(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n") for path in paths)


def download(address: str, digest: str, folder: str) -> str:
    """Fetches a file into a folder, under the name `archive`, and returns its path.

    Args:
        address: Where it is on the web.
        digest: Its SHA-256, 64 hexadecimal digits.
        folder: An empty folder.

    Raises:
        InputError: If it cannot be fetched, or is another file.
    """
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel("WARNING")  # a command's standard error is for its own lines
    close = {"response": lambda response, **options: None if response.ok else response.close()}  # pooch does not
    get = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=2**20, timeout=TIMEOUT, hooks=close)
    known, urls = {"archive": f"sha256:{digest}"}, {"archive": address}
    archives = pooch.create(folder, "", registry=known, urls=urls, retry_if_failed=2)
    try:
        archive = Path(archives.fetch("archive", downloader=get))
    except (RequestException, ValueError) as error:
        reason: BaseException = error
        while reason.__context__:  # what the system said lies below what each library made of it
            reason = reason.__context__
        cure = "check the address, its SHA-256 and the network"
        raise InputError(f"{address}: cannot be fetched ({one_line(reason)}); {cure}") from error
    usual = archive.with_name("usual")  # pooch lets only the user read what it fetches; this has the mode of the umask
    usual.touch()
    archive.chmod(usual.stat().st_mode)
    usual.unlink()
    return str(archive)


def _unpack(archive: str, folder: Path, address: str) -> None:
    try:
        if tarfile.is_tarfile(archive):
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        else:
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(folder)  # which makes no links, and drops what in a name would lead out
        if any(path.is_symlink() for path in folder.rglob("*")):
            raise InputError("it holds a link")
    except Exception as error:  # what is no archive, or a damaged one, can fail anywhere in zipfile, tarfile and zlib
        if isinstance(error, OSError) and error.errno:  # this machine's, such as a full disk
            raise
        raise InputError(
            f"{address}: no zip or tar.gz of a preset ({one_line(error)}); pack its folder again"
        ) from error
    _top(folder, address)


def _top(folder: Path, address: str) -> Path:
    """The preset in what was unpacked."""
    tops = [top for top in (folder, *folder.iterdir()) if (top / CONFIG).is_file()]
    if len(tops) != 1:
        raise InputError(f"{address}: no {CONFIG} at its top or in one top folder; pack a preset's folder")
    return tops[0]


def _from_hub(handle: str, repository: str, revision: str) -> Path:
    """The snapshot in the Hub's own cache, which its other tools fill and share."""
    try:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.utils import disable_progress_bars
    except ImportError as error:
        raise InputError(f"{handle}: needs huggingface_hub; pip install 'dilatednets[hub]'") from error
    if not sys.stderr.isatty():
        disable_progress_bars()
    query: dict[str, Any] = {"repo_id": repository, "revision": revision, "allow_patterns": list(FILES)}
    folder, plain = None, []
    with contextlib.suppress(Exception):  # its own: there is no snapshot, or not all of it
        cached = Path(snapshot_download(**query, local_files_only=True))
        plain = [path for path in map(cached.joinpath, FILES) if path.is_file() and not path.is_symlink()]
        if (cached / CONFIG).is_file() and all(_is_intact(cached / name) for name in FILES) and _are_of_card(cached):
            folder = cached
    try:
        if not re.fullmatch("[0-9a-f]{40}", revision):
            refs = HfApi().list_repo_refs(repository)
            if revision not in [tag.name for tag in refs.tags]:
                commit = {branch.name: branch.target_commit for branch in refs.branches}.get(revision, "<40 digits>")
                raise InputError(f"{handle}: no tag, and a branch moves; write a tag, or hf://{repository}@{commit}")
        if folder is None:
            files = HfApi().model_info(repository, revision=revision, files_metadata=True).siblings or []
            size = sum(file.size or 0 for file in files if file.rfilename in FILES)
            if size > LARGEST:
                raise InputError(f"{handle}: has {size:,} bytes, a preset at most {LARGEST:,}; check the handle")
            for path in plain:  # which it would take for whole
                path.unlink()
            folder = Path(snapshot_download(**query, force_download=True))  # over what is there, but damaged
    except InputError:
        raise
    except Exception as error:  # its own, and of the HTTP library of its version
        if folder is None or revision == "main":  # without a network, only this name is known to be a branch
            message = f"{handle}: cannot be fetched ({one_line(error)}); check the network, and write a commit or a tag"
            raise InputError(message) from error
    if not (folder / CONFIG).is_file():
        raise InputError(f"{handle}: no {CONFIG} at its top; a preset's files are {', '.join(FILES)}")
    return folder


def _is_intact(path: Path) -> bool:
    """Whether a file of the Hub's cache is what it was: there it is a link to one named by its SHA-256 or Git's SHA-1."""
    if not path.is_symlink():
        return True
    blob = path.resolve()
    data = blob.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data)
    return blob.name in (hashlib.sha256(data).hexdigest(), git.hexdigest())


def _are_of_card(folder: Path) -> bool:
    """Whether weights are there, and those that the card names: where no links can be made, the cache itself cannot tell."""
    config, card = (json.loads(path.read_bytes()) if path.exists() else {} for path in (folder / CONFIG, folder / CARD))
    return bool(config) and sha256(folder / WEIGHTS) == card.get("sha256", sha256(folder / WEIGHTS))
