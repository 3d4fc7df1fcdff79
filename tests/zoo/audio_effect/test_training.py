"""Training from a pair of recordings, and the figure of merit."""

import numpy as np
import pytest
import soundfile
from helpers import tiny_effect

from dilatednets import registry
from dilatednets.data.dry_wet import Pair
from dilatednets.errors import InputError, Note
from dilatednets.zoo.audio_effect import AudioEffect
from dilatednets.zoo.audio_effect.pair_windows import PairWindows
from dilatednets.zoo.audio_effect.training import esr

RATE = 8000
NET = {"arrays": [[1, 2, 4]], "channels": [4]}
TRAINING = {
    "epochs": 6, "batch_size": 4, "target": 1024, "learning_rate": 0.02, "sample_every": 6, "warmup_steps": 0,
}  # fmt: skip


def recorded(folder, seconds=6.0, wet=None):
    rng = np.random.default_rng(0)
    dry = 0.2 * rng.normal(size=round(seconds * RATE)).clip(-3, 3)
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "dry.wav", dry, RATE, "FLOAT")
    soundfile.write(folder / "wet.wav", 0.3 * np.tanh(4 * dry) if wet is None else wet(dry), RATE, "FLOAT")
    return folder


def recipe(**keys):
    return registry.parse_recipe({"name": "mine", "model": "AudioEffect", "net": NET, "training": TRAINING, **keys})


@pytest.mark.slow
def test_a_pair_is_learnt(tmp_path):
    """What is kept says how good it is, also in its .nam file; an example to hear and to see lies beside it."""
    data = recorded(tmp_path / "data")
    best = registry.train(recipe(), data, tmp_path / "run")
    model = AudioEffect.from_preset(best)
    figures = model.evaluate_on(data)
    assert figures["esr"] < 0.5 and figures["pairs"] == 1 and figures["seconds"] == 1.5
    assert model.sample_rate == RATE
    assert model.metadata["training"]["validation_esr"] == pytest.approx(figures["esr"], rel=1e-3)
    assert {path.name for path in (tmp_path / "run" / "samples").iterdir()} == {"epoch_006.wav", "epoch_006.png"}
    assert model.evaluate_on(data, "train")["seconds"] == 4.5


def test_faults_an_example_is_made_when_a_model_is_kept(tmp_path):
    rare = {**TRAINING, "epochs": 5, "sample_every": 1, "evaluate_every": 3}
    registry.train(recipe(training=rare), recorded(tmp_path / "data"), tmp_path / "run")
    made = sorted(path.name for path in (tmp_path / "run" / "samples").glob("*.wav"))
    assert made == ["epoch_003.wav", "epoch_005.wav"]  # and of the end, as always


@pytest.mark.slow
def test_what_was_learnt_is_where_more_is_learnt_from(tmp_path):
    data = recorded(tmp_path / "data")
    tiny_effect(sample_rate=RATE).save_to_preset(tmp_path / "start")
    again = {"name": "mine", "init": str(tmp_path / "start"), "training": {**TRAINING, "epochs": 1}}
    best = registry.train(registry.parse_recipe(again), data, tmp_path / "run")
    assert AudioEffect.from_preset(best).channels == (3, 2)
    tiny_effect(sample_rate=48000).save_nam(tmp_path / "start.nam")
    with pytest.raises(InputError, match=r"start.nam is of 48000 Hz, the recordings of 8000 Hz"):
        registry.task(registry.parse_recipe({**again, "init": str(tmp_path / "start.nam")}), data)


def test_a_model_that_has_learnt_nothing_says_so(tmp_path):
    """Of an echo that is longer than the field."""
    data = recorded(tmp_path / "data", wet=lambda dry: 0.3 * np.convolve(dry, np.eye(1, 60, 59)[0])[: len(dry)])
    short = {**TRAINING, "epochs": 1, "learning_rate": 1e-4, "final_learning_rate": 1e-5, "sample_every": 0}
    with pytest.warns(Note, match="the model has not learnt the effect"):
        registry.train(recipe(training=short), data, tmp_path / "run")


