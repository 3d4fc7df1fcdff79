"""Visits to the page of `dilatednets play`, as a browser pays them, and what is found in its HTML."""

import base64
import html
import http.client
import io
import re
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from dilatednets.play.models import Models
from dilatednets.play.server import Server

BOUNDARY = "----dilatednets"


class Visitor:
    """Asks a server; `folder` is where it puts files."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def ask(self, method, path, body=None, **headers):
        """(status, headers, page)."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=60)
        try:
            line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = line.getresponse()
            return reply.status, reply.headers, reply.read().decode()
        finally:
            line.close()

    def get(self, path):
        status, _, page = self.ask("GET", path)
        return status, page

    def fill_in(self, name="it", **fields):
        """(status, what is shown or what is wrong); a file is a pair of its name and its bytes."""
        headers = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY}"}
        status, _, page = self.ask("POST", f"/models/{name}", form(fields), **headers)
        assert not list(self.folder.iterdir()), "a file was left"
        return status, Answer(page)


class Answer:
    """What stands in an answered page."""

    def __init__(self, page):
        self.page = page
        self.part = page[page.index('id="answer"') :] if 'id="answer"' in page else page
        self.text = html.unescape(re.sub("<[^>]*>", " ", self.part))

    @property
    def wrong(self):
        """The one line that says what is wrong."""
        [line] = re.findall(r'<p class="wrong" role="alert">(.*?)</p>', self.part, re.DOTALL)
        assert "\n" not in line and "/tmp" not in line
        return html.unescape(line)

    def data(self, kind):
        """The contents of data: addresses of a kind."""
        return [base64.b64decode(one) for one in re.findall(rf"data:{kind};base64,([\w+/=]*)", self.part)]

    @property
    def sounds(self):
        """(samples, rate) of each, read without the package."""
        return [soundfile.read(io.BytesIO(one), dtype="float32") for one in self.data("audio/wav")]

    @property
    def pictures(self):
        return [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in self.data("image/png")]

    @property
    def files(self):
        return self.data("application/octet-stream")


@contextmanager
def visit(*pages, **named):
    """A visitor to a server of these pages; a single one is called `it`."""
    pages = named or {"it": pages[0]}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Models({name: name for name in pages}, Path(folder), pages.__getitem__), 0)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Visitor(server, Path(folder))
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def form(fields):
    """The body of a form."""
    body = b""
    for name, value in fields.items():
        file, data = value if isinstance(value, tuple) else (None, str(value).encode())
        said = f'form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")
        body += f"--{BOUNDARY}\r\nContent-Disposition: {said}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()
