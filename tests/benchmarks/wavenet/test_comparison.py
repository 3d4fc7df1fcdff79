import numpy as np
import pytest

from dilatednets.benchmarks.wavenet import comparison
from dilatednets.registry import parse_recipe
from dilatednets.zoo.wavenet.model import WaveNet


@pytest.mark.parametrize("units", ["softmax", "gaussian"])
def test_lstm_has_the_same_size_and_sees_no_future(sample_dir, units, rng):
    wavenet = WaveNet(
        (1, 2, 4, 8), 2, 16, 32, 16, units, 8000, speakers=("a", "b"), condition_features=5, condition_hop=20
    )
    lstm = comparison.matched_lstm(wavenet)
    assert lstm.used_parameters() == pytest.approx(wavenet.count_params(), rel=0.05)
    inputs = {
        "audio": rng.uniform(-0.5, 0.5, (1, 40)).astype(np.float32),
        "speaker": np.array([1]),
        "condition": rng.random((1, 2, 5), np.float32),
    }
    before = np.asarray(lstm(inputs))
    assert before.shape == wavenet(inputs).shape
    inputs["audio"][:, 20:] = 0.9
    after = np.asarray(lstm(inputs))
    np.testing.assert_allclose(before[:, :21], after[:, :21], atol=1e-6)
    assert np.abs(before[:, 21] - after[:, 21]).max() > 1e-6


@pytest.mark.slow
def test_comparison_trains_both(sample_dir):
    net = {"dilations": [1, 2, 4], "residual_channels": 8, "gate_channels": 16, "skip_channels": 8}
    training = {"epochs": 1, "batch_size": 16, "target": 800, "learning_rate": 1e-2, "ema": 0.5}
    recipe = parse_recipe({"name": "tiny", "model": "WaveNet", "net": net, "training": training})
    result = comparison.run(recipe, sample_dir)
    assert [row["net"] for row in result["rows"]] == ["WaveNet", "2-layer LSTM"]
    for row in result["rows"]:
        assert 0 < row["bits_per_sample"] < 8
    assert "1 epochs each" in comparison.report(result)
