"""Saving a preset: all of it, or nothing."""

import os

import keras
import numpy as np
import pytest
from helpers import contents, tiny_tcn
from keras import ops

from dilatednets import files
from dilatednets.errors import InputError
from dilatednets.presets import card as cards
from dilatednets.presets import golden, saving
from dilatednets.zoo.wavenet.model import WaveNet


def outputs(model):
    return ops.convert_to_numpy(model(model.golden_inputs()))


def test_saving_replaces_an_older_preset(tiny_model, folder):
    (folder / "left_over.txt").write_text("from an older version")
    tiny_model.head.bias.assign(tiny_model.head.bias + 1.0)
    tiny_model.save_to_preset(folder)
    np.testing.assert_array_equal(outputs(WaveNet.from_preset(folder)), outputs(tiny_model))
    assert {str(path) for path in contents(folder)} == {
        "config.json", "model.weights.h5", "golden.npz", "card.json", "README.md",
    }  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_saving_fills_an_empty_folder(tiny_model, tmp_path):
    (tmp_path / "new" / "empty").mkdir(parents=True)
    for folder in (tmp_path / "new" / "empty", tmp_path / "other" / "new"):
        tiny_model.save_to_preset(folder)
        assert WaveNet.from_preset(folder).speakers == ("ann", "bob")


def test_saving_over_something_else_is_refused(tiny_model, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    before = contents(tmp_path)
    for target in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.txt"):
        with pytest.raises(InputError, match="exists and is no preset; choose another folder"):
            tiny_model.save_to_preset(target)
    with pytest.raises(InputError, match="cannot write there"):
        tiny_model.save_to_preset(tmp_path / "thesis" / "chapter.txt" / "tiny")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("config", ['{"class_name": "Gpt", "config": {}}', "[1]", "3", "no JSON", None])
def test_faults_a_folder_of_another_program_is_not_replaced(tiny_model, tmp_path, config):
    """Many have a config.json."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "work.txt").write_text("of years")
    (folder / "config.json").mkdir() if config is None else (folder / "config.json").write_text(config)
    with pytest.raises(InputError, match="project: exists and is no preset; choose another folder"):
        tiny_model.save_to_preset(folder)
    assert sorted(os.listdir(folder)) == ["config.json", "work.txt"]


def failing(*arguments, **keywords):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("broken", ["save_weights", "write", "readme", "sha256", "replace", "last replace"])
@pytest.mark.parametrize("older", [True, False])
def test_failed_save_leaves_what_was_there(tiny_model, tmp_path, monkeypatch, broken, older):
    folder = tmp_path / "tiny"
    if older:
        tiny_model.save_to_preset(folder)
    before = contents(tmp_path)
    tiny_model.head.bias.assign(tiny_model.head.bias + 1.0)
    place = {
        "save_weights": WaveNet,
        "write": golden,
        "readme": cards,
        "sha256": saving,
        "replace": os,
    }
    if "replace" in broken:  # as where folders cannot trade places
        monkeypatch.setattr(files, "_exchanged", lambda *folders: False)
    if broken == "last replace":  # the old preset has given way, and the new one cannot take its place

        def replace(source, destination, plain=os.replace):
            if destination == folder and not str(source).endswith(".old"):
                failing()
            plain(source, destination)

        monkeypatch.setattr(os, "replace", replace)
    else:
        monkeypatch.setattr(place[broken], broken, failing)
    with pytest.raises(InputError, match=r"tiny: cannot write there \(No space left on device\); make room, or choose"):
        tiny_model.save_to_preset(folder)
    assert contents(tmp_path) == before and folder.exists() == older
    assert [path.name for path in tmp_path.iterdir()] == (["tiny"] if older else [])


@pytest.mark.slow
def test_the_weights_alone_are_stored(tmp_path, rng):
    """Not the averages of the optimizer, which goes on afterwards."""
    model = tiny_tcn()
    model.save_to_preset(tmp_path / "before")
    model.compile(keras.optimizers.Adam(use_ema=True))
    x, y = rng.normal(size=(4, 8, 1)).astype(np.float32), np.zeros(4, int)
    model.fit(x, y, verbose=0)
    optimizer = model.optimizer
    model.save_to_preset(tmp_path / "after")
    sizes = [(tmp_path / name / "model.weights.h5").stat().st_size for name in ("before", "after")]
    assert sizes[0] == sizes[1]
    assert model.optimizer is optimizer
