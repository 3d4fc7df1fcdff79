"""What save_to_preset writes, from_preset reads; and what it refuses, and why."""

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from helpers import contents
from keras import ops

from dilatednets import registry
from dilatednets.errors import InputError, Note
from dilatednets.presets import card as cards
from dilatednets.presets import golden, presets
from dilatednets.zoo.wavenet.model import WaveNet


def outputs(model, inputs=None):
    return ops.convert_to_numpy(model(inputs or model.golden_inputs()))


def change_config(folder, **changes):
    path = folder / "config.json"
    content = json.loads(path.read_text())
    content["config"].update(changes)
    path.write_text(json.dumps(content))


def refusal(folder, cls=WaveNet):
    """The message with which a preset is refused: one line."""
    with pytest.raises(InputError) as caught:
        cls.from_preset(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_preset_is_the_files_of_the_design(folder):
    names = {"config.json", "model.weights.h5", "recipe.toml", "golden.npz", "card.json", "README.md"}
    assert {str(path) for path in contents(folder)} == names
    assert (folder / "recipe.toml").read_text() == 'name = "tiny"\n'
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_loaded_model_computes_the_same_bits(tiny_model, folder):
    loaded = WaveNet.from_preset(folder)
    np.testing.assert_array_equal(outputs(loaded), outputs(tiny_model))
    assert {**loaded.get_config(), "name": None} == {**tiny_model.get_config(), "name": None}


@pytest.mark.parametrize("output", ["logistics", "gaussian"])
def test_model_without_conditions_and_of_another_dtype_comes_back(tmp_path, output):
    model = WaveNet((1, 2), 3, 8, 16, 8, output, dtype="mixed_bfloat16")
    model.save_to_preset(tmp_path / "plain")
    loaded = WaveNet.from_preset(str(tmp_path / "plain"))
    assert loaded.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(outputs(loaded), outputs(model))


def test_other_speakers_get_fresh_vectors_on_the_trained_body(tiny_model, folder):
    trained = {w.path: ops.convert_to_numpy(w) for w in tiny_model.weights}
    for speakers in (("cat", "dog"), ("cat", "dog", "eve")):
        model = WaveNet.from_preset(folder, speakers=speakers)
        assert model.speakers == speakers
        for weight in model.weights:
            new, old = ops.convert_to_numpy(weight), trained[weight.path]
            if "speaker_embedding" in weight.path:
                assert len(new) == len(speakers) and np.all(np.abs(new[:2] - old).max(axis=1) > 0)
            else:
                np.testing.assert_array_equal(new, old)


def test_another_head_is_fresh_and_the_rest_is_kept(tiny_model, folder):
    model = WaveNet.from_preset(folder, levels=128)
    trained = {w.path: ops.convert_to_numpy(w) for w in tiny_model.weights}
    fresh = {w.path for w in model.weights if w.shape != trained[w.path].shape}
    assert fresh and all(path.startswith(("head", "input_conv")) for path in fresh)
    kept = [w for w in model.weights if w.path not in fresh]
    assert all(np.array_equal(ops.convert_to_numpy(w), trained[w.path]) for w in kept)


def test_card_counts_and_keeps_the_record(tiny_model, folder, record):
    card = presets.card(folder)
    assert record.items() <= card.items()
    assert card["name"] == "tiny" and card["class"] == "WaveNet" and card["keras"] == keras.__version__
    assert card["parameters"] == sum(weight.size for weight in tiny_model.get_weights())
    assert card["receptive_field"] == 1 + 2 + 4 + 1 + 1 and card["sample_rate"] == 8000
    assert card["sha256"] == hashlib.sha256((folder / "model.weights.h5").read_bytes()).hexdigest()
    (folder / "card.json").unlink()
    assert presets.card(folder) == {}
    WaveNet.from_preset(folder)


def test_readme_shows_the_card(folder):
    card, text = presets.card(folder), (folder / "README.md").read_text()
    assert text == cards.readme(card, WaveNet.facts)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    facts = {row[0]: row[1] for row in rows if len(row) == 2}
    assert facts["Parameters"] == f"{card['parameters']:,}" and facts["Receptive field, samples"] == "9"
    assert facts["SHA-256 of model.weights.h5"] == card["sha256"] and facts["Seed"] == "7"
    assert facts["Licence of the weights"] == "CC BY-SA 4.0"
    assert ["bits_per_sample", "spoken_digits", "test", "3.875", "0.02", "`dilatednets evaluate tiny`"] in rows
    assert "# tiny\n\nSays digits.\n" in text and "\nA note.\n" in text


def test_readme_begins_with_metadata_that_others_read(folder):
    yaml = pytest.importorskip("yaml")
    metadata = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert metadata["library_name"] == "keras" and metadata["license"] == "cc-by-sa-4.0"
    (result,) = metadata["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "bits_per_sample", "value": 3.875}]
    assert result["dataset"] == {"name": "spoken_digits", "type": "spoken_digits", "split": "test"}


@pytest.mark.parametrize("data", ["mine, of yesterday", "a: b", "[x]", "- y", "#5", 'say "ah"', "50 %", "no", "\u65e5"])
def test_metadata_may_be_of_any_words_faults(record, data):
    yaml = pytest.importorskip("yaml")
    record["metrics"][0] |= {"data": data, "split": data}
    metadata = yaml.safe_load(cards.readme({**record, "name": "tiny"}, {}).split("---\n")[1])
    [result] = metadata["model-index"][0]["results"]
    assert result["dataset"] == {"name": data, "type": data, "split": data}


def test_golden_outputs_tell_a_changed_model(tiny_model, folder):
    loaded = WaveNet.from_preset(folder)
    assert golden.largest_error(loaded, folder) == 0
    loaded.head.bias.assign(loaded.head.bias + 0.5)
    assert golden.largest_error(loaded, folder) == pytest.approx(0.5, rel=1e-4)
    with np.load(folder / "golden.npz") as stored:
        inputs = {key.removeprefix("input_"): stored[key] for key in stored.files if key.startswith("input_")}
        np.testing.assert_array_equal(outputs(tiny_model, inputs), stored["outputs"])


def test_presets_are_listed_by_class_and_found_by_name(folder, monkeypatch):
    monkeypatch.setattr(presets, "roots", lambda: [folder.parent])
    (folder.parent / "no_preset").mkdir()
    shutil.copytree(folder, folder.parent / ".tiny.abc.old")  # what a crash may leave
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "config.json").write_text('{"class": "Other", "config": {}}')
    assert presets.available() == {"tiny": folder, "other": folder.parent / "other"}
    assert WaveNet.presets == ("tiny",)
    assert presets.find("tiny") == presets.find(folder) == folder
    assert WaveNet.from_preset("tiny").speakers == ("ann", "bob")
    with pytest.raises(InputError, match="tinny: neither a preset nor a folder; presets are other, tiny"):
        WaveNet.from_preset("tinny")


def test_a_folder_with_the_name_of_a_preset_is_found_by_its_path_faults(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "roots", lambda: [folder.parent])
    monkeypatch.chdir(folder.parent)
    assert presets.find("tiny") == folder  # the same folder, so that there is nothing to note
    own = tmp_path / "own" / "tiny"
    shutil.copytree(folder, own)
    change_config(own, speakers=["eve", "mallory"])
    monkeypatch.chdir(own.parent)
    for handle in ("./tiny", "tiny/", os.path.join("..", "own", "tiny"), Path("tiny"), own, str(own)):
        assert presets.find(handle).samefile(own) and presets.shipped(handle) is None
        assert WaveNet.from_preset(handle).speakers == ("eve", "mallory")
    with pytest.warns(
        Note, match=r"^tiny: is the preset that comes with the package; ./tiny is the folder of this name$"
    ):
        assert presets.find("tiny") == presets.shipped("tiny") == folder
    assert WaveNet.from_preset("tiny").speakers == ("ann", "bob")  # and it is said once
    monkeypatch.chdir(own)
    assert presets.find(Path("tiny")) == presets.find("tiny") == folder  # no folder of this name is here


def test_folder_that_is_no_preset_is_refused(tmp_path):
    assert refusal(tmp_path).startswith(f"{tmp_path / 'config.json'}: missing")


def test_missing_weights_are_named(folder):
    (folder / "model.weights.h5").unlink()
    assert refusal(folder).startswith(f"{folder / 'model.weights.h5'}: missing")


def test_changed_weights_are_refused(folder):
    path = folder / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert refusal(folder).startswith(f"{path}: sha256 differs")


@pytest.mark.parametrize("with_card", [True, False])
@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_truncated_weights_are_refused(folder, with_card, part):
    path = folder / "model.weights.h5"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    if not with_card:
        (folder / "card.json").unlink()
    assert refusal(folder).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "changes", [{"dilations": [1, 2]}, {"skip_channels": 9}, {"speakers": ["ann"]}, {"output": "gaussian"}]
)
def test_weights_of_another_model_are_refused(folder, changes):
    change_config(folder, **changes)
    assert refusal(folder).startswith(f"{folder / 'model.weights.h5'}: not the weights of this model")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no JSON", "not readable as JSON"),
        ('{"class": "WaveNet", ', "not readable as JSON"),
        ("[1, 2]", "expected a JSON object"),
        ('{"class": "WaveNet", "config": ' + 100_000 * "[" + 100_000 * "]" + "}", "not readable as JSON"),
        ("{}", "holds the class None, not a WaveNet"),
        ('{"class": "os.system", "config": {}}', "holds the class 'os.system', not a WaveNet"),
        ('{"class": "ContextSegmenter", "config": {}}', "holds the class 'ContextSegmenter', not a WaveNet"),
        ('{"class": "WaveNet", "config": 3}', "not a WaveNet"),
        ('{"class": "WaveNet", "config": {"colour": 3}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"dilations": [0]}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"output": "sound"}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"text": {}}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"dtype": "os.system"}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"dtype": [1]}}', "not a configuration of WaveNet"),
        ('{"class": "WaveNet", "config": {"speakers": 3}}', "not a configuration of WaveNet"),
    ],
)
def test_foreign_config_is_refused(folder, content, reason):
    (folder / "config.json").write_text(content)
    message = refusal(folder)
    assert message.startswith(f"{folder / 'config.json'}: ") and reason in message


LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"function": "os.system"},
    "registered_name": None,
}
POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dtype": {**POLICY, "module": "os", "class_name": "system"}}, "system"),
        ({"dtype": {**POLICY, "module": "os"}}, "DTypePolicy"),
        ({"dtype": {**POLICY, "registered_name": "mine>DTypePolicy"}}, "DTypePolicy"),
        ({"dtype": {**POLICY, "config": {"name": LAMBDA}}}, "DTypePolicy"),
        (
            {"dtype": {**POLICY, "class_name": "DTypePolicyMap", "config": {"policy_map": {"a": LAMBDA}}}},
            "DTypePolicyMap",
        ),
        ({"text": {"vocabulary": [LAMBDA]}}, "Lambda"),
        ({"activity_regularizer": LAMBDA}, "Lambda"),
        ({"name": "a", "layers": [LAMBDA], "input_layers": [], "output_layers": []}, "Lambda"),
    ],
)
def test_configuration_that_describes_an_object_is_refused(folder, changes, named):
    """Keras would make it; it does not get to see it."""
    change_config(folder, **changes)
    message = refusal(folder)
    assert message.startswith(f"{folder / 'config.json'}: ") and f"an object of class {named!r}" in message


def test_unknown_class_is_refused(folder):
    (folder / "config.json").write_text('{"class": "os.system", "config": {}}')
    with pytest.raises(InputError, match=r"config.json: unknown class 'os.system'; models are WaveNet, "):
        registry.from_preset(folder)


