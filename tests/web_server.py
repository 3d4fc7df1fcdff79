"""A web server on this machine, for what fetches."""

import http.server
import threading
from urllib.parse import unquote, urlsplit


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