def test_knobs_are_learnt_from_where_they_were(tmp_path):
    data = tmp_path / "data"
    for gain in (1, 8):
        folder = recorded(data / f"gain_{gain}", wet=lambda dry, gain=gain: 0.3 * np.tanh(gain * dry))
        (folder / "knobs.toml").write_text(f"gain = {gain / 8}\n")
    task = registry.task(recipe(net={**NET, "knobs": ["gain"]}), data)
    inputs, wet = next(task.windows.epoch(0))
    assert sorted(set(inputs["knobs"][:, 0])) in ([0.125, 1.0], [0.125], [1.0]) and wet.shape == (4, 1024)
    assert task.evaluate(task.net)["esr"] > 0
    (data / "gain_1" / "knobs.toml").unlink()
    with pytest.raises(InputError, match=r"knobs.toml: does not say where gain was"):
        registry.task(recipe(net={**NET, "knobs": ["gain"]}), data)


def test_faults_of_knobs_that_the_net_has_not(tmp_path):
    """Pairs at several places are several effects, of which a net without the knob would learn the mean."""
    data = tmp_path / "data"
    for name, gain in (("a", 1), ("b", 8)):
        folder = recorded(data / name, wet=lambda dry, gain=gain: 0.3 * np.tanh(gain * dry))
        (folder / "knobs.toml").write_text(f"gain = {gain}\ntone = 0.5\n")
    words = (
        r'gain was at 1.0 in .*a, at 8.0 in .*b, and the net has no such knob; train with net.knobs = \["gain"\], or'
    )
    effect = tiny_effect(sample_rate=RATE)
    for door in (lambda: registry.task(recipe(), data), lambda: effect.evaluate_on(data)):
        with pytest.raises(InputError, match=words):
            door()
    with pytest.warns(Note, match=r"tone was at 0.5 in .*b, and the net has no such knob"):
        registry.task(recipe(net={**NET, "knobs": ["gain"]}), data)
    (data / "b" / "knobs.toml").write_text("gain = 1\n")
    with (
        pytest.warns(Note, match="gain was at 1"),
        pytest.raises(InputError, match=r"tone was at 0.5 in .*a, at \? in"),
    ):
        registry.task(recipe(), data)


def test_windows_hold_what_the_net_needs(rng):
    """All of it once an epoch, in another order each time, and the same again for the same epoch."""
    wet = np.arange(1, 10001, dtype=np.float32)
    windows = PairWindows([Pair("", RATE, wet, wet, {}, 0)], field=15, target=100, batch_size=8, seed=3)
    epochs = [[np.concatenate(part) for part in zip(*windows.epoch(number), strict=True)] for number in (0, 1, 0)]
    assert windows.steps_per_epoch == 12
    for dry, target in epochs:
        np.testing.assert_array_equal(dry[:, 14:], target)
        assert np.all((np.diff(dry, axis=1) == 1) | (dry[:, :-1] == 0))
        assert len(np.unique(target)) == target.size == 9600
    np.testing.assert_array_equal(epochs[0][1], epochs[2][1])
    assert not np.array_equal(epochs[0][1], epochs[1][1])


def test_to_evaluate_a_model_does_not_change_it(tmp_path):
    task = registry.task(recipe(), recorded(tmp_path / "data"))
    before = task.net.get_config()
    figures = task.evaluate(task.net)
    assert task.net.get_config() == before and task.net.metadata is None
    task.note(task.net, figures)
    assert task.net.metadata == {"training": {"validation_esr": figures["esr"]}}


def test_esr():
    model, dry = tiny_effect(), np.random.default_rng(0).uniform(-1, 1, 300).astype(np.float32)
    wet = model.process(dry)
    assert esr(model, [Pair("", RATE, dry, 2 * wet[100:], {}, 0)]) == pytest.approx(0.25, rel=1e-4)


def test_faults_of_data(tmp_path):
    with pytest.raises(InputError, match=r"training.target: must be above 512, or training.spectra 0"):
        recipe(training={**TRAINING, "target": 512})
    data = recorded(tmp_path / "data")
    with pytest.raises(InputError, match=r"batch_size: 4.5 s of audio are too few for one batch of 64 windows"):
        registry.task(recipe(training={**TRAINING, "batch_size": 64}), data)
    with pytest.raises(InputError, match="is of 8000 Hz, the model of 48000 Hz"):
        tiny_effect().evaluate_on(data)
    with pytest.raises(InputError, match="--reader: mnist: an AudioEffect's data set is dry_wet"):
        tiny_effect().evaluate_on(data, reader="mnist")
