"""The command `fetch`: files by their SHA-256, from a server on this machine."""

import hashlib
import os

import pytest
from web_server import Server

from dilatednets.cli.fetch import SETS
from dilatednets.cli.main import main
from dilatednets.data import mnist, polymusic, tiny_shakespeare

pytest.importorskip("pooch")
CONTENT = b"To be, or not to be"


@pytest.fixture
def pages(monkeypatch):
    """Pages of a server, of which /input.txt is the text of Tiny Shakespeare."""
    server = Server()
    server.pages["/input.txt"] = CONTENT
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)  # before the next try
    files = {"input.txt": (f"{server.address}/input.txt", hashlib.sha256(CONTENT).hexdigest())}
    monkeypatch.setattr(tiny_shakespeare, "FILES", files)
    yield server.pages
    server.stop()


def fetch(folder, name="tiny_shakespeare"):
    return main(["fetch", name, "--output", str(folder)])


def test_a_file_is_fetched_once(pages, tmp_path, capsys):
    assert fetch(tmp_path / "new" / "data") == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}/new/data: input.txt; its licence: ")
    assert [path.read_bytes() for path in (tmp_path / "new" / "data").iterdir()] == [CONTENT]
    del pages["/input.txt"]
    assert fetch(tmp_path / "new" / "data") == 0


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o002])
def test_modes_are_those_of_the_umask_faults(pages, tmp_path, mask):
    before = os.umask(mask)
    try:
        assert fetch(tmp_path / "data") == 0
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()] == [0o666 & ~mask]


def test_faults_of_what_comes_and_of_what_is_there(pages, tmp_path, capsys):
    pages["/input.txt"] = CONTENT + b"?"
    assert fetch(tmp_path / "data") == 2
    assert "cannot be fetched (SHA256 hash of downloaded file" in capsys.readouterr().err
    del pages["/input.txt"]
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
