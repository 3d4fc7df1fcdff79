"""Handles: presets from elsewhere, which name their content, so that they mean the same wherever and whenever they are used.

`https://HOST/PATH/NAME.zip#sha256=<64 hexadecimal digits>` is an archive (zip or tar.gz) of a preset's folder, and
`hf://OWNER/NAME@REVISION` a commit or a tag on the Hugging Face Hub. What was fetched once is kept in a cache.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from dilatednets.errors import InputError, one_line
from dilatednets.zoo import archives
from dilatednets.zoo.presets import CARD, CONFIG, RECIPE, WEIGHTS

FILES = (CONFIG, WEIGHTS, CARD, RECIPE, "golden.npz", "README.md")
"""What is fetched from the Hub; an archive is unpacked whole."""

WEB = "https://HOST/PATH/NAME.zip#sha256=<64 hexadecimal digits>"
HUB = "hf://OWNER/NAME@REVISION"

_SCHEME = re.compile(r"[A-Za-z][\w+.-]+://")  # two letters at least: one is a drive
_HUB = re.compile(r"(?i:hf)://([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w./+-]*)?)?", re.ASCII)
_LEFT_OVER = 7 * 24 * 3600
"""Seconds after which what an interrupted fetch left is removed; none takes as long."""


def is_handle(text: str) -> bool:
    """Whether it is meant for one, right or wrong.

    Example:
    >>> is_handle("hf://owner/name@v1"), is_handle("wavenet_digits"), is_handle("./folder")
    (True, False, False)
    """
    return _SCHEME.match(text) is not None


def cache_folder() -> Path:
    """`$DILATEDNETS_CACHE`, or `dilatednets` in `$XDG_CACHE_HOME` or in `~/.cache`."""
    own, common = os.environ.get("DILATEDNETS_CACHE"), os.environ.get("XDG_CACHE_HOME", "")
    try:
        if own:
            return Path(own).expanduser()
        return (Path(common) if os.path.isabs(common) else Path.home() / ".cache") / "dilatednets"
    except RuntimeError as error:
        raise InputError(f"no home folder to keep presets in ({error}); set DILATEDNETS_CACHE to a folder") from error


def fetch(handle: str) -> Path:
    """The folder of the preset that a handle names, in the cache; fetched unless it is there.

    It comes into the cache whole or not at all, also if this process is killed or others fetch it at the same time.

    Raises:
        InputError: for a handle that is not written as above; if the preset cannot be fetched, is another than the handle
            says, or is none; if the cache cannot be written.

    Example:
    >>> fetch("ftp://host/name.zip")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: ftp://host/name.zip: not a handle; write https://HOST/...hf://OWNER/NAME@REVISION
    """
    scheme = handle.partition(":")[0].lower()
    if scheme == "hf":
        return _from_hub(handle)
    if scheme in ("https", "http"):
        return _from_web(handle)
    raise InputError(f"{handle}: not a handle; write {WEB} or {HUB}")


def _from_web(handle: str) -> Path:
    address, _, fragment = handle.partition("#")
    archives.check_address(address)
    match = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment.lower(), re.ASCII)
    if match is None:
        wrong = "its SHA-256 is malformed" if fragment else "no SHA-256"
        raise InputError(f"{handle}: {wrong}; write {WEB}, the digits as `sha256sum NAME.zip` prints them")
    digest = match[1]

    def get(work: Path) -> Path:
        archive, folder = work / "archive", work / "folder"
        folder.mkdir()
        archives.download(address, digest, archive)
        archives.unpack(archive, folder, address)
        if (folder / CONFIG).is_file():
            return folder
        tops = [top for top in folder.iterdir() if (top / CONFIG).is_file()]
        if len(tops) != 1:
            raise InputError(f"{address}: no {CONFIG} at its top or in one top folder; pack a preset's folder")
        return tops[0]

    return _cached(cache_folder() / "archives" / digest, get)


def _from_hub(handle: str) -> Path:
    match = _HUB.fullmatch(handle)
    if match is None:
        raise InputError(f"{handle}: not a handle; write {HUB}")
    repository, revision = match.groups()
    if not revision:
        raise InputError(f"{handle}: no revision; write {HUB}, a commit or a tag, which does not move as a branch does")

    def get(work: Path) -> Path:
        snapshot, folder = work / "snapshot", work / "folder"
        _snapshot(handle, repository, revision, snapshot)
        if not (snapshot / CONFIG).is_file():
            raise InputError(f"{handle}: no {CONFIG} at its top; a preset's files are {', '.join(FILES)}")
        folder.mkdir()
        for name in FILES:  # without the Hub's own notes
            if (snapshot / name).is_file():
                os.rename(snapshot / name, folder / name)
        return folder

    return _cached(cache_folder() / "hub" / repository / quote(revision, safe=""), get)


def _snapshot(handle: str, repository: str, revision: str, folder: Path) -> None:
    """Fetches a preset's files from the Hub."""
    try:
        import huggingface_hub
    except ImportError as error:
        raise InputError(f"{handle}: needs huggingface_hub; pip install 'dilatednets[hub]'") from error
    try:
        if not re.fullmatch("[0-9a-f]{40}", revision):
            refs = huggingface_hub.HfApi().list_repo_refs(repository)
            branches = {branch.name: branch.target_commit for branch in refs.branches}
            if revision in branches:
                raise InputError(
                    f"{handle}: {revision} is a branch, which moves; as it is now it is hf://{repository}@{branches[revision]}"
                )
            if revision not in {tag.name for tag in refs.tags}:
                raise InputError(f"{handle}: has no tag {revision}; write a tag, or all 40 digits of a commit")
        huggingface_hub.snapshot_download(
            repository,
            revision=revision,
            allow_patterns=list(FILES),
            local_dir=folder,
            cache_dir=folder.with_name("refs"),
        )
    except InputError:
        raise
    except Exception as error:  # of its own, and of the HTTP library of its version
        raise InputError(
            f"{handle}: cannot be fetched ({one_line(error)}); check the handle and the network"
        ) from error


def _cached(target: Path, get: Callable[[Path], Path]) -> Path:
    """`target`; if there is none, the folder that `get` makes in the folder given to it becomes it, by renaming."""
    if target.is_dir():
        return target
    partial = cache_folder() / "partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        _tidy(partial)
        with tempfile.TemporaryDirectory(dir=partial, ignore_cleanup_errors=True) as work:
            made = get(Path(work))
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(made, target)
            except OSError:
                if not target.is_dir():  # else another process was faster, with the same content
                    raise
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{target}: cannot write there ({reason}); set DILATEDNETS_CACHE to another folder") from error
    return target


def _tidy(partial: Path) -> None:
    for folder in partial.iterdir():
        try:
            old = time.time() - folder.stat().st_mtime > _LEFT_OVER
        except OSError:  # its process has just removed it
            continue
        if old:
            shutil.rmtree(folder, ignore_errors=True)
