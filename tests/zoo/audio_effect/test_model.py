"""The net against NumPy's reading of the files of others, in one piece and in blocks."""

import copy
import json

import keras
import numpy as np
import pytest
from effects import assert_close, pedal_content, play_pedal
from helpers import tiny_effect, tool
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.audio import read_with_rate
from dilatednets.errors import InputError, Note
from dilatednets.layers import receptive_field
from dilatednets.zoo.audio_effect import AudioEffect
from dilatednets.zoo.audio_effect.losses import EffectLoss

SETTINGS = {
    "arrays": {},
    "gated": {"gated": [True, False], "activations": ["relu", "tanh"], "kernel_sizes": [2, 4]},
    "knobs": {"knobs": ["gain", "tone"]},
    "concatenated": {"arrays": [[1, 2]], "channels": [5], "gated": [True], "skips": "concatenate", "prewarm": False},
    "one tap": {"kernel_sizes": [1]},
}
KNOBS = {"gain": 0.3, "tone": -0.8}


def made(settings):
    model = tiny_effect(**settings)
    return model, (KNOBS if model.knobs else None)


def called(model, dry):
    inputs = {"audio": dry, "knobs": np.tile(np.float32([0.3, -0.8]), (len(dry), 1))} if model.knobs else dry
    return keras.ops.convert_to_numpy(model(inputs))


def test_a_pedal_of_others(tmp_path, rng):
    """Through the converter of tools/, whose presets load again."""
    content = pedal_content()
    (tmp_path / "pedal.json").write_text(json.dumps(content))
    model, dry = tool("convert_pedal").convert(tmp_path / "pedal.json"), rng.uniform(-1, 1, 300).astype(np.float32)
    assert (model.sample_rate, model.receptive_field) == (44100, 9)
    assert_close(called(model, dry[None])[0], play_pedal(content, dry))
    assert_close(model.process(dry), play_pedal(content, dry))


def test_a_pair_is_rendered(tmp_path, monkeypatch):
    """By tools/render_guitar: guitar, and what a model makes of its samples as they are."""
    tiny_effect(sample_rate=44100).save_nam(tmp_path / "a.nam")
    given = [tmp_path / "dry.flac", "--seconds", 1, "--sample-rate", 8000, "--through", tmp_path / "a.nam"]
    monkeypatch.setattr("sys.argv", ["render_guitar", *map(str, given)])
    tool("render_guitar").main()
    (dry_rate, dry), (rate, wet) = (read_with_rate(tmp_path / f"{name}.flac") for name in ("dry", "wet"))
    assert dry_rate == rate == 8000 and len(dry) == 8000 and dry.std() > 0.01
    np.testing.assert_allclose(wet, tiny_effect().process(dry).clip(-1, 1), atol=1e-4)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("engine", ["native", "compiled"])
def test_streams_equal_the_parallel_call(settings, engine, rng):
    if engine == "native":
        pytest.importorskip("numba")
    (model, knobs), dry = made(settings), rng.uniform(-1, 1, (2, 200)).astype(np.float32)
    state = model.initial_state(2, knobs=knobs, engine=engine)
    blocks = []
    for block in np.split(dry, [1, 8, 72], axis=1):
        wet, state = model.process(block, state)
        blocks.append(wet)
    assert_close(np.concatenate(blocks, axis=1), called(model, dry))


@given(cuts=st.lists(st.integers(1, 2999), max_size=6))
def test_any_blocks_equal_the_whole(cuts):
    """Also where the kernel moves what it remembers to the front."""
    pytest.importorskip("numba")
    model, dry = tiny_effect(), np.random.default_rng(1).uniform(-1, 1, 3000).astype(np.float32)
    state = model.initial_state()
    blocks = [model.process(block, state)[0] for block in np.split(dry, sorted(set(cuts)))]
    assert_close(np.concatenate(blocks), model.process(dry))


