"""Presets by handle: the right one comes, whole and once; anything else is refused in one line and leaves nothing."""

import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from conftest import CHECKOUT, tiny_chunker, tiny_segmenter
from keras import ops

from dilatednets.cli.main import main
from dilatednets.data.columns import TaggedSentence, column_lines
from dilatednets.errors import InputError
from dilatednets.training import chunking, fit
from dilatednets.training.recipe import read_recipe, recipe_toml
from dilatednets.zoo import archives, handles, model_card, presets
from dilatednets.zoo.context_segmenter import ContextSegmenter

NO_DIGEST = "0" * 64


class Server:
    """A web server in a thread. A page is its bytes, or a function that answers the request in its own way."""

    def __init__(self, context=None):
        self.pages, self.requests = {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                path = unquote(urlsplit(handler.path).path)
                self.requests.append(f"{handler.command} {path}")
                page = self.pages.get(path)
                if page is None:
                    handler.send_error(404)
                elif callable(page):
                    page(handler)
                else:
                    begin(handler, len(page))
                    if handler.command == "GET":
                        handler.wfile.write(page)

            do_HEAD = do_GET

            def log_message(handler, *arguments):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *arguments):  # the other side went away, as it should
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.address = f"{'https' if context else 'http'}://{self.host}"
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def begin(handler, length=None, status=200, **headers):
    handler.send_response(status)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DILATEDNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    tiny_segmenter().save_to_preset(folder)
    return folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def zipped(files):
    """A zip of {name or ZipInfo: content}."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(files, folder=""):
    """A tar.gz of {name: content or TarInfo}, and of a folder before them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        if folder:
            made = tarfile.TarInfo(folder)
            made.type = tarfile.DIRTYPE
            archive.addfile(made)
        for name, content in files.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            data = b"" if isinstance(content, tarfile.TarInfo) else content
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def handle_of(server, content, name="tiny.zip"):
    """The handle of an archive that the server now has."""
    server.pages[f"/{name}"] = content
    return f"{server.address}/{name}#sha256={hashlib.sha256(content).hexdigest()}"


def refusal(handle, cache):
    """The line with which a handle is refused; nothing is left of it."""
    with pytest.raises(InputError) as caught:
        presets.find(handle)
    assert "\n" not in str(caught.value)
    assert [path for path in cache.rglob("*") if path.name not in ("partial", "archives", "hub")] == []
    return str(caught.value)


