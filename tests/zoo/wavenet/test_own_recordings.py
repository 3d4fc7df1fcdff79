"""From a folder of recordings to a model that speaks: words, mels, and audio alone."""

import csv
import json
import shlex

import numpy as np
import pytest
from sounds import sine

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.data.audio import read_audio, write_audio
from dilatednets.errors import InputError, Note
from dilatednets.registry import parse_recipe
from dilatednets.zoo.wavenet import WaveNet
from dilatednets.zoo.wavenet.clip_windows import ClipWindows
from dilatednets.zoo.wavenet.training import Task

NET = {"dilations": [1, 2, 4], "residual_channels": 8, "gate_channels": 16, "skip_channels": 8}
TRAINING = {"epochs": 1, "batch_size": 2, "target": 800, "learning_rate": 1e-2, "ema": 0.5, "jit_compile": False}
MEL = {"bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two tones that are words, in two voices."""
    root = tmp_path_factory.mktemp("recordings")
    for word, frequency in (("High", 900), ("low", 200)):
        for speaker, factor in (("ann", 1.3), ("bob", 1.0)):
            for number in range(4):
                write_audio(
                    root / word / f"{speaker}_{number}.flac", sine(frequency * factor, 8000, 0.4 + number / 50), 8000
                )
    return root


def recipe(front_end, tables=(), **data):
    tables = {"net": NET, "training": TRAINING, **dict(tables), **({"mel": MEL} if front_end == "mel" else {})}
    data = {"reader": "recordings", "front_end": front_end, "pattern": "{word}/{speaker}_{}", **data}
    return parse_recipe({"name": "mine", "model": "WaveNet", "data": data, **tables})


@pytest.fixture(
    scope="module", params=["words", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mel", "none"))]
)
def trained(request, folder, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / request.param
    own = recipe(request.param)
    registry.train(own, folder, run)
    return own, run


def test_a_run_leaves_a_model_that_is_measured_as_it_was_trained(trained, folder, capsys):
    own, run = trained
    model = WaveNet.from_preset(run / "best")
    assert model.speakers == ("ann", "bob")
    [row] = csv.DictReader((run / "history.csv").read_text().splitlines())
    assert main(["evaluate", str(run / "best"), "--data-dir", str(folder), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert measured["bits_per_sample"] == pytest.approx(float(row["validation_bits_per_sample"]), abs=1e-4)
    assert measured["recordings"] == 2
    [sample] = (run / "samples").glob("*.wav")
    assert len(read_audio(sample)) > 1000
    assert registry.read_recipe(run / "recipe.toml") == own


def test_the_suggested_command_speaks(trained, folder, tmp_path, monkeypatch, capsys):
    own, run = trained
    program, *arguments = shlex.split(own.try_next(run / "best"))
    recording = next(folder.rglob("ann_0.flac"))
    monkeypatch.chdir(tmp_path)
    arguments = [str(recording) if one == "RECORDING.wav" else one for one in arguments]
    assert program == "dilatednets" and main(arguments) == 0
    seconds, wanted = len(read_audio("say.wav")) / 8000, {"words": 1.03, "mel": 0.44, "none": 2.0}[own.data.front_end]
    assert seconds == pytest.approx(wanted, abs=0.06)


@pytest.mark.parametrize("trained", ["words"], indirect=True)
def test_words_are_the_folders_names_in_small_letters(trained):
    model = WaveNet.from_preset(trained[1] / "best")
    assert list(model.text["vocabulary"]) == ["high", "low"]
    assert model.text["durations"]["ann"]["high"] == pytest.approx(0.43, abs=0.06)
    assert model.generate(text="Low, high!", speaker="ann", seed=1).shape[1] > 4000


def test_a_word_may_be_written_as_the_model_that_one_begins_with_also_spells_it(sample_dir):
    data = {"reader": "recordings", "pattern": "recordings/{word}_{speaker}_{}"}
    task = Task(
        parse_recipe({"name": "more", "init": "wavenet_digits", "data": data, "training": TRAINING}), sample_dir
    )
    assert {one.word for one in task.held_out.recordings} <= set(task.net.text["vocabulary"])
    assert "theo" in task.net.speakers and task.sample_text == "zero one two"


def test_a_voice_without_speakers_says_words(folder):
    task = Task(recipe("words", pattern="{word}/{}"), folder)
    assert task.net.speakers == () and list(task.net.text["durations"]) == [""]
    assert task.windows.voices == ("",) and task.net.generate(100, text="low").shape == (1, 100)
    inputs, _, _ = next(task.windows.epochs())
    assert task.net(inputs).shape[:2] == inputs["audio"].shape


def test_a_run_may_begin_with_another_model_of_its_kind(trained, folder, tmp_path):
    own, run = trained
    data = {**{name: getattr(own.data, name) for name in ("reader", "front_end")}, "pattern": "{word}/{speaker}_{}"}
    start = {"name": "more", "init": str(run / "best"), "training": TRAINING}
    task = Task(parse_recipe({**start, "data": data}), folder)
    trained_before = WaveNet.from_preset(run / "best").get_weights()
    for one, before in zip(task.net.get_weights(), trained_before, strict=True):
        np.testing.assert_array_equal(one, before)
    with pytest.raises(
        InputError, match=r"init: .*best has speakers, ann, bob, but the recordings do not say whose they"
    ):
        Task(parse_recipe({**start, "data": {**data, "pattern": "{word}/{}"}}), folder)
    other = parse_recipe({**start, "data": {**data, "sample_rate": 16000}})
    says = r"init: .*best was not trained on .* at 16000 Hz, but on front end .* at 8000 Hz"
    with pytest.warns(Note, match="resampled to 16000"), pytest.raises(InputError, match=says):
        Task(other, folder)


def test_recordings_by_themselves_need_no_labels(folder):
    own = recipe("none", pattern="")
    task = Task(own, folder / "low")
    assert isinstance(task.windows, ClipWindows) and task.net.speakers == () and task.net.upsampler is None


@pytest.mark.parametrize(
    ("front_end", "changes", "says"),
    [
        ("words", {"mel": MEL}, "key mel.bands: has no effect, since data.front_end is 'words'"),
        ("none", {"net": {**NET, "condition_hop": 100}}, "key net.condition_hop: has no effect, since with data.front_end"),
        ("mel", {"data": {"gap": 0.5}}, "key data.gap: has no effect, since .* there are no words"),
        ("mel", {"data": {"reader": "spoken_digits"}}, "key data.front_end: has no effect, since data.reader is spoken"),
        ("mel", {"data": {"level": 3.0}}, "key data.level: must be below 0 dB, or 0"),
        ("mel", {"data": {"shortest": 40.0}}, "key data.shortest: must be below data.longest"),
        ("melody", {}, "key data.front_end: must be 'words' or 'mel' or 'none'"),
    ],
)  # fmt: skip
def test_faults_in_recipes_name_the_key(front_end, changes, says):
    tables = {name: value for name, value in changes.items() if name != "data"}
    with pytest.raises(InputError, match=says):
        recipe(front_end, tables, **changes.get("data", {}))


@pytest.mark.parametrize(
    ("tables", "data", "says"),
    [
        ({}, {"front_end": "mel", "sample_rate": 4000}, r"mel\.f_max: 4000 Hz is above half of sample_rate, 4000"),
        ({"training": {**TRAINING, "sample_text": "middle"}}, {"front_end": "words"}, "text: cannot say 'middle'"),
        ({}, {"front_end": "words", "pattern": "{speaker}/{word}"}, "ann_.*flac: says 'ann_0', which is not one word"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*resampled to")
def test_faults_in_data_are_told_before_training(folder, tables, data, says):
    with pytest.raises(InputError, match=says):
        Task(recipe(data.pop("front_end"), tables, **data), folder)


def test_faults_evaluation_needs_data_of_the_model_s_kind(folder, tiny_model, sample_dir):
    with pytest.raises(InputError, match="--pattern: spoken_digits say word and speaker in their own way"):
        tiny_model.evaluate_on(sample_dir, pattern="{word}_{}")
    plain = WaveNet((1, 2), 2, 4, 8, 4, sample_rate=8000)
    with pytest.raises(InputError, match="--reader: spoken_digits is for a WaveNet of words"):
        plain.evaluate_on(folder, reader="spoken_digits")
    with pytest.raises(InputError, match="model: its local condition is neither text nor mels"):
        WaveNet((1, 2), 2, 4, 8, 4, sample_rate=8000, condition_features=3).evaluate_on(folder, pattern="{word}/{}")


def test_faults_every_door_measures_as_a_model_was_trained(folder, tmp_path, capsys):
    """And so on recordings that it has not learnt from."""
    best, own = tmp_path / "best", 'pattern = "{}/{}"\nlevel = -40.0\nvalidation = 0.4\n'
    data = f'[data]\nreader = "recordings"\nfront_end = "none"\n{own}'
    plain = WaveNet((1, 2), 2, 4, 8, 4, sample_rate=8000)
    plain.save_to_preset(best, recipe=f'name = "mine"\nmodel = "WaveNet"\n{data}')
    expected = plain.evaluate_on(folder, pattern="{}/{}", level=-40.0, validation=0.4)
    assert expected["recordings"] == 6
    model = WaveNet.from_preset(best)
    assert model.evaluate_on(folder) == expected == model.evaluate_on(folder, reader="recordings")
    assert model.evaluate_on(folder, validation=0.1)["recordings"] == 2
    for reader in ([], ["--reader", "recordings"]):
        assert main(["evaluate", str(best), "--data-dir", str(folder), "--json", *reader]) == 0
        figures = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert {name: figures[name] for name in expected} == expected
