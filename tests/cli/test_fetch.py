"""The command `fetch`: files by their SHA-256, from a server on this machine."""

import functools
import hashlib
import http.server
import threading

import pytest

from dilatednets.cli.fetch import SETS
from dilatednets.cli.main import main
from dilatednets.data import mnist, polymusic, tiny_shakespeare

pytest.importorskip("pooch")
CONTENT = b"To be, or not to be"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A folder that is served, of which input.txt is the text of Tiny Shakespeare."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "input.txt").write_bytes(CONTENT)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/input.txt"
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)  # before the next try
    monkeypatch.setattr(tiny_shakespeare, "FILES", {"input.txt": (address, hashlib.sha256(CONTENT).hexdigest())})
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(folder, name="tiny_shakespeare"):
    return main(["fetch", name, "--output", str(folder)])


def test_a_file_is_fetched_once(pages, tmp_path, capsys):
    assert fetch(tmp_path / "new" / "data") == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}/new/data: input.txt; its licence: ")
    assert [path.read_bytes() for path in (tmp_path / "new" / "data").iterdir()] == [CONTENT]
    (pages / "input.txt").unlink()
    assert fetch(tmp_path / "new" / "data") == 0


def test_faults_of_what_comes_and_of_what_is_there(pages, tmp_path, capsys):
    (pages / "input.txt").write_bytes(CONTENT + b"?")
    assert fetch(tmp_path / "data") == 2
    assert "cannot be fetched (SHA256 hash of downloaded file" in capsys.readouterr().err
    (pages / "input.txt").unlink()
    assert fetch(tmp_path / "data") == 2
    assert "cannot be fetched (404 Client Error" in capsys.readouterr().err
    assert not list((tmp_path / "data").iterdir())
    (tmp_path / "data" / "input.txt").write_text("mine")
    assert fetch(tmp_path / "data") == 2
    assert "input.txt: is there, but is another file than http://127" in capsys.readouterr().err
    assert (tmp_path / "data" / "input.txt").read_text() == "mine"
    assert fetch(tmp_path, "mnst") == 2
    assert "SET: 'mnst': there are mnist, polymusic, tiny_shakespeare" in capsys.readouterr().err


def test_all_sets_name_their_files_and_hashes():
    modules = {"mnist": mnist, "polymusic": polymusic, "tiny_shakespeare": tiny_shakespeare}
    assert set(SETS) == set(modules)
    for module in modules.values():
        for name, (address, digest) in module.FILES.items():
            assert address.startswith("https://") and address.endswith(f"/{name}")
            assert len(bytes.fromhex(digest)) == 32
