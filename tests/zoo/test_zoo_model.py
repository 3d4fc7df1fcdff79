"""What all models have in common."""

import dataclasses
import importlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_effect, tiny_segmenter, tiny_tcn, tiny_vocoder

import dilatednets
from dilatednets import registry
from dilatednets.errors import InputError

LOAD = """
import sys, keras, numpy as np, dilatednets.zoo
for path in sys.argv[1:]:
    model = keras.models.load_model(path)
    np.savez(path + ".npz", *model.get_weights(), **{"class": type(model).__name__})
"""


@pytest.mark.slow
def test_keras_files_load_in_a_new_process(tiny_model, tmp_path):
    """After `import dilatednets.zoo` alone."""
    small = (tiny_model, tiny_segmenter(), tiny_chunker(), tiny_tcn(), tiny_effect(), tiny_vocoder())
    models = {str(tmp_path / f"{m.name}.keras"): m for m in small}
    for path, model in models.items():
        model.save(path)
    subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD, *models], cwd=CHECKOUT, check=True)
    for path, model in models.items():
        with np.load(f"{path}.npz") as loaded:
            assert str(loaded["class"]) == type(model).__name__
            for number, weight in enumerate(model.get_weights()):
                np.testing.assert_array_equal(loaded[f"arr_{number}"], weight)


TINY = {
    "WaveNet": None,
    "ContextSegmenter": tiny_segmenter,
    "TCNChunker": tiny_chunker,
    "TCN": tiny_tcn,
    "AudioEffect": tiny_effect,
    "MelVocoder": tiny_vocoder,
}
"""What makes a small model of each family; that of WaveNet is a fixture."""


@pytest.mark.parametrize("family", registry.FAMILIES.values(), ids=lambda family: family.model)
def test_each_argument_is_an_attribute_of_its_name(family, tiny_model):
    make = TINY[family.model]
    model = tiny_model if make is None else make()
    for name, value in model.get_config().items():
        assert hasattr(model, name), name
        if isinstance(value, int | float | str) and not isinstance(getattr(type(model), name, None), property):
            held = getattr(model, name)
            assert held == value or not isinstance(held, type(value)), name
    twin = type(model).from_config(model.get_config())
    assert {**twin.get_config(), "name": ""} == {**model.get_config(), "name": ""}


def test_package_offers_its_rooms_on_demand():
    code = "import sys, dilatednets; assert 'keras' not in sys.modules; print(dilatednets.__version__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == dilatednets.__version__
    assert dilatednets.layers.CausalDilatedConv and dilatednets.zoo.wavenet.WaveNet
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        dilatednets.nothing  # noqa: B018


def test_a_model_of_no_family_is_refused():
    class Stranger:
        pass

    with pytest.raises(InputError, match="Stranger: no model of the zoo; models are WaveNet"):
        registry.family_of(Stranger())


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
        (["bce"], "BinaryCrossentropy"),
        ({"scores": "BinaryFocalCrossentropy"}, "BinaryFocalCrossentropy"),
        (keras.losses.categorical_crossentropy, "CategoricalCrossentropy"),
        (keras.losses.CategoricalFocalCrossentropy(), "CategoricalFocalCrossentropy"),
    ],
    ids=["string", "list", "dict", "function", "object"],
)
@pytest.mark.parametrize("make", [tiny_tcn, tiny_segmenter])
def test_faults_losses_of_probabilities_are_refused_where_outputs_are_logits(make, loss, name):
    cure = rf"give keras.losses.{name}\(from_logits=True\)"
    with pytest.raises(InputError, match=f"loss: {name} takes probabilities, .* {cure}"):
        make().compile("adam", loss=loss)


def _own(y, scores, from_logits=False):
    """A loss of a user's own."""
    return keras.ops.mean(scores, axis=-1)


@pytest.mark.parametrize(
    "loss", ["mse", "categorical_hinge", _own, keras.losses.SparseCategoricalCrossentropy(from_logits=True), None]
)
@pytest.mark.parametrize("make", [tiny_tcn, tiny_segmenter])
def test_other_losses_are_taken(make, loss):
    model = make()
    model.compile("adam", loss=loss)
    assert loss is None or model.loss is loss


def test_faults_the_loss_that_is_advised_is_that_of_the_scores(rng):
    """Against the mean of minus the logarithms of the softmax."""
    model, x, y = tiny_tcn(), rng.normal(size=(6, 9, 1)).astype(np.float32), np.array([0, 1, 2, 2, 1, 0])
    model.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    expected = -np.log(model.answer(x)["probabilities"][np.arange(6), y]).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("make", "reader", "fold"), [(tiny_segmenter, "camvid", "0001TP"), (tiny_chunker, "conll2000", 3)]
)
def test_faults_what_was_held_out_in_training_is_measured(make, reader, fold, tmp_path, monkeypatch):
    """By the fold of the recipe, unless another is asked for, or the model is another by now, or the data are."""
    model, asked = make(), []

    def load(data_dir, split, fold=None):
        asked.append(fold)
        raise InputError("no data")

    monkeypatch.setattr(importlib.import_module(f"dilatednets.data.{reader}"), "load", load)
    part = registry.family_of(model).part("tasks" if reader == "camvid" else "training")
    if reader == "camvid":
        images = dataclasses.replace(part.TASKS["camvid", "classification"], pairs=load)
        monkeypatch.setitem(part.TASKS, ("camvid", "classification"), images)
    else:
        monkeypatch.setitem(part.READERS, reader, load)
    recipe = f'name = "mine"\nmodel = "{type(model).__name__}"\n[data]\nreader = "{reader}"\nfold = {fold!r}\n'
    model.save_to_preset(tmp_path / "best", recipe=recipe)
    loaded = dilatednets.from_preset(tmp_path / "best")
    for options in ({}, {"reader": reader}, {"fold": type(fold)()}):
        with pytest.raises(InputError, match="no data"):
            loaded.evaluate_on(tmp_path, **options)
    assert asked == [fold, fold, None]
    assert dilatednets.from_preset(tmp_path / "best", dtype="float32").trained_on["fold"] == fold
    assert model.trained_on == {}
    with pytest.raises(InputError, match=f"fold: only {reader} has any; leave it out"):
        loaded.evaluate_on(tmp_path, reader="nuclei" if reader == "camvid" else "snips", fold=fold)
