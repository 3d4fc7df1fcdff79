"""What keeps the command's standard error for its own words, while libraries load, warn and are stopped."""

import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from dilatednets.errors import Note

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""Of the environment, how much TensorFlow says; who sets it to 0 hears all of it."""


@contextlib.contextmanager
def own_words() -> Iterator[None]:
    """Within it, libraries load and warn in silence, and a `Note` is a line that begins with `note:`."""
    os.environ.setdefault(LEVEL, "3")
    for library in ("tensorflow", "absl", "jax"):
        logging.getLogger(library).setLevel(logging.ERROR)
    with _held(), warnings.catch_warnings():
        if not sys.warnoptions:  # else the user wants to see them
            warnings.simplefilter("always", Note)
            warnings.showwarning = _show
        yield


def _show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    if issubclass(category, Note):
        print(f"note: {' '.join(str(message).split())}", file=sys.stderr)


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Yields an event that says whether Ctrl-C was pressed: libraries make other errors of that, and print them."""
    stopped = threading.Event()

    def stop(number: int, frame: Any) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # pressed again, while threads end, it ends the process
        sys.unraisablehook = lambda *arguments: None
        threading.excepthook = lambda *arguments: None
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        if not stopped.is_set():
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Keeps back what C++ says on standard error, and shows it after an error that nobody expected; Python speaks on.

    A level does not do: Abseil's log, in which XLA writes, is not set up by TensorFlow in Python, and then knows none.
    """
    plain = sys.stderr
    if os.environ[LEVEL] == "0" or plain is not sys.__stderr__ or plain is None:  # in a test, it is not the process's
        yield
        return
    plain.flush()
    with (
        tempfile.TemporaryFile() as said,
        open(os.dup(2), "w", buffering=1, encoding=plain.encoding, errors=plain.errors) as sys.stderr,
    ):
        os.dup2(said.fileno(), 2)
        try:
            yield
        except Exception:
            said.seek(0)
            print(said.read().decode(errors="replace"), end="", file=sys.stderr)
            raise
        finally:
            os.dup2(sys.stderr.fileno(), 2)
            sys.stderr.flush()
            sys.stderr = plain
