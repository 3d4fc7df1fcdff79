"""Files and folders that are whole or absent, whoever kills the writer, with the modes that the user's umask gives."""

import errno
import os
import subprocess
import sys
from pathlib import Path

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


HDF5 = "Can't write data (file write failed: errno = 28, error message = 'No space left on device', buf = 0x1)"
FULL = {
    "this system's": OSError(errno.ENOSPC, "No space left on device"),
    "of a quota": OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    "of a limit": OSError(errno.EFBIG, os.strerror(errno.EFBIG)),
    "HDF5's": RuntimeError(HDF5),
    "TensorFlow's": ArithmeticError("/a/b.data: File too large"),
}


@pytest.mark.parametrize("atomic", [files.atomic_path, files.atomic_folder])
@pytest.mark.parametrize("whose", FULL)
def test_a_full_disk_is_said_in_one_line_faults(tmp_path, atomic, whose):
    words = r"a\.h5: cannot write there \(.*\); make room, or choose another output"
    with pytest.raises(InputError, match=words), atomic(tmp_path / "a.h5"):
        raise FULL[whose]
    with pytest.raises(InputError, match="make room"), atomic(tmp_path / "a.h5"):  # while that is being handled
        try:
            raise FULL[whose]
        except Exception:
            raise ValueError("file is closed")  # noqa: B904
    assert list(tmp_path.iterdir()) == []


def test_other_errors_stay_what_they_are_faults(tmp_path):
    for error in (FileNotFoundError(errno.ENOENT, "No such file", "data"), KeyError("a"), InputError("a: wrong")):
        with pytest.raises(type(error)) as caught, files.atomic_path(tmp_path / "a"):
            raise error
        assert caught.value is error


def test_links_stay_and_devices_are_not_replaced_faults(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "a.txt")
    with files.atomic_path(tmp_path / "link") as path:
        path.write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "there" / "a.txt").read_text() == "new"
    (tmp_path / "folder").symlink_to(tmp_path / "there")
    with files.atomic_folder(tmp_path / "folder") as path:
        (path / "b.txt").write_text("newer")
    assert (tmp_path / "folder").is_symlink() and os.listdir(tmp_path / "there") == ["b.txt"]
    os.mkfifo(tmp_path / "pipe")
    for check in (files.check_writable, lambda path: files.atomic_path(path).__enter__()):
        with pytest.raises(InputError, match="it is a device"):
            check(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", [250 * "a", 80 * "\u4e2d"])
def test_names_may_be_as_long_as_a_file_system_takes_faults(tmp_path, name):
    with files.atomic_path(tmp_path / name) as path:
        path.write_text("")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("target", ["", None, 3, b"a", "a\0b", 300 * "a"])
def test_what_is_no_name_of_a_file_is_refused_faults(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for write in (files.check_writable, lambda path: files.atomic_path(path).__enter__()):
        with pytest.raises(InputError, match=r"not the name of a file|cannot write there"):
            write(target)
    assert os.listdir(tmp_path) == []


def test_a_folder_is_written_by_one_process_at_a_time_faults(tmp_path):
    code = "import sys; from dilatednets.files import locked\nwith locked(sys.argv[1]): print(flush=True); input()"
    folder = tmp_path / "new" / "run"
    writer = subprocess.Popen(
        [sys.executable, "-c", code, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    writer.stdout.readline()
    words = r"run: is being written by another process; wait for it, or choose another"
    with pytest.raises(InputError, match=words), files.locked(folder):
        pass
    writer.kill()
    writer.communicate()
    with files.locked(folder):
        assert list(folder.iterdir()) == []
    with files.locked(folder):
        pass