def replaced(file, name, **how):
    del file[name]
    file.create_dataset(name, **how)


ODD_WEIGHTS = {
    "link to another file": lambda file, name: file.update({name: h5py.ExternalLink("other.h5", "/secret")}),
    "link within": lambda file, name: file.update({name: h5py.SoftLink("/elsewhere")}),
    "bytes of another file": lambda file, name: replaced(
        file, name, shape=(8,), dtype="f4", external=[("other.h5", 0, 32)]
    ),
    "larger than memory": lambda file, name: replaced(file, name, shape=(2**40,), dtype="f4", chunks=(2**20,)),
    "text": lambda file, name: replaced(file, name, data=np.array(8 * [b"words"])),
    "objects": lambda file, name: replaced(file, name, shape=(8,), dtype=h5py.string_dtype()),
    "a folder": lambda file, name: file.create_group(name),
    "nothing": lambda file, name: None,
}


@pytest.mark.parametrize("odd", ODD_WEIGHTS)
def test_odd_weights_are_refused(folder, odd):
    (folder / "card.json").unlink()
    shutil.copy(folder / "model.weights.h5", folder / "other.h5")
    with h5py.File(folder / "other.h5", "a") as file:
        file["secret"] = np.zeros(8, "f4")
    with h5py.File(folder / "model.weights.h5", "a") as file:
        name = "hidden/vars/1"  # its bias
        file["elsewhere"] = file[name][:]
        if odd not in ("bytes of another file", "larger than memory", "text", "objects"):
            del file[name]
        ODD_WEIGHTS[odd](file, name)
    assert refusal(folder).startswith(f"{folder / 'model.weights.h5'}: not the weights of this model")


class Trap:
    """Pickled; whoever unpickles it makes a folder of this name."""

    def __init__(self, name):
        self.name = str(name)

    def __reduce__(self):
        return os.mkdir, (self.name,)


@pytest.mark.parametrize("kind", ["npz", "npy", "pickle", "empty", "missing"])
def test_golden_outputs_that_are_no_numbers_are_refused(tiny_model, folder, tmp_path, kind):
    path = folder / "golden.npz"
    path.unlink()
    objects = np.array([Trap(tmp_path / "sprung")], object)
    with open(path, "wb") as file:
        if kind == "npz":
            np.savez(file, input_audio=objects, outputs=np.zeros(1))
        elif kind == "npy":
            np.save(file, objects, allow_pickle=True)
        elif kind == "pickle":
            pickle.dump(objects, file)
    if kind == "missing":
        path.unlink()
    with pytest.raises(
        InputError, match=r"golden\.npz: not inputs and outputs of this model .*; fetch the preset again"
    ):
        golden.largest_error(tiny_model, folder)
    assert not (tmp_path / "sprung").exists()


def test_broken_card_is_refused(folder):
    (folder / "card.json").write_text('{"sha256"')
    assert refusal(folder).startswith(f"{folder / 'card.json'}: not readable as JSON")
