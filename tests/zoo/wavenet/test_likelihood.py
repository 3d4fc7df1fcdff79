import keras
import numpy as np
import pytest
from keras import ops

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


@pytest.mark.parametrize("output", ["softmax", "logistics", "gaussian"])
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
