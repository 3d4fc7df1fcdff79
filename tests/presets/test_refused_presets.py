"""What is said of a preset that is loaded with other arguments, and what is neither loaded nor saved, in one line each."""

import random
import re
import warnings

import keras
import numpy as np
import pytest
from helpers import contents
from keras import ops

from dilatednets import registry
from dilatednets.errors import InputError, Note
from dilatednets.presets import golden, presets
from dilatednets.zoo.wavenet.model import WaveNet


@pytest.fixture
def folder(save_tiny, tmp_path):
    return save_tiny(tmp_path / "tiny", {"description": "Says digits."}, 'name = "tiny"\n')


@pytest.fixture
def small_disk():
    """No file may grow above 10,000 bytes."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("older", [True, False])
def test_a_full_disk_leaves_what_was_there_faults(tiny_model, tmp_path, older, request):
    if older:
        tiny_model.save_to_preset(tmp_path / "tiny")
    before = contents(tmp_path)
    request.getfixturevalue("small_disk")
    with pytest.raises(InputError, match=r"tiny: cannot write there \(File too large\); make room, or choose another"):
        tiny_model.save_to_preset(tmp_path / "tiny")
    assert contents(tmp_path) == before and len(list(tmp_path.iterdir())) == older


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            {"kernel_size": 3},
            "3 of 30 weights start fresh, since kernel_size changed: block_0/conv, block_1/conv, block_2",
        ),
        ({"speakers": ["ann", "eve"]}, r"1 of 30 .* since speakers changed: speaker_embedding \(1 of 2 rows\); train"),
        (
            {"skip_channels": 16, "levels": 128},
            "weights start fresh, since skip_channels, levels changed: .* more; train",
        ),
        ({"dilations": [1, 2, 4, 8]}, "since dilations changed: block_"),
        ({"speakers": ["bob"], "dtype": "float32"}, None),
        ({"dilations": (1, 2, 4), "kernel_size": np.int64(2)}, None),
    ],
)
def test_weights_that_start_fresh_are_named_faults(folder, overrides, says):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        WaveNet.from_preset(folder, **overrides)
    notes = [str(one.message) for one in told if one.category is Note]
    assert len(notes) == (says is not None)
    assert says is None or (notes[0].startswith(f"{folder}: ") and re.search(says, notes[0])), notes


def test_kernels_that_would_look_elsewhere_start_fresh_faults(tiny_model, folder, monkeypatch):
    monkeypatch.setattr(WaveNet, "fresh_by_argument", {"dilations": ("block_{}/conv",), "levels": ("head",)})
    with pytest.warns(Note, match=r"2 of 30 weights .* since dilations changed: block_2/conv; train"):
        model = WaveNet.from_preset(folder, dilations=[1, 2, 8])
    trained = {w.path: ops.convert_to_numpy(w) for w in tiny_model.weights}
    differs = {w.path for w in model.weights if not np.array_equal(ops.convert_to_numpy(w), trained[w.path])}
    assert differs == {"block_2/conv/kernel"}  # and its bias, of zeros


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"kernel_sizes": 3}, "kernel_sizes: WaveNet has no such argument; did you mean kernel_size?"),
        ({"Dilations": [1]}, "did you mean dilations?"),
        ({"x": 1}, "x: WaveNet has no such argument"),
        ({"kernel_size": "3"}, "kernel_size: must be an integer"),
        ({"speakers": "ann"}, "speakers: "),
        ({"dtype": "float99"}, "dtype: not for a WaveNet"),
    ],
)
def test_wrong_arguments_are_named_faults(folder, overrides, says):
    with pytest.raises(InputError) as caught:
        WaveNet.from_preset(folder, **overrides)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    if "dtype" not in overrides:
        with pytest.raises(InputError, match=re.escape(says)):
            WaveNet(**overrides)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning")
def test_a_model_that_would_not_load_again_is_not_saved_faults(tiny_model, tmp_path):
    tiny_model.save_to_preset(tmp_path / "tiny")
    before = contents(tmp_path)
    tiny_model.quantize("int8")
    with pytest.raises(InputError, match=r"tiny: the model would not load again .*; save it before quantize\(\)"):
        tiny_model.save_to_preset(tmp_path / "tiny")
    assert contents(tmp_path) == before
    with pytest.raises(InputError, match=r"is quantised; export the model before quantize\(\)"):
        tiny_model.export(tmp_path / "served")
    assert not (tmp_path / "served").exists()


def test_a_layer_that_was_exchanged_is_noticed_faults(tiny_model, tmp_path):
    tiny_model.hidden.activation = keras.activations.tanh  # which the configuration does not say
    with pytest.raises(InputError, match=r"would not load again as it is \(it gives other outputs\); save it before"):
        tiny_model.save_to_preset(tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_saving_changes_nothing_in_a_training_faults(tiny_model, tmp_path):
    random.seed(3)
    drawn = random.random()
    random.seed(3)
    tiny_model.save_to_preset(tmp_path / "tiny")
    assert random.random() == drawn


@pytest.mark.parametrize("name", ["card.json", "config.json", "model.weights.h5", "golden.npz", "recipe.toml"])
def test_a_folder_in_the_place_of_a_file_is_named_faults(tiny_model, folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    read = {"recipe.toml": presets.recipe, "golden.npz": lambda folder: golden.largest_error(tiny_model, folder)}
    with pytest.raises(InputError, match=re.escape(f"{folder / name}: ")):
        read.get(name, WaveNet.from_preset)(folder)


@pytest.mark.parametrize("handle", ["", None, 3, b"tiny"])
def test_what_names_no_preset_is_refused_faults(handle):
    with pytest.raises(InputError, match="preset: must be a name, a folder or a handle"):
        WaveNet.from_preset(handle)


def test_unknown_names_are_guessed_faults(folder, monkeypatch):
    monkeypatch.setattr(presets, "roots", lambda: [folder.parent])
    with pytest.raises(InputError, match=r"presets are tiny; did you mean tiny\?"):
        presets.find("tinny")
    (folder / "config.json").write_text('{"class": "Wavenet", "config": {}}')
    with pytest.raises(InputError, match=r"unknown class 'Wavenet'; .*; did you mean WaveNet\?"):
        registry.from_preset(folder)
