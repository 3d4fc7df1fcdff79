"""Files and folders that are whole or absent, whoever kills the writer, with the modes that the user's umask gives."""

import os
import subprocess
import sys

import pytest

from dilatednets import files
from dilatednets.errors import InputError


@pytest.mark.parametrize("atomic", [files.atomic_path, files.atomic_folder])
def test_an_error_leaves_what_was_there(tmp_path, atomic):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), atomic(tmp_path / "a.txt") as path:
            (path / "b.txt" if path.is_dir() else path).write_text("half")
            raise ZeroDivisionError
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.txt").write_text("before")
    with pytest.raises(ZeroDivisionError), atomic(tmp_path / "a.txt"):
        raise ZeroDivisionError
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o002])
def test_modes_are_those_of_the_umask(tmp_path, mask, monkeypatch):
    before = os.umask(mask)
    try:
        with monkeypatch.context() as patch:
            patch.delattr(os, "umask")  # it belongs to all threads: whoever sets it lets others write for everybody
            with files.atomic_path(tmp_path / "file") as path:
                path.write_text("")
            with files.atomic_folder(tmp_path / "folder"):
                pass
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot exchange two names")
def test_a_folder_is_never_missing_while_it_is_replaced(tmp_path):
    code = """import sys; from dilatednets.files import atomic_folder
for number in range(10**9):
    with atomic_folder(sys.argv[1]) as path: (path / "whole").write_text(str(number))
    if not number: print(flush=True)"""
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", code, tmp_path / "best"], stdout=subprocess.PIPE)
        writer.stdout.readline()
        seen = {os.stat(tmp_path / "best").st_ino for _ in range(20000)}
        writer.kill()
        writer.communicate()
        assert len(seen) > 1 and (tmp_path / "best" / "whole").read_text()


def test_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for target, why in ((tmp_path / "file" / "a" / "b", "Not a directory"), (tmp_path, "it is a folder")):
        for write in (files.check_writable, lambda path: files.atomic_path(path).__enter__()):
            with pytest.raises(InputError, match=rf"{target}: cannot write there \({why}\); choose another output"):
                write(target)
    files.check_writable(tmp_path / "new" / "deep" / "a.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
