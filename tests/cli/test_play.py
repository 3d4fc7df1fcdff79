"""The command `play`: where the page is, what it refuses, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

import pytest
from helpers import CHECKOUT

from dilatednets.cli.main import main
from dilatednets.play import server


@pytest.fixture
def at_once(monkeypatch, tmp_path):
    """Ctrl-C is pressed when the server has begun; what it puts on the disk lies in `tmp_path`."""

    def stop(self, *arguments):
        assert list(tmp_path.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(server.Server, "serve_forever", stop)


def test_it_says_where_the_page_is_and_ends_clean(at_once, tmp_path, capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert main(["play", "--port", "0"]) == 0
    printed = capsys.readouterr()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/: open it .*; Ctrl-C ends it\n", printed.out) and not printed.err
    assert not list(tmp_path.iterdir()) and signal.getsignal(signal.SIGTERM) == before


def test_a_port_that_is_taken_is_said_faults(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["play", "--port", str(port)]) == 2
    words = f"dilatednets: --port: {port} is taken by another program; choose another, or 0 for any that is free\n"
    assert capsys.readouterr().err == words


def test_a_model_that_is_none_is_refused_before_there_is_a_page_faults(at_once, tmp_path, capsys):
    for model in ("no_such_model", str(tmp_path / "none.nam")):
        assert main(["play", model, "--port", "0"]) == 2
        printed = capsys.readouterr()
        assert printed.err.startswith(f"dilatednets: {model}: ") and not printed.out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_computes(number, tmp_path):
    command = [sys.executable, "-m", "dilatednets", "play", "tcn_chorales", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, cwd=CHECKOUT, **pipes) as process:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
        long = b"POST /models/tcn_chorales HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
            for pair in ((b"steps", b"256"), (b"temperature", b"1"), (b"seed", b"1"))
        )
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(long + b"Content-Length: %d\r\n\r\n" % (len(body) + 5) + body + b"--x--")
            while not list(tmp_path.glob("dilatednets_play_*/*")):
                assert process.poll() is None
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "") and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_nam_file_has_a_page(tmp_path):
    from helpers import tiny_effect

    tiny_effect(sample_rate=8000).save_nam(tmp_path / "my amp.nam")
    with server.opened(str(tmp_path / "my amp.nam"), 0) as page:
        assert list(page.models.handles) == ["my amp.nam"]
        assert page.models.page("my amp.nam").fields[0].name == "dry"
