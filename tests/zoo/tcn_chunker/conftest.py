"""The command `chunk`, run on small models that are loaded once."""

import io
import sys

import pytest
from helpers import tiny_chunker

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.zoo.tcn_chunker.model import TCNChunker


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Models and their presets, by name."""
    root = tmp_path_factory.mktemp("zoo")
    settings = {
        "joint": {},
        "none": {"pos": "none"},
        "input": {"pos": "input", "decoder": "softmax"},
        "plain": {"pos": "none", "tokenizer": "plain"},
    }
    for name, more in settings.items():
        tiny_chunker(**more).save_to_preset(root / name)
    return {name: (root / name, TCNChunker.from_preset(root / name)) for name in settings}


@pytest.fixture
def models(saved, monkeypatch):
    """The same; the command gets those that are loaded already, and so need not be compiled anew."""
    loaded = {str(folder): model for folder, model in saved.values()}
    real = registry.from_preset
    monkeypatch.setattr(
        registry, "from_preset", lambda handle, kind=None: loaded.get(str(handle)) or real(handle, kind)
    )
    return {name: model for name, (_, model) in saved.items()}


@pytest.fixture
def chunk(saved, models, monkeypatch, capsys):
    """Runs the command on bytes or text from standard input; returns status, output and what standard error says."""

    def call(name, data, *arguments):
        data = data.encode() if isinstance(data, str) else data
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        status = main(["chunk", str(saved[name][0]) if name in saved else name, *map(str, arguments)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


@pytest.fixture
def output(chunk):
    """What it prints when all goes well."""

    def call(*arguments):
        status, out, err = chunk(*arguments)
        assert (status, err) == (0, "")
        return out

    return call


@pytest.fixture
def refusal(chunk):
    """What it prints before it refuses, and the line with which it does."""

    def call(*arguments):
        status, out, err = chunk(*arguments)
        assert status == 2 and err.count("\n") == 1 and err.startswith("dilatednets: ") and "Traceback" not in out
        return out, err

    return call
