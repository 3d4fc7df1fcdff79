"""Presets by handle: the right one comes, whole and once; anything else is refused in one line and leaves nothing."""

import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import types
import zipfile
from urllib.parse import unquote, urlsplit

import pytest
from helpers import CHECKOUT, tiny_segmenter

from dilatednets.errors import InputError
from dilatednets.presets import handles
from dilatednets.zoo.context_segmenter import ContextSegmenter

pytest.importorskip("pooch")
PRESET = {"config.json": b'{"class": "None"}', "model.weights.h5": b"weights" * 999, "README.md": b"# Tiny"}


class Server:
    """A web server in a thread. A page is its bytes, or a function that answers the request in its own way."""

    def __init__(self):
        self.pages, self.requests = {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                path = unquote(urlsplit(handler.path).path)
                self.requests.append(f"{handler.command} {path}")
                page = self.pages.get(path, lambda handler: handler.send_error(404))
                page(handler) if callable(page) else answer(page)(handler)

            do_HEAD = do_GET

            def log_message(handler, *arguments):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *arguments):  # the other side went away, as it should
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def answer(data, status=200, length=None, **headers):
    def page(handler):
        handler.send_response(status)
        for name, value in {"Content-Length": str(length or len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(data)

    return page


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DILATEDNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))  # before the next try
    monkeypatch.setattr(handles, "TIMEOUT", 0.3)
    return tmp_path / "cache"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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


def refusal(handle, cache):
    """The line with which a handle is refused; nothing is left of it."""
    with pytest.raises(InputError) as caught:
        handles.fetch(handle)
    assert "\n" not in str(caught.value)
    assert [path for path in cache.rglob("*") if path.name not in ("partial", "archives")] == []
    return str(caught.value)


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


def fetching(*handles, **settings):
    """A process of its own that fetches presets and prints where each is or why not."""
    code = """import sys; from dilatednets.presets import handles
for handle in sys.argv[1:]:
    try: print(handles.fetch(handle))
    except ValueError as error: print(error)"""
    command = [sys.executable, "-c", code, *handles]
    return subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | settings, stdout=subprocess.PIPE, text=True)


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


CARDED = PRESET | {"card.json": b'{"sha256": "%s"}' % hashlib.sha256(PRESET["model.weights.h5"]).hexdigest().encode()}
TAGGED, LATER = "1" * 40, "2" * 40


@pytest.fixture
def hub(server, tmp_path):
    """Fetches from a Hub that has owner/tiny; in a process of its own, since huggingface_hub reads its settings once."""
    pytest.importorskip("huggingface_hub")
    page = lambda content: answer(json.dumps(content).encode(), Content_Type="application/json")  # noqa: E731
    refs = {"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": LATER}], "converts": []}
    refs["tags"] = [{"name": "v1/a", "ref": "refs/tags/v1/a", "targetCommit": TAGGED}]
    held = {"tiny": PRESET | {"training.py": b"never fetched"}, "empty": {"README.md": b""}, "large": PRESET}
    held["carded"] = CARDED
    for name, files in held.items():
        api = f"/api/models/owner/{name}"
        server.pages[f"{api}/refs"] = page(refs)
        git = {path: hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() for path, data in files.items()}
        size = 10**9 if name == "large" else 1
        siblings = [{"rfilename": path, "size": size * len(data)} for path, data in files.items()]
        info = {"_id": "1", "id": f"owner/{name}", "sha": TAGGED, "siblings": siblings, "private": False, "tags": []}
        entries = [{"type": "file", "path": path, "size": len(files[path]), "oid": git[path]} for path in files]
        server.pages[f"{api}/tree/{TAGGED}"] = page(entries)
        for revision in ("v1/a", TAGGED):
            server.pages[f"{api}/revision/{revision}"] = page(info | {"downloads": 0, "likes": 0})
            for path, data in files.items():
                etag = {"ETag": f'"{git[path]}"', "X-Repo-Commit": TAGGED}
                server.pages[f"/owner/{name}/resolve/{revision}/{path}"] = answer(data, **etag)
    settings = {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home")}
    return lambda *handles, **more: fetching(*handles, **settings, **more).communicate()[0].splitlines()


def test_a_preset_comes_from_the_hub_and_stays_in_its_cache(hub, server, cache, tmp_path):
    snapshot = tmp_path / "home" / "hub" / "models--owner--tiny" / "snapshots" / TAGGED
    tag, commit = "hf://owner/tiny@v1/a", f"HF://owner/tiny@{TAGGED}"
    assert hub(tag, HF_HUB_OFFLINE="1")[0].startswith(f"{tag}: cannot be fetched (")
    assert hub(tag, commit) == 2 * [str(snapshot)] and contents(snapshot) == PRESET and not cache.exists()
    for name in ("model.weights.h5", "README.md"):
        (snapshot / name).resolve().write_bytes(b"damaged")
        assert hub(commit) == [str(snapshot)] and contents(snapshot) == PRESET
    server.requests.clear()
    assert hub(tag, commit, HF_HUB_OFFLINE="1") + hub(commit) == 3 * [str(snapshot)] and server.requests == []
    server.stop()
    assert hub(tag) == [str(snapshot)]
    (snapshot / "README.md").resolve().write_bytes(b"damaged")
    assert "cannot be fetched (" in hub(commit)[0]


def test_a_cache_of_copies_heals_faults(hub, tmp_path):
    """Where no links can be made, the Hub's cache holds plain files, whose names tell nothing of what is in them."""
    snapshot = tmp_path / "home" / "hub" / "models--owner--carded" / "snapshots" / TAGGED
    handle = f"hf://owner/carded@{TAGGED}"
    assert hub(handle) == [str(snapshot)]
    for name, left in (("model.weights.h5", 5), ("config.json", 0)):
        for path in snapshot.iterdir():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content[:left] if path.name == name else content)
        assert hub(handle) == [str(snapshot)] and contents(snapshot) == CARDED


def test_what_the_hub_does_not_have_is_refused(hub, server):
    refused = {
        "hf://owner/tiny@main": f"no tag, and a branch moves; write a tag, or hf://owner/tiny@{LATER}",
        "hf://owner/tiny@v2": "no tag, and a branch moves; write a tag, or hf://owner/tiny@<40 digits>",
        f"hf://owner/tiny@{LATER}": "cannot be fetched (",
        "hf://owner/none@v1": "cannot be fetched (",
        "hf://owner/empty@v1/a": "no config.json at its top",
        "hf://owner/large@v1/a": "bytes, a preset at most 2,147,483,648",
    }
    for message, (handle, says) in zip(hub(*refused), refused.items(), strict=True):
        assert message.startswith(f"{handle}: ") and says in message
    assert not any("weights" in request for request in server.requests)


def test_without_the_extra_the_cure_is_named(monkeypatch, cache):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "needs huggingface_hub; pip install 'dilatednets[hub]'" in refusal("hf://owner/tiny@v1", cache)