def test_shapes(rng):
    model, dry = tiny_effect(), rng.uniform(-1, 1, (2, 50)).astype(np.float32)
    wet = called(model, dry)
    np.testing.assert_array_equal(called(model, dry[..., None]), wet[..., None])
    assert_close(model.process(dry), wet)
    assert_close(model.process(dry[0].astype(np.float64)), wet[0])
    assert_close(model.process((dry[0] * 32767).astype(np.int16)), wet[0], 1e-3)
    assert called(model, dry[:, :0]).shape == (2, 0)
    symbolic = keras.Input((None,))
    assert keras.Model(symbolic, model(symbolic)).output_shape == (None, None)


def test_after_silence_nothing_changes():
    """A prewarmed net gives the same for silence from the first sample on; one that is not gets there within its field."""
    model, cold = tiny_effect(), tiny_effect(prewarm=False)
    silent, click = (np.asarray(called(one, np.zeros((1, 40), np.float32)))[0] for one in (model, cold))
    np.testing.assert_allclose(silent, silent[0], atol=1e-6)
    assert abs(click[0] - click[-1]) > 1e-2
    np.testing.assert_allclose(click[model.receptive_field - 1 :], silent[0], atol=1e-6)


@pytest.mark.parametrize("name", ["arrays", "gated", "concatenated"])
def test_receptive_field(name, rng):
    """A sample changes those from it on to the end of the field, and no others."""
    (model, _), dry = made(SETTINGS[name]), rng.uniform(-1, 1, (1, 60)).astype(np.float32)
    field = model.receptive_field
    assert receptive_field(model) == field
    other = dry.copy()
    other[0, 10] = -other[0, 10]
    changed = np.flatnonzero(np.abs(called(model, dry) - called(model, other))[0] > 1e-7)
    assert (changed[0], changed[-1]) == (10, 10 + field - 1)


def test_each_weight_learns_and_the_loss_falls(rng):
    """But those of the last residual, which nothing reads."""
    model, dry = tiny_effect(knobs=["gain"]), rng.uniform(-1, 1, (4, 64)).astype(np.float32)
    inputs, wet = {"audio": dry, "knobs": rng.random((4, 1), np.float32)}, np.tanh(3 * dry)
    before = [weight.copy() for weight in model.get_weights()]
    model.compile("adam", "mse")
    history = model.fit(inputs, wet, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    same = [weight.path for weight, old in zip(model.weights, before, strict=True) if np.array_equal(weight, old)]
    assert [path.rpartition("/")[2] for path in same] == ["residual_kernel", "residual_bias"]


def test_mixed_precision(rng):
    model, half = tiny_effect(knobs=["gain"]), tiny_effect(knobs=["gain"], dtype="mixed_bfloat16")
    dry, knobs = rng.uniform(-1, 1, (2, 100)).astype(np.float32), {"gain": 0.5}
    wet, _ = half.process(dry, half.initial_state(2, knobs=knobs, engine="compiled"))
    assert_close(wet, model.process(dry, knobs=knobs), 0.05)
    inputs = {"audio": dry, "knobs": np.full((2, 1), 0.5, np.float32)}
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(half(inputs)).dtype, np.float32)


def test_knobs_change_the_sound(rng):
    model, dry = tiny_effect(knobs=["gain"]), rng.uniform(-1, 1, 50)
    assert np.abs(model.process(dry, knobs={"gain": 0}) - model.process(dry, knobs={"gain": 1})).max() > 1e-2


def test_saved_and_loaded(tmp_path, rng):
    model, dry = tiny_effect(knobs=["gain"], metadata={"name": "My Amp"}), rng.uniform(-1, 1, 50)
    model.save_to_preset(tmp_path / "effect")
    again = AudioEffect.from_preset(tmp_path / "effect")
    assert again.metadata == {"name": "My Amp"}
    np.testing.assert_array_equal(again.process(dry, knobs={"gain": 1}), model.process(dry, knobs={"gain": 1}))


def test_faults_a_trained_net_under_other_arguments(tmp_path):
    model = tiny_effect()
    model.save_to_preset(tmp_path / "effect")
    rate = model.sample_rate
    with pytest.raises(InputError, match=f"sample_rate: .*effect is of {rate} Hz; leave it out, and resample"):
        AudioEffect.from_preset(tmp_path / "effect", sample_rate=rate + 1)
    assert AudioEffect.from_preset(tmp_path / "effect", sample_rate=rate).sample_rate == rate
    with pytest.warns(Note, match="weights start fresh, since activations changed: block_0_0"):
        AudioEffect.from_preset(tmp_path / "effect", activations=["sigmoid"])


