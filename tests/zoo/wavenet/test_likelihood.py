import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet


def test_loss_counts_only_weighted_positions(rng):
    model = WaveNet((1, 2), 2, 4, 8, 4)
    audio = rng.uniform(-1, 1, (2, 30)).astype(np.float32)
    parameters = model(audio)
    weight = np.zeros((2, 30), np.float32)
    weight[:, 20:] = 1
    loss = NegativeLogLikelihood(model.distribution)(audio, parameters, sample_weight=weight)
    expected = ops.convert_to_numpy(model.distribution.bits(audio, parameters))[:, 20:].mean()
    assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "output", [*(pytest.param(name, marks=pytest.mark.slow) for name in ("softmax", "gaussian")), "logistics"]
)
def test_a_compiled_model_is_saved_and_loaded_by_keras(rng, tmp_path, output):
    model = WaveNet((1, 2), 2, 4, 8, 4, output, levels=64, components=3)
    metric = BitsPerSample(model.distribution)
    model.compile("adam", NegativeLogLikelihood(model.distribution), weighted_metrics=[metric], jit_compile=False)
    audio = rng.uniform(-1, 1, (2, 30)).astype(np.float32)
    model.train_on_batch(audio, audio, np.ones_like(audio))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    weight = np.ones_like(audio)
    assert loaded.test_on_batch(audio, audio, weight) == pytest.approx(
        model.test_on_batch(audio, audio, weight), rel=1e-5
    )


@pytest.mark.parametrize(("output", "bad"), [("softmax", np.nan), ("logistics", 9000.0), ("gaussian", -np.inf)])
def test_faults_audio_that_is_none_has_no_likelihood(output, bad):
    """It is refused, or in a graph, which cannot refuse it, gives no number."""
    model = WaveNet((1, 2), 2, 4, 8, 4, output)
    audio = np.array([[0.1, bad, 0.1]], np.float32)
    loss, metric = NegativeLogLikelihood(model.distribution), BitsPerSample(model.distribution)
    parameters = model(np.zeros((1, 3), np.float32))
    for door in (loss, metric.update_state):
        with pytest.raises(InputError, match="y_true: "):
            door(audio, parameters)
    model.compile("sgd", loss, jit_compile=False)
    assert np.isnan(float(model.test_on_batch(np.zeros((1, 3), np.float32), audio)))
    assert np.isfinite(float(model.test_on_batch(np.zeros((1, 3), np.float32), np.clip(np.nan_to_num(audio), -1, 1))))


@pytest.mark.parametrize("shape", [(2, 5, 1), (2, 1), (1, 5), (5,)])
def test_faults_audio_of_another_shape_is_not_stretched(shape):
    loss, metric = NegativeLogLikelihood({"name": "softmax"}), BitsPerSample({"name": "softmax"})
    for door in (loss, metric.update_state):
        with pytest.raises(InputError, match=r"y_true: must be audio of shape \(2, 5\)"):
            door(np.zeros(shape, np.float32), np.zeros((2, 5, 256), np.float32))
