import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers import receptive_field
from dilatednets.zoo.wavenet.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet


@pytest.mark.parametrize(("kernel_size", "dilations"), [(2, (1, 2, 4)), (3, (1, 2)), (2, (3, 1, 3))])
def test_receptive_field_is_what_perturbation_shows(rng, kernel_size, dilations):
    model = WaveNet(dilations, kernel_size, 8, 16, 8, output="gaussian")
    audio = rng.uniform(-0.5, 0.5, (1, 40)).astype(np.float32)
    before = ops.convert_to_numpy(model(audio))[0, -1]
    seen = []
    for t in range(40):
        other = audio.copy()
        other[0, t] += 0.3
        if np.abs(ops.convert_to_numpy(model(other))[0, -1] - before).max() > 0:
            seen.append(t)
    assert max(seen) == 38  # the last sample's own distribution does not see it
    assert receptive_field(model) == 39 - min(seen)


def test_no_distribution_sees_its_own_sample_or_later_ones(rng, tiny_model):
    inputs = {
        "audio": rng.uniform(-0.5, 0.5, (1, 160)).astype(np.float32),
        "speaker": np.array([1]),
        "condition": rng.random((1, 2, 42), np.float32),
    }
    before = ops.convert_to_numpy(tiny_model(inputs))
    inputs["audio"][:, 50:] = 0.9
    after = ops.convert_to_numpy(tiny_model(inputs))
    np.testing.assert_array_equal(before[:, :51], after[:, :51])
    assert np.abs(before[:, 51] - after[:, 51]).max() > 0


@pytest.mark.parametrize("output", ["softmax", "logistics", "gaussian"])
@pytest.mark.parametrize("dtype", ["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)])
def test_training_moves_every_weight_and_lowers_the_loss(rng, output, dtype):
    keras.utils.set_random_seed(0)
    model = WaveNet(
        (1, 2, 4), 2, 8, 16, 8, output, speakers=("a", "b"), condition_features=5, condition_hop=20, dtype=dtype
    )
    inputs = {
        "audio": (0.3 * np.sin(np.arange(160) / 5) * np.ones((4, 1))).astype(np.float32),
        "speaker": np.array([0, 1, 0, 1], np.int32),
        "condition": rng.random((4, 8, 5), np.float32),
    }
    model.compile(
        keras.optimizers.Adam(1e-2),
        NegativeLogLikelihood(model.distribution),
        weighted_metrics=[BitsPerSample(model.distribution)],
        jit_compile=False,
    )
    before = [w.copy() for w in model.get_weights()]
    weight = np.ones((4, 160), np.float32)
    losses = [float(model.train_on_batch(inputs, inputs["audio"], weight)[0]) for _ in range(10)]
    assert losses[-1] < losses[0]
    moved = {
        w.path: np.abs(w1 - w0).max() > 0 for w, w0, w1 in zip(model.weights, before, model.get_weights(), strict=True)
    }
    assert all(moved.values()), moved


def test_audio_keeps_its_precision_under_mixed_precision():
    model = WaveNet((1,), 2, 4, 8, 4, output="softmax", dtype="mixed_bfloat16")
    audio = model.distribution.mu_law.expand(np.arange(256))
    codes = ops.convert_to_numpy(ops.argmax(model._encode(audio), axis=-1))
    assert codes.tolist() == list(range(256))  # bfloat16 audio would leave fewer codes near full scale


def test_parameters_recounted_by_formula():
    layers, r, g, s, v = 3, 8, 12, 10, 256
    model = WaveNet((1, 2, 4), 2, r, g, s)
    blocks = layers * (2 * r * g + g + (g // 2) * (r + s) + r + s) - ((g // 2) * r + r)
    assert model.count_params() == 2 * v * r + r + blocks + s * s + s + s * v + v


@pytest.mark.parametrize("dilations", [(), (0,), (1, 2.5)])
def test_refuses_dilations_that_are_none(dilations):
    with pytest.raises(InputError, match="dilations"):
        WaveNet(dilations)


def test_says_what_condition_is_missing(tiny_model):
    audio = np.zeros((1, 160), np.float32)
    with pytest.raises(InputError, match="ann, bob"):
        tiny_model({"audio": audio, "condition": np.zeros((1, 2, 42), np.float32)})
    with pytest.raises(InputError, match="42 features"):
        tiny_model({"audio": audio, "speaker": np.array([0])})
