"""Presets by handle: the right one comes, whole and once; anything else is refused in one line and leaves nothing."""

import hashlib
import io
import os
import shutil
import tarfile
import threading
import time
import zipfile

import pytest
from fetching import PRESET, fetching, refusal
from helpers import contents, tiny_segmenter
from web_server import answer

from dilatednets.errors import InputError
from dilatednets.presets import handles
from dilatednets.zoo.context_segmenter import ContextSegmenter

pytest.importorskip("pooch")
pytestmark = pytest.mark.usefixtures("cache")


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(files, links=()):
    """A tar.gz of {name: content}, and of links by name."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return stream.getvalue()


def handle_of(server, content, name="tiny.zip"):
    """The handle of an archive that the server now has."""
    server.pages[f"/{name}"] = content
    return f"{server.address}/{name}#sha256={hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("top", ["", "tiny/"])
def test_an_archive_is_fetched_once(server, cache, pack, top, capsys):
    files = {f"{top}{name}": content for name, content in PRESET.items()} | {"__MACOSX/._config.json": b"attributes"}
    handle = handle_of(server, pack(files), "a b").replace("a b", "a%20b?download=1")  # its name tells nothing
    found = handles.fetch(handle)
    assert contents(found).items() >= PRESET.items() and found.is_relative_to(cache)
    assert list((cache / "partial").iterdir()) == [] and capsys.readouterr() == ("", "")
    server.stop()
    assert handles.fetch(handle) == found and server.requests == ["GET /a b"]
    elsewhere = handle.replace(server.address, "https://nowhere.invalid").replace("#sha256=", "#SHA256=")
    assert handles.fetch(elsewhere) == found  # the same content


def test_a_model_loads_by_its_handle(server, tmp_path):
    model = tiny_segmenter()
    model.save_to_preset(tmp_path / "tiny")
    trap = {"__init__.py": f"open({str(tmp_path / 'sprung')!r}, 'w')".encode()}
    loaded = ContextSegmenter.from_preset(handle_of(server, zipped(contents(tmp_path / "tiny") | trap)))
    assert loaded.get_config() == {**model.get_config(), "name": loaded.name}
    assert not (tmp_path / "sprung").exists()  # a preset is data


SUM = "#sha256=" + "0" * 64


@pytest.mark.parametrize(
    "handle",
    [
        *("https://host/tiny.zip", "https://host/tiny.zip#sha256=abc", f"https://host/tiny.zip{SUM}0"),
        *(f"http://host/tiny.zip{SUM}", f"http://localhost.evil.org/tiny.zip{SUM}", f"file:///tiny.zip{SUM}"),
        *(
            f"https:///tiny.zip{SUM}",
            f"https://host/a b{SUM}",
            f"https://host/\r\nX: y{SUM}",
            f"https://me:x@host/{SUM}",
        ),
        *("hf://tiny", "hf://owner/tiny", "hf://owner/tiny@", "hf://../tiny@v1", "hf://owner/tiny@../../x"),
    ],
)
def test_what_is_no_handle_is_refused(cache, handle):
    assert handles.is_handle(handle) and "not a handle; write https://HOST/PATH/NAME.zip#sha256=" in refusal(
        handle, cache
    )
    assert not cache.exists()


def silent(handler):
    answer(b"PK\3\4", length=100)(handler)
    time.sleep(0.6)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"something else", "does not match the known hash"),
        (answer(b"", 404), "(404 Client Error"),
        (answer(b"", 503), "(503 Server Error"),
        (answer(bytes(1000), length=2000), "IncompleteRead"),
        (silent, "timed out"),
        (answer(b"", 302, Location="/tiny.zip"), "redirects"),
    ],
)
def test_a_failed_download_leaves_nothing(server, cache, page, says):
    server.pages["/tiny.zip"] = page
    message = refusal(f"{server.address}/tiny.zip{SUM}", cache)
    assert message.startswith(f"{server.address}/tiny.zip: cannot be fetched (") and says in message
    server.stop()
    assert "Connection refused); check the address" in refusal(f"{server.address}/tiny.zip{SUM}", cache)


def test_a_redirection_is_followed_and_a_broken_download_tried_again(server):
    handle = handle_of(server, zipped(PRESET)).replace("tiny.zip", "latest.zip")
    pages = [answer(bytes(9), length=99), answer(b"", 302, Location="/tiny.zip")]
    server.pages["/latest.zip"] = lambda handler: pages.pop(0)(handler)
    assert contents(handles.fetch(handle)) == PRESET


BAD_ARCHIVES = {
    "tar: up": (tarred({**PRESET, "../evil": b"x"}), "'../evil' would be extracted to"),
    "tar: link out": (tarred(PRESET, [("card.json", "/etc/hostname")]), "link to an absolute path"),
    "tar: link within": (tarred(PRESET, [("card.json", "config.json")]), "holds a link"),
    "tar: truncated": (tarred({**PRESET, "golden.npz": os.urandom(9999)})[:-2000], "ended before"),
    "zip: truncated": (zipped(PRESET)[:-30], "File is not a zip file"),
    "zip: twisted": (zipped(PRESET).replace(b"PK\3\4", b"PK\3\5", 1), "Bad magic number"),
    "text": (b"<html>Please log in</html>", "File is not a zip file"),
    "no config": (zipped({"tiny/card.json": b"{}"}), "no config.json at its top or in one top folder"),
    "two presets": (zipped({"a/config.json": b"", "b/config.json": b""}), "no config.json at its top or in one"),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(server, cache, tmp_path, case):
    content, says = BAD_ARCHIVES[case]
    message = refusal(handle_of(server, content), cache)
    assert message.startswith(f"{server.address}/tiny.zip: ") and says in message
    assert list(tmp_path.iterdir()) == [cache]


def test_no_name_in_a_zip_leaves_its_folder_and_no_link_is_made(server, tmp_path, cache):
    link = zipfile.ZipInfo("card.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    found = handles.fetch(
        handle_of(server, zipped({**PRESET, "../evil": b"", "/tmp/evil": b"", link: b"/etc/hostname"}))
    )
    assert contents(found) == {**PRESET, "evil": b"", "tmp/evil": b"", "card.json": b"/etc/hostname"}
    assert list(tmp_path.iterdir()) == [cache] and not (found / "card.json").is_symlink()


def test_two_processes_do_not_harm_each_other(server, cache):
    content, both = zipped(PRESET), threading.Barrier(2)
    handle = handle_of(server, content)
    server.pages["/tiny.zip"] = lambda handler: (both.wait(30), answer(content)(handler))
    said = {process.communicate()[0].strip() for process in [fetching(handle), fetching(handle)]}
    assert len(server.requests) == 2 and said == {str(handles.fetch(handle))}
    assert contents(handles.fetch(handle)) == PRESET and list((cache / "partial").iterdir()) == []


def test_a_killed_fetch_leaves_nothing_that_is_used_and_goes_after_a_week(server, cache):
    content, half, over = zipped(PRESET), threading.Event(), threading.Event()
    handle = handle_of(server, content)

    def page(handler):
        answer(content[:50], length=len(content))(handler)
        half.set()
        over.wait(30)

    server.pages["/tiny.zip"] = page
    process = fetching(handle)
    assert half.wait(30)
    process.kill()
    process.communicate()
    over.set()
    (left,) = (cache / "partial").iterdir()
    assert list((cache / "archives").iterdir()) == []
    server.pages["/tiny.zip"] = content
    assert contents(handles.fetch(handle)) == PRESET and left.exists()
    os.utime(left, (0, time.time() - 8 * 24 * 3600))
    handles.fetch(handle_of(server, tarred(PRESET)))
    assert not left.exists()


@pytest.mark.parametrize("harm", ["cut", "change", "remove", "sums", "all"])
def test_a_damaged_cache_heals(server, cache, harm):
    handle = handle_of(server, zipped(PRESET))
    found = handles.fetch(handle)
    (found / ".DS_Store").write_text("a file manager's")
    weights, sums = found / "model.weights.h5", found.parent / "SHA256SUMS"
    do = {
        "cut": lambda: os.truncate(weights, 100),
        "change": lambda: weights.write_bytes(weights.read_bytes().replace(b"w", b"W")),
        "remove": weights.unlink,
        "sums": lambda: os.truncate(sums, 0),
        "all": lambda: shutil.rmtree(found),
    }
    assert handles.fetch(handle) == found and len(server.requests) == 1
    do[harm]()
    assert contents(handles.fetch(handle)) == PRESET and len(server.requests) == 2
    do[harm]()
    server.stop()
    with pytest.raises(InputError, match=r"tiny\.zip: cannot be fetched \(.*Connection refused\)"):
        handles.fetch(handle)


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("DILATEDNETS_CACHE", "~/mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert handles.cache_folder() == tmp_path / "home" / "mine"
    monkeypatch.setenv("DILATEDNETS_CACHE", "")
    assert handles.cache_folder() == tmp_path / "xdg" / "dilatednets"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert handles.cache_folder() == tmp_path / "home" / ".cache" / "dilatednets"


def test_a_cache_that_cannot_be_written_is_named(server, cache, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    handle = handle_of(server, zipped(PRESET))
    with monkeypatch.context() as patch, pytest.raises(InputError, match=r"\(No space .*; set DILATEDNETS_CACHE to"):
        patch.setattr(zipfile.ZipFile, "extractall", full)
        handles.fetch(handle)
    monkeypatch.setenv("DILATEDNETS_CACHE", "/dev/null")
    with pytest.raises(InputError, match=r"/dev/null: cannot be used \(.*\); set DILATEDNETS_CACHE to another folder"):
        handles.fetch(handle)
