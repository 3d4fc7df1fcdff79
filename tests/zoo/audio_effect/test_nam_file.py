"""Files of Neural Amp Modeler, against a reading of the format in plain NumPy."""

import json

import numpy as np
import pytest
from effects import ACTIVATIONS, array_of, assert_close, nam_content, play_nam
from helpers import tiny_effect

from dilatednets import registry
from dilatednets.errors import InputError
from dilatednets.zoo.audio_effect import AudioEffect

NETS = {
    "two arrays": (),
    "one": (array_of(1, 1, 5, (1, 2, 4), head_bias=True),),
    "gated": (array_of(1, 4, 2, (1, 8), 2, gated=True), array_of(2, 1, 4, (3, 1), 4, "ReLU")),
    "biases of all heads": (
        array_of(1, 3, 2, head_bias=True),
        array_of(2, 2, 3, (1,), head_bias=True),
        array_of(3, 1, 2, (5,)),
    ),
    **{name: (array_of(1, 1, 4, (1, 2), activation=name, head_bias=True),) for name in ACTIVATIONS},
}


def written(folder, content):
    path = folder / "a.nam"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("arrays", NETS.values(), ids=NETS)
def test_nets_of_others(arrays, tmp_path, rng):
    """After a player's silence, from the file and from the one that is written again."""
    content, dry = nam_content(*arrays), rng.uniform(-1, 1, 200).astype(np.float32)
    model = AudioEffect.from_nam(written(tmp_path, content))
    expected = play_nam(content, dry, model.receptive_field)
    assert_close(model.process(dry), expected)
    model.save_nam(tmp_path / "b.nam")
    again = json.loads((tmp_path / "b.nam").read_text())
    assert_close(play_nam(again, dry, model.receptive_field), expected)


def test_what_a_file_says_is_kept(tmp_path):
    said = {"name": "My Amp", "training": {"validation_esr": 0.01}}
    path = written(tmp_path, nam_content(metadata=said, sample_rate=44100.0))
    model = AudioEffect.from_nam(path)
    assert (model.sample_rate, model.metadata, model.head_scale) == (44100, said, 0.25)
    model.save_nam(tmp_path / "b.nam", metadata={"gear_type": "pedal"})
    content = json.loads((tmp_path / "b.nam").read_text())
    assert content["sample_rate"] == 44100 and content["metadata"] == {**said, "gear_type": "pedal"}
    assert content["version"] == "0.5.4" and content["architecture"] == "WaveNet"


def test_a_file_without_a_rate_is_of_48_khz_and_is_written_with_it(tmp_path):
    content = nam_content(version="0.6.0")
    del content["sample_rate"]
    model = AudioEffect.from_nam(written(tmp_path, content))
    model.save_nam(tmp_path / "b.nam")
    assert json.loads((tmp_path / "b.nam").read_text())["sample_rate"] == model.sample_rate == 48000


def test_heads_as_newer_trainers_write_them(tmp_path, rng):
    content, dry = nam_content(version="0.7.0"), rng.uniform(-1, 1, 100).astype(np.float32)
    expected = AudioEffect.from_nam(written(tmp_path, content)).process(dry)
    for array in content["config"]["layers"]:
        width, bias = array.pop("head_size"), array.pop("head_bias")
        array |= {
            "head": {"out_channels": width, "kernel_size": 1, "bias": bias},
            "gating_mode": "none",
            "head1x1": None,
        }
        array |= {"bottleneck": array["channels"], "layer1x1": {"active": True, "groups": 1}}
    np.testing.assert_array_equal(AudioEffect.from_nam(written(tmp_path, content)).process(dry), expected)


def test_knobs_are_left_where_they_are(tmp_path, rng):
    model, dry = tiny_effect(knobs=["gain", "tone"]), rng.uniform(-1, 1, 100).astype(np.float32)
    settings = {"gain": 0.7, "tone": -0.2}
    model.save_nam(tmp_path / "a.nam", settings)
    assert_close(AudioEffect.from_nam(tmp_path / "a.nam").process(dry), model.process(dry, knobs=settings))


def test_a_file_is_a_model_wherever_one_is_named(tmp_path):
    path = str(written(tmp_path, nam_content()))
    assert registry.family_of_preset(path).model == "AudioEffect"
    assert registry.from_preset(path).receptive_field == 15
    assert AudioEffect.preset_config(path)["channels"] == [3, 2]
    assert AudioEffect.from_preset(path, sample_rate=44100).sample_rate == 44100