def test_a_knob_is_added_to_a_trained_net(tmp_path):
    """Only the mixers, whose shape changes, start fresh."""
    model = tiny_effect()
    model.save_to_preset(tmp_path / "effect")
    with pytest.warns(Note, match="3 of 20 weights start fresh, since knobs changed: block_0_0"):
        knobs = AudioEffect.from_preset(tmp_path / "effect", knobs=["gain"])
    for old, new in zip(model.weights, knobs.weights, strict=True):
        assert np.array_equal(old, new) != ("mixer" in old.path), old.path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"arrays": []}, "arrays: must be a list of lists of dilations"),
        ({"arrays": [[1], []]}, "arrays: must be a list of positive integers"),
        ({"arrays": [[1, 2]]}, "channels: must be one number for each of 1 arrays, not [3, 2]"),
        ({"activations": ["tan"]}, "activations: must be a list of tanh, hard_tanh"),
        ({"gated": [True, False, True]}, "gated: must be one for all arrays, or one for each of 2"),
        ({"skips": "concatenate"}, "arrays: with skips concatenated there is one, not 2"),
        ({"metadata": {"loudness": np.float32(1)}}, "metadata: must be a table of texts, numbers"),
        ({"head_scale": 0}, "head_scale: must be a finite number other than 0"),
    ],
)
def test_faults_of_arguments(settings, words):
    with pytest.raises(InputError) as caught:
        tiny_effect(**settings)
    assert words in str(caught.value)


def test_a_copy_of_a_state_goes_on_from_there(rng):
    model, dry = tiny_effect(), rng.uniform(-1, 1, 50)
    state = model.initial_state()
    model.process(dry, state)
    kept = copy.deepcopy(state)
    wet = model.process(dry, state)[0]
    np.testing.assert_array_equal(model.process(dry, kept)[0], wet)


def test_faults_integers_are_learnt_and_answered_as_the_sound_they_are(rng):
    model = tiny_effect()
    dry = rng.integers(-32768, 32768, (2, 50)).astype(np.int16)
    same = dry / np.float32(32768)
    np.testing.assert_array_equal(model.predict(dry, verbose=0), model.predict(same, verbose=0))
    np.testing.assert_array_equal(model(dry), model(same))
    model.compile(loss="mse")
    assert model.evaluate(dry, dry, verbose=0) == model.evaluate(same, same, verbose=0)
    assert model.evaluate(same, 1.5 * same, verbose=0) == pytest.approx(float(np.mean((model(same) - 1.5 * same) ** 2)))
    for x, y in ((20000 * same, same), (same, 20000 * same)):
        with pytest.raises(InputError, match=r"reaches .* but floats must be in \[-1, 1\]"):
            model.fit(x, y)


def test_faults_of_calls(rng):
    model, knobs, dry = tiny_effect(), tiny_effect(knobs=["gain"]), rng.uniform(-1, 1, 50)
    for call, words in (
        (lambda: model(np.zeros((2, 5, 2))), "audio: must be of shape"),
        (lambda: model({"audio": dry[None], "knobs": dry[:1, None]}), "inputs: this model takes audio alone"),
        (lambda: knobs(dry[None]), r"inputs: this model takes a dict of audio and knobs \(gain\)"),
        (lambda: knobs.process(dry), "knobs: no setting of gain; give all of gain"),
        (lambda: knobs.process(dry, knobs={"gian": 1}), "knobs: no knob 'gian'; did you mean gain?"),
        (lambda: model.process(dry, knobs={"gain": 1}), "knobs: no knob 'gain'; this model has none"),
        (lambda: model.process(dry, model.initial_state(), knobs={}), "knobs: are set in initial_state"),
        (lambda: model.process(dry, model.initial_state(2)), r"audio: must be of shape \(2, samples\)"),
        (lambda: model.process(dry[None], model.initial_state()), r"audio: must be of shape \(samples,\)"),
        (lambda: model.process(dry * np.nan), "audio: holds NaN or infinity"),
        (lambda: model.fit(np.full((2, 9), np.nan), np.zeros((2, 9))), "audio: holds NaN or infinity"),
        (lambda: model.fit(np.zeros((2, 9)), np.zeros((2, 5))), r"y: must be an array of shape \(2, 9\), not \(2, 5\)"),
        (lambda: model.fit([[0.0, np.nan]], [[0.0, 0.0]]), "audio: holds NaN or infinity"),
        (lambda: model.fit(np.zeros((2, 9))), "y: missing; give what the model is to answer"),
        (lambda: model.evaluate({"audio": np.zeros((2, 9))}), "y: missing"),
        (lambda: model.process(np.zeros((50, 2))), r"audio: of shape \(50, 2\) would be 50 recordings .* transpose it"),
        (lambda: model.process(dry, tiny_effect().initial_state()), "state: is another model's"),
    ):
        with pytest.raises(InputError, match=words):
            call()


