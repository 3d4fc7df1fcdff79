"""The benchmarks measure what they say; none of these tests depends on how fast a machine is."""

import json

import numpy as np
import pytest

from dilatednets.benchmarks import compare_rnn, generation, recognition
from dilatednets.cli.main import main
from dilatednets.data import spoken_digits
from dilatednets.training.recipe import parse_recipe
from dilatednets.zoo.wavenet import WaveNet


def test_generation_is_measured_beside_its_baseline(tiny_model):
    result = generation.run(tiny_model, batches=(1, 2), seconds=0.05)
    assert [row["batch"] for row in result["rows"]] == [1, 2]
    for row in result["rows"]:
        rate = row["samples_per_second"]
        assert rate > 0 and row["compile_seconds"] > 0
        assert row["real_time_factor"] == pytest.approx(rate / 8000 / row["batch"])
        assert row["macs_per_second"] == pytest.approx(rate * tiny_model.describe()["macs_per_sample"])
        assert row["of_arithmetic_bound"] == pytest.approx(
            row["macs_per_second"] / result["machine"]["macs_per_second"]
        )
    first = result["baselines"][0]
    assert first["ratio"] == pytest.approx(result["rows"][0]["samples_per_second"] / first["samples_per_second"])
    assert 0 <= result["memory_of_10_s_bytes"] < 2**30
    text = generation.report(result)
    assert all(baseline["name"] in text for baseline in result["baselines"])


def test_any_configuration_can_be_measured(capsys):
    net = ["--layers", "3", "--residual-channels", "4", "--gate-channels", "8", "--skip-channels", "4"]
    assert main(["benchmark", "generation", *net, "--batch", "2", "--seconds", "0.05", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["model"]["layers"] == 3 and result["model"]["receptive_field"] == 1 + 1 + 2 + 4 + 1
    assert [row["batch"] for row in result["rows"]] == [2]


def test_pytorch_baseline_computes_a_net_of_the_same_size(tiny_model):
    torch = pytest.importorskip("torch")
    from dilatednets.benchmarks.torch_incremental import IncrementalWaveNet

    net = IncrementalWaveNet(tiny_model)
    net.sample()
    assert [layer.dilation for layer in net.layers] == list(tiny_model.dilations)
    before = [layer.buffer.clone() for layer in net.layers]
    net.sample()
    assert net.last.sum() == 1 and net.last.shape == (1, 256)
    for layer, buffer, block in zip(net.layers, before, tiny_model.blocks, strict=True):
        assert torch.equal(layer.buffer[:, :-1], buffer[:, 1:]) and layer.buffer[:, -1].any()
        assert layer.conv[0].numel() == np.prod(block.conv.kernel.shape)


def test_features_do_not_depend_on_level_and_show_pitch():
    t = np.arange(8000) / 8000
    low, high = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (300, 2000))
    features = recognition.log_mel(low, 8000)
    assert features.shape[1] == recognition.BANDS and np.abs(features).max() <= -recognition.FLOOR
    np.testing.assert_allclose(features, recognition.log_mel(0.5 * low, 8000), atol=0.2)
    assert features.mean(axis=0).argmax() < recognition.log_mel(high, 8000).mean(axis=0).argmax()
    assert len(recognition.log_mel(low[:10], 8000)) >= 8


@pytest.mark.slow
def test_recogniser_learns_real_recordings(sample_dir):
    """On the sample alone, 80 recordings to learn from, it must be far above chance (10 % and 50 %)."""
    training, validation = (spoken_digits.load(sample_dir, split) for split in ("train", "validation"))
    recogniser = recognition.train_recogniser(training, ("jackson", "theo"), 8000)
    digits = [spoken_digits.WORDS.index(r.word) for r in validation]
    speakers = [("jackson", "theo").index(r.speaker) for r in validation]
    found = recognition.accuracy(recogniser, [r.audio for r in validation], digits, speakers, 8000)
    assert found["digit"] > 0.6 and found["speaker"] > 0.9


@pytest.mark.slow
def test_recognition_asks_for_every_digit_of_every_speaker(sample_dir, monkeypatch):
    monkeypatch.setattr(recognition, "EPOCHS", 3)
    result = recognition.run(WaveNet.from_preset("wavenet_digits"), str(sample_dir), seeds=1, temperature=0.8)
    assert result["count"] == 60 and result["temperature"] == 0.8
    assert all(0 <= result[kind][what] <= 1 for kind in ("real", "generated") for what in ("digit", "speaker"))
    assert "60 generated digits" in recognition.report(result)


@pytest.mark.parametrize("units", ["softmax", "gaussian"])
def test_lstm_has_the_same_size_and_sees_no_future(sample_dir, units, rng):
    wavenet = WaveNet(
        (1, 2, 4, 8), 2, 16, 32, 16, units, 8000, speakers=("a", "b"), condition_features=5, condition_hop=20
    )
    lstm = compare_rnn.matched_lstm(wavenet)
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
    result = compare_rnn.run(parse_recipe({"name": "tiny", "net": net, "training": training}), str(sample_dir))
    assert [row["net"] for row in result["rows"]] == ["WaveNet", "2-layer LSTM"]
    for row in result["rows"]:
        assert 0 < row["bits_per_sample"] < 8
    assert "1 epochs each" in compare_rnn.report(result)
