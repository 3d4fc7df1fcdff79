"""The command `play`: a page on this machine to try models on."""

import signal
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dilatednets.arguments import PRESET, add_model

VERB, HELP = "play", "open a local page to try models on"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL and --port."""
    add_model(parser, f"{PRESET}; default: a list of all presets", nargs="?")
    parser.add_argument("--port", type=int, default=7860, metavar="N", help="port (default 7860); 0: any that is free")


def run(options: Namespace) -> None:
    """`dilatednets play [MODEL] [--port N]`, until Ctrl-C."""
    from dilatednets.play import server

    with _ended_by_signals(), server.opened(options.model, options.port) as page:
        print(f"{page.start}: open it in a browser of this machine; Ctrl-C ends it", flush=True)
        page.serve_forever()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """What ends the page as it should: Ctrl-C, and a request to end, after which nothing may be left either."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, stop) if main else None
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)
