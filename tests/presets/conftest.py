"""What the tests of presets share."""

import types

import pytest
from web_server import Server


@pytest.fixture
def record():
    """What a card says."""
    return {
        "description": "Says digits.",
        "data": "Spoken digits",
        "data_licence": "CC BY-SA 4.0",
        "weights_licence": "CC BY-SA 4.0",
        "weights_licence_id": "cc-by-sa-4.0",
        "seed": 7,
        "hardware": "2 CPU cores",
        "wall_time": "1 h",
        "notes": ["A note."],
        "metrics": [
            {
                "name": "bits_per_sample",
                "data": "spoken_digits",
                "split": "test",
                "value": 3.875,
                "tolerance": 0.02,
                "command": "dilatednets evaluate tiny",
            }
        ],
    }


@pytest.fixture
def folder(save_tiny, tmp_path, record):
    return save_tiny(tmp_path / "tiny", record, 'name = "tiny"\n')


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DILATEDNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))  # before the next try
    monkeypatch.setattr("dilatednets.presets.handles.TIMEOUT", 0.3)
    return tmp_path / "cache"
