"""The web server of the page: for this machine alone, and one that keeps nothing."""

import errno
import http.server
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from dilatednets.errors import InputError
from dilatednets.play import forms, show
from dilatednets.play.models import Models, named

HERE = "127.0.0.1"
"""The address that is listened on, which no other machine reaches."""
MOST_BYTES = 32 << 20
LIMIT = f"at most {MOST_BYTES >> 20} MB"
DRAINED = 1 << 30
"""Bytes of a form that is too large which are read and dropped: a browser shows no answer before it has sent all."""
_OUR_NAMES = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)
_FILES = {"/page.css": "text/css", "/page.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "media-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers would not say the origin of a form either
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@contextmanager
def opened(handle: str | None, port: int) -> Iterator["Server"]:
    """A server that listens; within it, `serve_forever` answers. Afterwards nothing is left of what was sent.

    Args:
        handle: A model, which is loaded before the first request; None for a list of all presets.
        port: 0 for any that is free.

    Raises:
        InputError: if the port is taken, or the model cannot be loaded.
    """
    with tempfile.TemporaryDirectory(prefix="dilatednets_play_", ignore_cleanup_errors=True) as folder:
        models = Models(named(handle), Path(folder))
        with _listening(models, port) as server:
            if handle is not None:
                models.page(next(iter(models.handles)))
            yield server


def _listening(models: Models, port: int) -> "Server":
    try:
        return Server(models, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be listened on ({error.strerror})"
        raise InputError(f"port: {port} {reason}; choose another, or 0 for any that is free") from error
    except OverflowError as error:
        raise InputError(f"port: must be from 0 to 65535, not {port}") from error


class Server(http.server.ThreadingHTTPServer):
    """Answers on this machine's own address; threads read and write, `models` computes for one at a time."""

    daemon_threads = True

    def __init__(self, models: Models, port: int) -> None:
        self.models = models
        super().__init__((HERE, port), Handler)

    @property
    def address(self) -> str:
        """Where the list of models is."""
        return f"http://{HERE}:{self.server_port}/"

    @property
    def start(self) -> str:
        """What to open in a browser: the list, or the page of the only model."""
        names = list(self.models.handles)
        return self.address + (f"models/{quote(names[0], safe='')}" if len(names) == 1 else "")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """A request: the list of models, or the page of one, with or without an answer."""

    server: Server
    timeout = 60
    server_version, sys_version = "dilatednets", ""

    def do_GET(self) -> None:
        """The list, or a page to fill in."""
        self._reply(self._get)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """The page with the answer to what was filled in."""
        self._reply(self._post)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keeps no record of requests."""

    def _reply(self, answer: Callable[[], tuple[int, str]]) -> None:
        kind = "text/html"
        try:
            status, page = self._refused() or answer()
            if status == HTTPStatus.OK:
                kind = _FILES.get(self._path(), kind)
        except (ConnectionError, TimeoutError):
            raise
        except (InputError, OSError) as error:
            status, page = HTTPStatus.BAD_REQUEST, show.message(str(error))
        except Exception:
            traceback.print_exc()
            words = "Something went wrong that nobody expected; the terminal of dilatednets play says more."
            status, page = HTTPStatus.INTERNAL_SERVER_ERROR, show.message(words)
        self._send(status, f"{kind}; charset=utf-8", page.encode())

    def _refused(self) -> tuple[int, str] | None:
        """Refuses what another site's page asks for through a name of its own, or by a form of its own."""
        hosts, origin = self.headers.get_all("Host", []), self.headers.get("Origin")
        if len(hosts) != 1 or not _OUR_NAMES.fullmatch(hosts[0]):
            return HTTPStatus.FORBIDDEN, show.message(f"This page is at {self.server.address} alone.")
        if origin is not None and origin.lower() != f"http://{hosts[0]}".lower():
            return HTTPStatus.FORBIDDEN, show.message("This page takes forms of its own alone.")
        return None

    def _get(self) -> tuple[int, str]:
        path, models = self._path(), self.server.models
        if path == "/":
            return HTTPStatus.OK, show.index(models.summaries())
        if path in _FILES:
            return HTTPStatus.OK, (Path(__file__).parent / path[1:]).read_text(encoding="utf-8")
        name = self._model()
        if name is None:
            return HTTPStatus.NOT_FOUND, show.message("There is no such page.")
        return HTTPStatus.OK, show.model(name, models.page(name), LIMIT)

    def _post(self) -> tuple[int, str]:
        name, models = self._model(), self.server.models
        length = self.headers.get("Content-Length", "")
        if name is None:
            return HTTPStatus.NOT_FOUND, show.message("There is no such page to send a form to.")
        if not re.fullmatch("[0-9]{1,18}", length):
            return HTTPStatus.LENGTH_REQUIRED, show.message("The form came without its length; send it from this page.")
        page = models.page(name)
        if int(length) > MOST_BYTES:
            self._drain(int(length))
            size = f"What was sent has {int(length) / 2**20:.0f} MB"
            words = f"{size}, and this page takes {LIMIT}; the command takes any size."
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, show.model(name, page, LIMIT, wrong=words)
        sent = forms.parts(self.headers.get("Content-Type", ""), self.rfile.read(int(length)))
        given = {key: part.data.decode(errors="replace") for key, part in sent.items() if part.file is None}
        try:
            shown = models.answer(name, sent)
        except InputError as error:
            return HTTPStatus.BAD_REQUEST, show.model(name, page, LIMIT, given, wrong=str(error))
        return HTTPStatus.OK, show.model(name, page, LIMIT, given, shown)

    def _path(self) -> str:
        return unquote(self.path.partition("?")[0])

    def _model(self) -> str | None:
        start, _, name = self._path().rpartition("/models/")
        return name if not start and name in self.server.models.handles else None

    def _drain(self, length: int) -> None:
        left = min(length, DRAINED)
        while left and (piece := self.rfile.read(min(left, 1 << 20))):
            left -= len(piece)

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **_HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