LAYOUTS = {
    "zip": lambda files: zipped(files),
    "zip of a folder": lambda files: zipped({"tiny/": b"", **{f"tiny/{name}": data for name, data in files.items()}}),
    "zip of a Mac": lambda files: zipped(
        {**{f"tiny/{name}": data for name, data in files.items()}, "__MACOSX/tiny/._config.json": b"attributes"}
    ),
    "tar": lambda files: tarred({f"./{name}": data for name, data in files.items()}, "."),
    "tar of a folder": lambda files: tarred({f"tiny/{name}": data for name, data in files.items()}, "tiny"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_archive_is_fetched_once(server, cache, folder, layout):
    handle = handle_of(server, LAYOUTS[layout](contents(folder)), "a b")
    handle = handle.replace("a b", "a%20b?download=1")  # what an archive is does not depend on its name
    found = presets.find(handle)
    assert contents(found) == contents(folder) and found.is_relative_to(cache)
    assert found.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 | 0o755
    assert list((cache / "partial").iterdir()) == []
    server.stop()
    assert presets.find(handle) == found and server.requests == ["GET /a b"]
    elsewhere = handle.replace(server.address, "https://nowhere.invalid").replace("#sha256=", "#SHA256=")
    assert presets.find(elsewhere) == found  # the same content


def test_a_handle_loads_and_is_described(server, folder, capsys):
    handle = handle_of(server, zipped(contents(folder)))
    model = ContextSegmenter.from_preset(handle)
    assert model_card.golden_error(model, folder) == 0
    assert presets.card(handle) == presets.card(folder) and presets.class_name(handle) == "ContextSegmenter"
    assert main(["describe", handle, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"model": handle, **model.describe()}
    assert main(["describe", handle.replace("#", "#x")]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1 and "its SHA-256 is malformed" in printed


SENTENCE = TaggedSentence(("the", "dog", "works"), ("B-NP", "I-NP", "B-VP"))


@pytest.fixture
def chunking_recipe(server, tmp_path):
    """A recipe that starts from a handle."""
    tiny_chunker(pos="none").save_to_preset(tmp_path / "tiny")
    handle = handle_of(server, tarred(contents(tmp_path / "tiny")), "tiny.tgz")
    recipe = 'name = "a"\nmodel = "TCNChunker"\n[data]\nreader = "columns"\n[training]\nepochs = 1\n'
    (tmp_path / "recipe.toml").write_text(recipe)
    return read_recipe(tmp_path / "recipe.toml", [f"init={handle}"])


def test_a_recipe_starts_from_a_handle_and_keeps_it(server, chunking_recipe, tmp_path):
    (tmp_path / "kept.toml").write_text(recipe_toml(chunking_recipe))
    kept = read_recipe(tmp_path / "kept.toml")
    assert kept == chunking_recipe and kept.init.startswith(f"{server.address}/tiny.tgz#sha256=")
    models = [chunking.build_model(kept, [SENTENCE])]
    server.stop()
    models.append(chunking.build_model(kept, [SENTENCE]))
    trained = tiny_chunker(pos="none")
    for model in models:
        assert model.features.words[:7] == trained.features.words
        for one, other in zip(model.blocks[0].weights, trained.blocks[0].weights, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other))


@pytest.mark.slow
def test_a_run_starts_from_a_handle_and_goes_on_without_the_network(server, chunking_recipe, tmp_path):
    (tmp_path / "data").mkdir()
    for split in ("train", "val"):
        (tmp_path / "data" / f"{split}.txt").write_text(2 * column_lines(SENTENCE, ("word", "tag")))
    run = tmp_path / "run"
    fit.train(chunking_recipe, str(tmp_path / "data"), str(run))
    server.stop()
    for kept in (run / "recipe.toml", run / "best" / "recipe.toml"):
        assert read_recipe(kept) == chunking_recipe
    (run / "state.npz").unlink()  # as if it had been killed in its first epoch
    fit.train(read_recipe(run / "recipe.toml"), str(tmp_path / "data"), str(run), resume=True)
    assert server.requests == ["GET /tiny.tgz"]


@pytest.mark.parametrize(
    ("handle", "says"),
    [
        ("https://host/tiny.zip", "no SHA-256; write https://HOST/PATH/NAME.zip#sha256=<64 hexadecimal digits>"),
        ("https://host/tiny.zip#sha256=abc", "its SHA-256 is malformed; write https://HOST"),
        (f"https://host/tiny.zip#sha256={63 * '0'}g", "its SHA-256 is malformed"),
        (f"https://host/tiny.zip#sha256={NO_DIGEST}0", "its SHA-256 is malformed"),
        (f"https://host/tiny.zip#sha512={NO_DIGEST}", "its SHA-256 is malformed"),
        (f"http://host/tiny.zip#sha256={NO_DIGEST}", "only https:// is fetched"),
        (f"http://localhost.evil.org/tiny.zip#sha256={NO_DIGEST}", "only https:// is fetched"),
        (f"ftp://host/tiny.zip#sha256={NO_DIGEST}", "not a handle; write https://"),
        (f"file:///tiny.zip#sha256={NO_DIGEST}", "not a handle; write https://"),
        (f"https:///tiny.zip#sha256={NO_DIGEST}", "not an address"),
        (f"https://host:port/tiny.zip#sha256={NO_DIGEST}", "not an address"),
        (f"https://[host/tiny.zip#sha256={NO_DIGEST}", "not an address"),
        (f"https://host/my tiny.zip#sha256={NO_DIGEST}", "%20 for a space"),
        (f"https://host/tiny.zip\r\nX: y#sha256={NO_DIGEST}", "not an address"),
        (f"https://me:secret@host/tiny.zip#sha256={NO_DIGEST}", "a user's name"),
        ("hf://tiny", "not a handle; write hf://OWNER/NAME@REVISION"),
        ("hf://owner/tiny", "no revision; write hf://OWNER/NAME@REVISION"),
        ("hf://owner/tiny@", "no revision"),
        ("hf://owner/../tiny@v1", "not a handle"),
        ("hf://../tiny@v1", "not a handle"),
        ("hf://owner/tiny@../../x", "not a handle"),
    ],
)
def test_what_is_no_handle_is_refused(cache, handle, says):
    with pytest.raises(InputError) as caught:
        presets.find(handle)
    assert says in str(caught.value) and "secret" not in str(caught.value)
    assert not cache.exists()


def cut_short(handler, content=b"PK\3\4" + bytes(1000)):
    begin(handler, 2 * len(content))
    handler.wfile.write(content)


def silent(handler):
    begin(handler, 100)
    handler.wfile.write(b"PK\3\4")
    time.sleep(0.5)


def endless(handler):
    begin(handler)
    while True:
        handler.wfile.write(bytes(10_000))


def broken_chunks(handler):
    begin(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b"100\r\nPK")


def to(address):
    return lambda handler: begin(handler, 0, 302, Location=address)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"PK\3\4 something else", "has SHA-256 "),
        (None, "cannot be fetched (404 Not Found); check the address"),
        (lambda handler: handler.send_error(503), "cannot be fetched (503"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "cannot be fetched ("),
        (lambda handler: None, "cannot be fetched (Remote end closed connection"),
        (cut_short, "broke off after 1,004 of 2,008 bytes; try again"),
        (broken_chunks, "broke off (IncompleteRead"),
        (silent, "broke off (timed out)"),
        (lambda handler: begin(handler, 10**12), "larger than 100,000 bytes"),
        (endless, "larger than 100,000 bytes"),
        (to("/tiny.zip"), "cannot be fetched ("),
        (to("http://example.org/tiny.zip"), "http://example.org/tiny.zip: only https:// is fetched"),
        (to("file:///etc/hostname"), "Redirection to url 'file:///etc/hostname' is not allowed"),
        (to("ftp://host/tiny.zip"), "only https:// is fetched"),
    ],
)
def test_a_failed_download_leaves_nothing(server, cache, monkeypatch, page, says):
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 100_000)
    monkeypatch.setattr(archives, "TIMEOUT", 0.2)
    handle = handle_of(server, b"")
    server.pages["/tiny.zip"] = page
    message = refusal(handle.partition("#")[0] + f"#sha256={NO_DIGEST}", cache)
    assert says in message and ("only" in says or message.startswith(f"{server.address}/tiny.zip: "))