class Batches(keras.utils.PyDataset):
    """One batch, of which Keras's doors check nothing."""

    def __init__(self, *batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, _):
        return self.batch


@pytest.mark.parametrize("loss", [EffectLoss(weight=0), "mse"], ids=["own", "mse"])
def test_faults_integers_in_data_sets_are_the_sound_they_are(loss, rng):
    """The dry audio, the wet one of loss and metric."""
    model = tiny_effect()
    model.compile(loss=loss, metrics=["mae"], jit_compile=False)
    dry, wet = rng.integers(-32768, 32768, (2, 2, 50)).astype(np.int16)
    errors = wet / 32768 - np.asarray(model((dry / 32768).astype(np.float32)))
    expected = [np.mean(errors**2), np.mean(np.abs(errors))]
    assert model.evaluate(Batches(dry, wet), verbose=0) == pytest.approx(expected, rel=1e-4)


def test_faults_audio_with_a_last_dimension_is_the_same_audio(rng):
    model, dry = tiny_effect(), rng.uniform(-1, 1, (2, 50)).astype(np.float32)
    wet = model.predict_on_batch(dry)
    np.testing.assert_array_equal(model.predict(dry[..., None], verbose=0), wet[..., None])
    np.testing.assert_array_equal(model.predict(dry, verbose=0), wet)
    np.testing.assert_array_equal(model.predict_on_batch(dry[..., None]), wet[..., None])
    for x in (dry, dry[..., None]):
        for y in (dry, dry[..., None]):
            np.testing.assert_array_equal(model._checked(x, y)[1], x)
    with pytest.raises(InputError, match=r"y: must be an array of shape \(2, 50, 1\), not \(2, 50, 2\)"):
        model.fit(dry, np.zeros((2, 50, 2)))


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        (np.full((4, 1), np.nan), "knobs: holds NaN or infinity"),
        (np.zeros((1, 1)), r"knobs: must be .*of shape \(4, 1\), not \(1, 1\)"),
        (np.zeros((3, 1)), r"knobs: must be .*of shape \(4, 1\), not \(3, 1\)"),
        (np.zeros((4, 2)), r"knobs: must be .*of shape \(4, 1\), not \(4, 2\)"),
        (np.array([["a"]] * 4), "knobs: must hold real numbers, not <U1"),
        (None, "inputs: this model takes a dict of audio and knobs"),
    ],
    ids=["nan", "one row", "three rows", "two knobs", "texts", "none"],
)
def test_faults_of_knobs_are_told_at_every_door(knobs, words):
    """A NaN among them made all weights NaN."""
    model, dry = tiny_effect(knobs=["gain"]), np.zeros((4, 20), np.float32)
    model.compile(loss="mse")
    x = {"audio": dry} if knobs is None else {"audio": dry, "knobs": knobs}
    held = ({"audio": dry, "knobs": np.ones((4, 1))}, dry)
    for call in (
        lambda: model(x) if knobs is None or knobs.dtype.kind == "f" else model.predict(x),  # Keras makes tensors first
        lambda: model.predict(x),
        lambda: model.fit(x, dry),
        lambda: model.fit(*held, validation_data=(x, dry)),
        lambda: model.train_on_batch(x, dry),
    ):
        with pytest.raises(InputError, match=words):
            call()
