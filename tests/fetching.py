"""What tests of fetched presets share."""

import os
import subprocess
import sys

import pytest
from helpers import CHECKOUT

from dilatednets.errors import InputError
from dilatednets.presets import handles

PRESET = {"config.json": b'{"class": "None"}', "model.weights.h5": b"weights" * 999, "README.md": b"# Tiny"}


def refusal(handle, cache):
    """The line with which a handle is refused; nothing is left of it."""
    with pytest.raises(InputError) as caught:
        handles.fetch(handle)
    assert "\n" not in str(caught.value)
    assert [path for path in cache.rglob("*") if path.name not in ("partial", "archives")] == []
    return str(caught.value)


def fetching(*handles, **settings):
    """A process of its own that fetches presets and prints where each is or why not."""
    code = """import sys; from dilatednets.presets import handles
for handle in sys.argv[1:]:
    try: print(handles.fetch(handle))
    except ValueError as error: print(error)"""
    command = [sys.executable, "-c", code, *handles]
    return subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