@pytest.mark.parametrize(
    "overrides",
    [{"arrays": [[1, 16], [4]]}, {"activations": ["relu", "tanh"]}, {"arrays": ((1, 2), (8,)), "sample_rate": 44100}],
)
def test_faults_weights_are_not_given_another_meaning(tmp_path, overrides):
    path = written(tmp_path, nam_content())
    name = next(iter(overrides))
    kept = AudioEffect.preset_config(path)[name]
    assert [len(one) for one in kept] == [len(one) for one in overrides[name]]  # the same weights, then
    for load in (AudioEffect.from_nam, AudioEffect.from_preset):
        with pytest.raises(InputError, match=rf"^{name}: the weights of .*a\.nam belong to its own; leave it out"):
            load(path, **overrides)
        assert load(path, **{name: kept}).receptive_field == 15


def changed(**keys):
    content = nam_content()
    for key, value in keys.items():
        (content["config"]["layers"][0] if key in content["config"]["layers"][0] else content)[key] = value
    return content


WHOLE = json.dumps(nam_content())
FAULTS = {
    "truncated": (WHOLE[:300], "truncated, or no .nam file"),
    "empty": ("", "truncated, or no .nam file"),
    "a list": ("[1]", "no .nam file: it lacks architecture, config or weights"),
    "LSTM": (
        changed(architecture="LSTM"),
        "holds a net of the architecture 'LSTM'; nets of the architecture WaveNet are read",
    ),
    "version": (changed(version="0.9.0"), "is of version 0.9.0; versions 0.5 to 0.7 are read"),
    "too few": (changed(weights=nam_content()["weights"][:-3]), "weights: there are 128 of 131; the file is damaged"),
    "too many": (changed(weights=nam_content()["weights"] * 2), "weights: there are 262 of 131"),
    "NaN": (WHOLE.replace(str(nam_content()["weights"][5]), "NaN"), "weights: hold NaN or infinity"),
    "nested": (changed(weights=[nam_content()["weights"]]), "weights: must be a list of numbers"),
    "another net before": (
        changed(config={**nam_content()["config"], "condition_dsp": {"layers": []}}),
        "config.condition_dsp: a net with this is newer",
    ),
    "two inputs": (
        changed(config={**nam_content()["config"], "in_channels": 2}),
        "config.in_channels: a net with this is newer than A1",
    ),
    "texts": (changed(weights=["a"]), "weights: must be a list of numbers"),
    "no arrays": (changed(config={"layers": []}), "config.layers: must be a list of arrays"),
    "a head": (
        changed(config={**nam_content()["config"], "head": {}}),
        "config.head: a net with layers behind its head",
    ),
    "an activation": (changed(activation="Softplus"), "config.layers[0].activation: 'Softplus' is not read"),
    "no channels": (changed(channels=0), "config.layers[0].channels: must be above 0"),
    "sizes": (changed(head_size=5), "config.layers[0]: input_size, condition_size and head_size must be (1, 1, 2)"),
    "A2": (changed(kernel_size=[6, 15]), "config.layers[0].kernel_size: must be an integer"),
    "rate": (changed(sample_rate="a"), "sample_rate: must be a number"),
    "no rate": (changed(sample_rate=0), "sample_rate: must be above 0, not 0"),
    "infinite rate": (changed(sample_rate=float("inf")), "sample_rate: must be above 0, not inf"),
    "NaN rate": (changed(sample_rate=float("nan")), "sample_rate: must be above 0, not nan"),
    "far": (changed(dilations=[2**30, 1]), "config.layers[0].dilations: must be dilations up to 2**20"),
    "a size": (changed(input_size=True), "input_size, condition_size and head_size must be (1, 1, 2)"),
    "metadata": (changed(metadata=3), "metadata: must be a table"),
}


@pytest.mark.parametrize(("content", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_of_files(content, words, tmp_path):
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        AudioEffect.from_nam(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and words in line and "\n" not in line


def test_faults_of_writing(tmp_path):
    model = tiny_effect()
    for call, words in (
        (lambda: AudioEffect.from_nam(tmp_path / "nothing.nam"), "nothing.nam: cannot be read"),
        (lambda: model.save_nam(tmp_path / "a.json"), "such files have names that end in .nam"),
        (lambda: model.save_nam("/dev/null/a.nam"), "/dev/null/a.nam"),
        (lambda: tiny_effect(knobs=["gain"]).save_nam(tmp_path / "a.nam"), "knobs: no setting of gain"),
        (lambda: AudioEffect(arrays=[[1]], channels=[2], skips="concatenate").save_nam(tmp_path / "a.nam"), "skips: "),
        (lambda: AudioEffect.from_nam(written(tmp_path, nam_content()), channels=[4, 2]), "channels: would change"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    for metadata in ({"loudness": np.nan}, {"loudness": np.float32(1)}, ["gain"]):
        with pytest.raises(InputError, match="metadata: must "):
            model.save_nam(tmp_path / "b.nam", metadata=metadata)
    model.weights[0].assign(np.full(model.weights[0].shape, np.nan))
    with pytest.raises(InputError, match="hold NaN or infinity"):
        model.save_nam(tmp_path / "b.nam")
    assert not (tmp_path / "b.nam").exists()