def test_nobody_listens(server, cache):
    server.stop()
    message = refusal(f"{server.address}/tiny.zip#sha256={NO_DIGEST}", cache)
    assert "Connection refused" in message and "check the address and the network" in message


def test_a_redirection_is_followed(server, folder):
    handle = handle_of(server, zipped(contents(folder)))
    server.pages["/latest.zip"] = to("/tiny.zip")
    assert contents(presets.find(handle.replace("tiny.zip", "latest.zip"))) == contents(folder)


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link():
    info = zipfile.ZipInfo("model.weights.h5")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zipped({"config.json": b"{}", info: b"/etc/hostname"})


def encrypted():
    content = bytearray(zipped({"config.json": b"{}"}))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def squeezed():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("config.json", b"{}")
    return stream.getvalue()


def long_header():
    """A tar whose header of extended attributes alone is 2 MB, and packed 2 kB."""
    info = tarfile.TarInfo("config.json")
    info.pax_headers = {"comment": "x" * 2_000_000}
    return tarred({"config.json": info})


BAD_ARCHIVES = {
    "zip: up": (zipped({"config.json": b"{}", "../evil": b"x"}), "holds '../evil', which leads out of its folder"),
    "zip: up within": (zipped({"config.json": b"{}", "a/../../../evil": b"x"}), "which leads out of its folder"),
    "zip: absolute": (zipped({"/tmp/evil": b"x"}), "holds '/tmp/evil', which leads out"),
    "zip: Windows": (zipped({"..\\evil": b"x"}), "which leads out"),
    "zip: drive": (zipped({"C:evil": b"x"}), "which leads out"),
    "zip: link": (zip_link(), "holds 'model.weights.h5', a link or a device"),
    "zip: encrypted": (encrypted(), "is encrypted, password required"),
    "zip: rare": (squeezed(), "rare compression"),
    "zip: truncated": (zipped({"config.json": b"{}" * 500})[:-30], "cannot be unpacked (File is not a zip file)"),
    "zip: too much": (zipped({"config.json": b"{}", "zeros": bytes(2_000_000)}), "larger than 1,000,000 bytes when"),
    "zip: too many": (zipped({f"{i}": b"" for i in range(21)}), "holds more than 20 files"),
    "zip: long directory": (zipped({f"{'x' * 9000}{i}": b"" for i in range(20)}), "its headers are too large"),
    "tar: up": (tarred({"config.json": b"{}", "../evil": b"x"}), "holds '../evil', which leads out of its folder"),
    "tar: absolute": (tarred({"/tmp/evil": b"x"}), "holds '/tmp/evil', which leads out"),
    "tar: link": (tarred({"x": special("x", tarfile.SYMTYPE, "/etc/hostname")}), "holds 'x', a link or a device"),
    "tar: hard link": (tarred({"x": special("x", tarfile.LNKTYPE, "/etc/hostname")}), "a link or a device"),
    "tar: device": (tarred({"x": special("x", tarfile.CHRTYPE)}), "a link or a device"),
    "tar: pipe": (tarred({"x": special("x", tarfile.FIFOTYPE)}), "a link or a device"),
    "tar: truncated": (tarred({"config.json": os.urandom(5000)})[:-2000], "cannot be unpacked ("),
    "tar: too much": (tarred({"config.json": b"{}", "zeros": bytes(2_000_000)}), "larger than 1,000,000 bytes when"),
    "tar: too many": (tarred({f"{i}": b"" for i in range(21)}), "holds more than 20 files"),
    "tar: long header": (long_header(), "its headers are too large"),
    "twice": (tarred({"config.json": b"{}", "./config.json": b"{}"}), "holds './config.json' twice"),
    "a file as a folder": (tarred({"config.json": b"{}", "config.json/x": b"{}"}), "twice, or a file where it"),
    "a long name": (tarred({"x" * 300: b"", "config.json": b"{}"}), "cannot be unpacked ("),
    "too deep": (tarred({f"{'a/' * 30}config.json": b"{}"}), "too deep"),
    "no config": (zipped({"tiny/card.json": b"{}", "README.md": b""}), "no config.json at its top or in one top folder"),
    "two presets": (zipped({"a/config.json": b"{}", "b/config.json": b"{}"}), "no config.json at its top or in one"),
    "empty": (zipped({}), "neither a zip nor a tar.gz archive"),
    "text": (b"<html>Please log in</html>", "neither a zip nor a tar.gz archive"),
    "nothing": (b"", "neither a zip nor a tar.gz archive"),
    "gzip": (gzip.compress(b"no tar, but long enough" * 100), "cannot be unpacked ("),
    "zip's start": (b"PK\3\4" + bytes(100), "cannot be unpacked ("),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(server, cache, tmp_path, monkeypatch, case):
    monkeypatch.setattr(archives, "LARGEST_FOLDER", 1_000_000)
    monkeypatch.setattr(archives, "LARGEST_HEADER", 150_000)
    monkeypatch.setattr(archives, "MOST_ENTRIES", 20)
    content, says = BAD_ARCHIVES[case]
    message = refusal(handle_of(server, content), cache)
    assert (
        says in message and message.startswith(f"{server.address}/tiny.zip: ") and "pack a preset's folder" in message
    )
    assert [path.name for path in tmp_path.iterdir()] == ["cache"] and not os.path.exists("/tmp/evil")


def test_two_at_once_do_not_harm_each_other(server, cache, folder):
    content = zipped(contents(folder))
    handle, both = handle_of(server, content), threading.Barrier(2)

    def page(handler):
        both.wait(10)
        begin(handler, len(content))
        handler.wfile.write(content)

    server.pages["/tiny.zip"] = page
    found = []
    threads = [threading.Thread(target=lambda: found.append(presets.find(handle))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 2 and len(found) == 2 and found[0] == found[1]
    assert contents(found[0]) == contents(folder) and list((cache / "partial").iterdir()) == []


def test_a_killed_fetch_leaves_nothing_that_is_used(server, cache, folder):
    content = zipped(contents(folder))
    handle, half, over = handle_of(server, content), threading.Event(), threading.Event()

    def page(handler):
        begin(handler, len(content))
        handler.wfile.write(content[: len(content) // 2])
        half.set()
        over.wait(10)

    server.pages["/tiny.zip"] = page
    code = f"from dilatednets.zoo import presets; presets.find({handle!r})"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT)
    try:
        assert half.wait(10)
        while not list(cache.glob("partial/*/archive")):
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        over.set()
    assert not (cache / "archives").exists() and len(list((cache / "partial").iterdir())) == 1
    server.pages["/tiny.zip"] = content
    assert contents(presets.find(handle)) == contents(folder)


def test_what_a_killed_fetch_left_goes_after_a_week(server, cache, folder):
    for name, days in (("old", 8), ("young", 6)):
        (cache / "partial" / name).mkdir(parents=True)
        (cache / "partial" / name / "archive").write_bytes(b"PK")
        then = time.time() - days * 24 * 3600
        os.utime(cache / "partial" / name, (then, then))
    presets.find(handle_of(server, zipped(contents(folder))))
    assert [path.name for path in (cache / "partial").iterdir()] == ["young"]


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("DILATEDNETS_CACHE", "~/mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert handles.cache_folder() == tmp_path / "home" / "mine"
    monkeypatch.setenv("DILATEDNETS_CACHE", "")
    assert handles.cache_folder() == tmp_path / "xdg" / "dilatednets"
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert handles.cache_folder() == tmp_path / "home" / ".cache" / "dilatednets"


def test_a_cache_that_cannot_be_written_is_named(server, tmp_path, folder, monkeypatch):
    handle = handle_of(server, zipped(contents(folder)))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DILATEDNETS_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot write there .*; set DILATEDNETS_CACHE to another folder"):
        presets.find(handle)


def test_a_damaged_cache_is_named(server, folder):
    handle = handle_of(server, zipped(contents(folder)))
    found = presets.find(handle)
    (found / "config.json").unlink()
    with pytest.raises(InputError, match=f"{found / 'config.json'}: missing"):
        presets.find(handle)
    shutil.rmtree(found)
    assert contents(presets.find(handle)) == contents(folder)


@pytest.fixture
def secure_server(tmp_path):
    """A server with a certificate of its own making."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    yield server, certificate
    server.stop()


def test_https_is_verified_and_not_left(secure_server, server, cache, folder, monkeypatch):
    secure, certificate = secure_server
    handle = handle_of(secure, zipped(contents(folder)))
    assert "CERTIFICATE_VERIFY_FAILED" in refusal(handle, cache) and secure.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.pages["/plain.zip"] = to(handle_of(server, zipped(contents(folder))).partition("#")[0])
    assert "only https:// is fetched" in refusal(handle.replace("tiny.zip", "plain.zip"), cache)
    assert server.requests == []
    assert contents(presets.find(handle)) == contents(folder)


COMMIT, LATER = "1" * 40, "2" * 40


def hub_pages(server, folder):
    """What the Hub answers to those who look for owner/tiny (a tag, a branch) and owner/empty."""

    def answer(content):
        return lambda handler: (
            begin(handler, len(content), Content_Type="application/json"),
            handler.wfile.write(content),
        )

    def file(commit, data):
        etag = f'"{hashlib.sha1(data).hexdigest()}"'

        def page(handler):
            begin(handler, len(data), ETag=etag, X_Repo_Commit=commit)
            if handler.command == "GET":
                handler.wfile.write(data)

        return page

    files = {**contents(folder), "training.py": b"print('never run')", "overlays.jpg": b"large"}
    refs = {"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": LATER}], "converts": []}
    refs["tags"] = [{"name": "v1/a", "ref": "refs/tags/v1/a", "targetCommit": COMMIT}]
    for name, held in (("owner/tiny", files), ("owner/empty", {"README.md": b"# Empty"})):
        api = f"/api/models/{name}"
        siblings = [{"rfilename": path} for path in held]
        info = {"_id": "1", "id": name, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
        info |= {"downloads": 0, "likes": 0}
        tree = [
            {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for path, data in held.items()
        ]
        server.pages[f"{api}/refs"] = answer(json.dumps(refs).encode())
        server.pages[f"{api}/tree/{COMMIT}"] = answer(json.dumps(tree).encode())
        for revision in ("v1/a", COMMIT):
            server.pages[f"{api}/revision/{revision}"] = answer(json.dumps(info).encode())
            for path, data in held.items():
                server.pages[f"/{name}/resolve/{revision}/{path}"] = file(COMMIT, data)


def test_a_preset_comes_from_the_hub(server, cache, folder, tmp_path):
    """In a process of its own, since huggingface_hub reads its settings when imported."""
    pytest.importorskip("huggingface_hub")
    hub_pages(server, folder)
    asked = {
        "tag": "hf://owner/tiny@v1/a",
        "commit": f"hf://owner/tiny@{COMMIT}",
        "branch": "hf://owner/tiny@main",
        "unknown": "hf://owner/tiny@v2",
        "unknown commit": f"hf://owner/tiny@{'3' * 40}",
        "missing": "hf://owner/none@v1",
        "empty": "HF://owner/empty@v1/a",
    }
    code = f"""
from dilatednets.errors import InputError
from dilatednets.zoo import presets
for name, handle in {asked!r}.items():
    try:
        print(name, presets.find(handle), sep=": ")
    except InputError as error:
        print(name, error, sep=": ")
"""
    settings = {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=os.environ | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert said.keys() == asked.keys(), done.stdout
    found = cache / "hub" / "owner" / "tiny"
    assert said["tag"] == str(found / "v1%2Fa") and said["commit"] == str(found / COMMIT)
    assert said["branch"].endswith(f"main is a branch, which moves; as it is now it is hf://owner/tiny@{LATER}")
    assert "has no tag v2; write a tag, or all 40 digits of a commit" in said["unknown"]
    for name in ("unknown commit", "missing"):
        assert f"{asked[name]}: cannot be fetched (" in said[name] and "check the handle" in said[name]
    assert "HF://owner/empty@v1/a: no config.json at its top" in said["empty"]
    assert not any("training.py" in request or "overlays" in request for request in server.requests)
    assert sorted(path.name for path in found.iterdir()) == [COMMIT, "v1%2Fa"]
    assert list((cache / "partial").iterdir()) == [] and not (cache / "hub" / "owner" / "empty").exists()
    server.stop()
    for name in ("tag", "commit"):
        assert contents(presets.find(asked[name])) == contents(folder)
        assert not [path for path in presets.find(asked[name]).rglob("*") if path.is_symlink()]
    assert presets.class_name(asked["tag"]) == "ContextSegmenter"


def test_without_the_extra_the_cure_is_named(monkeypatch, cache):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "needs huggingface_hub; pip install 'dilatednets[hub]'" in refusal("hf://owner/tiny@v1", cache)


def test_a_fetched_preset_is_data_and_nothing_more(server, folder, tmp_path):
    """Code in it is not run, and weights that are not those of its card are refused as in any folder."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')"
    files = {
        **contents(folder),
        **dict.fromkeys(("__init__.py", "config.py", "keras.py", "conftest.py"), trap.encode()),
    }
    assert ContextSegmenter.from_preset(handle_of(server, zipped(files))).num_classes == 3
    changed = handle_of(server, zipped({**files, "model.weights.h5": files["model.weights.h5"] + b"x"}))
    with pytest.raises(InputError, match=r"model\.weights\.h5: sha256 differs from card\.json"):
        ContextSegmenter.from_preset(changed)
    assert not (tmp_path / "sprung").exists()
