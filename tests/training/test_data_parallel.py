"""Training on several devices, and by several processes: the same run as on one; on virtual devices of the CPU."""

import csv
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker
from PIL import Image

from dilatednets.cli.main import main
from dilatednets.data.columns import TaggedSentence, column_lines
from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe
from dilatednets.training import data_parallel
from dilatednets.training.recipe import recipe_toml
from dilatednets.zoo.tcn_chunker.sentence_batches import SentenceBatches

jax_only = pytest.mark.skipif(keras.backend.backend() != "jax", reason="Keras trains on several devices with JAX alone")

RECIPES = {
    "WaveNet": {
        "net": {
            "dilations": [1, 2], "residual_channels": 8, "gate_channels": 16, "skip_channels": 8,
            "condition_channels": 4,
        },
        "training": {
            "epochs": 2, "batch_size": 4, "target": 1600, "learning_rate": 1e-2, "ema": 0.5, "sample_every": 0,
            "sample_text": "one",
        },
    },
    "ContextSegmenter": {
        "data": {"reader": "folder"},
        "net": {
            "widths": [4, 4, 4, 4], "blocks": [0, 0], "dilations": [1], "output_channels": 4,
            "context_dilations": [1, 2],
        },
        "training": {"ema": 0.5},
        "stages": {"all": {"epochs": 2, "batch_size": 4, "crop": [32, 32], "learning_rate": 1e-2}},
    },
    "TCNChunker": {
        "data": {"reader": "columns"},
        "net": {
            "width": 8, "dilations": [1], "word_channels": 8, "character_channels": 4, "character_filters": 8,
            "shape_channels": 4, "pos": "none",
        },
        "training": {"epochs": 2, "batch_size": 4, "learning_rate": 1e-2, "ema": 0.9},
    },
}  # fmt: skip

COMMANDS = """
import os
import sys
import jax
from dilatednets.cli.main import main
from dilatednets.training.epoch_end import EpochEnd
from dilatednets.presets import golden
from dilatednets.zoo.context_segmenter import training as segmentation

plain, segmentation.STATISTICS_STEPS = EpochEnd.on_epoch_end, 2
if "KERAS_DISTRIBUTION_NUM_PROCESSES" not in os.environ:  # that the first process can do it alone is enough to see once
    golden.write, golden.matches = lambda model, folder: None, lambda model, folder: True

def stopped(self, epoch, logs=None):
    plain(self, epoch, logs)
    raise KeyboardInterrupt

def recorded(*arguments):
    array = place(*arguments)
    shares.update((len(array), len(shard.data)) for shard in array.addressable_shards)
    return array

place, shares, codes = jax.make_array_from_process_local_data, set(), []
jax.make_array_from_process_local_data = recorded
for line in sys.argv[1:]:
    EpochEnd.on_epoch_end = stopped if line.startswith("stop ") else plain
    codes.append(main(line.removeprefix("stop ").split()))
print("rows of a batch, of a device", *sorted(shares))
print("exit codes", *codes)
"""
"""Runs command lines one after the other in one process; those that begin with `stop` are broken off after an epoch."""


class Job:
    """Processes that run the same command lines on virtual devices, each in a folder of its own."""

    def __init__(self, folder, lines, devices=1, processes=1):
        # As quick to compile as it can be, and nothing that another session would see.
        self.environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
        self.environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
        if processes > 1:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                address = f"127.0.0.1:{free.getsockname()[1]}"
            self.environment |= dict(zip(data_parallel.VARIABLES, (address, str(processes)), strict=False))
        self.folders = [folder / str(number) for number in range(processes)]
        self.processes = [self._start(number, lines, processes) for number in range(processes)]

    def _start(self, number, lines, processes):
        self.folders[number].mkdir(parents=True)
        own = {data_parallel.VARIABLES[2]: str(number)} if processes > 1 else {}
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", COMMANDS, *lines],
            cwd=self.folders[number], env={**self.environment, **own}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self):
        """Waits; what the processes said is then in `outputs` and `errors`."""
        self.outputs, self.errors = zip(*[process.communicate(timeout=600) for process in self.processes], strict=True)
        for process, errors in zip(self.processes, self.errors, strict=True):
            assert process.returncode == 0, errors[-3000:]
        return self


def make_recordings(folder, source):
    """Some of those that come with the checkout."""
    (folder / "recordings").mkdir()
    for path in source.glob("recordings/[0-4]_jackson_*.wav"):
        (folder / "recordings" / path.name).symlink_to(path)


def make_images(folder):
    """Bright discs on dark ground."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((32, 40))
    for split, count in (("train", 8), ("validation", 2)):
        for kind in ("images", "labels"):
            (folder / split / kind).mkdir(parents=True)
        for number in range(count):
            y, x = rng.integers(10, 22), rng.integers(10, 30)
            disc = ((rows - y) ** 2 + (columns - x) ** 2 < 64).astype(np.uint8)
            image = 40 + 120 * disc[..., None] + rng.integers(0, 30, (32, 40, 3))
            Image.fromarray(image.astype(np.uint8)).save(folder / split / "images" / f"{number}.png")
            Image.fromarray(disc).save(folder / split / "labels" / f"{number}.png")
    (folder / "classes.json").write_text('{"classes": {"ground": [0, 0, 0], "disc": [255, 200, 0]}, "ignore": 255}')


def make_sentences(folder):
    """Eighteen, so that an epoch's last batch of four is half empty."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 18), ("val", 4)):
        sentences = []
        for _ in range(count):
            adjectives = rng.integers(3)
            words = ("the", *["old"] * adjectives, str(rng.choice(["dog", "man"])), "saw", ".")
            tags = ("B-NP", *["I-NP"] * (adjectives + 1), "B-VP", "O")
            sentences.append(TaggedSentence(words, tags))
        text = "".join(column_lines(sentence, ("word", "tag")) for sentence in sentences)
        (folder / f"{split}.txt").write_text(text)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory, sample_dir):
    """The three models trained on one device, on four, and by two processes of one device each."""
    root = tmp_path_factory.mktemp("runs")
    data = {model: root / model for model in RECIPES}
    for folder in data.values():
        folder.mkdir()
    make_recordings(data["WaveNet"], sample_dir)
    make_images(data["ContextSegmenter"])
    make_sentences(data["TCNChunker"])
    for model, recipe in RECIPES.items():
        (root / f"{model}.toml").write_text(recipe_toml(parse_recipe({"name": "tiny", "model": model, **recipe})))

    def line(model, output=None, more="--data-parallel"):
        return f"train {root / model}.toml --data-dir {data[model]} --output {output or model} {more}"

    everywhere = [line(model) for model in RECIPES]
    spoken = line("WaveNet", more="--data-parallel --set training.sample_every=2")
    # Without the flag, but for the chunker, whose half empty batch counts as a whole one in the epoch's mean with it.
    alone = [line("WaveNet", more=""), line("ContextSegmenter", more=""), line("TCNChunker")]
    resumed = ["stop " + line("TCNChunker", "resumed"), line("TCNChunker", "resumed", "--data-parallel --resume")]
    refused = [
        line("TCNChunker", "refused", "--data-parallel --set training.batch_size=5"),
        line("ContextSegmenter", "refused", "--data-parallel --set stages.all.batch_size=7"),
    ]
    found = {}
    for some in (
        {"one": (alone, 1, 1), "four": ([*everywhere, *refused], 4, 1)},
        {"processes": ([spoken, *everywhere[1:], *resumed, *refused], 1, 2)},
    ):
        started = {name: Job(root / name, *arguments) for name, arguments in some.items()}
        try:
            found |= {name: job.end() for name, job in started.items()}
        finally:
            for process in [process for job in started.values() for process in job.processes]:
                process.kill()
                process.communicate()
    return found


def curve(job, run):
    """The figures of each epoch, by name."""
    rows = list(csv.DictReader((job.folders[0] / run / "history.csv").read_text().splitlines()))
    return {name: [float(row[name] or "nan") for row in rows] for name in rows[0]}


def state(job, run):
    with np.load(job.folders[0] / run / "state.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@jax_only
@pytest.mark.slow
@pytest.mark.parametrize("model", RECIPES)
@pytest.mark.parametrize("name", ["four", "processes"])
def test_the_run_is_as_on_one_device(jobs, name, model):
    one, many = curve(jobs["one"], model), curve(jobs[name], model)
    assert one.keys() == many.keys() and len(one["loss"]) == 2
    for figure, values in one.items():
        np.testing.assert_allclose(many[figure], values, rtol=1e-4, err_msg=figure)
    files = [{path.name for path in (jobs[n].folders[0] / model).iterdir()} - {"samples"} for n in ("one", name)]
    assert files[0] == files[1] and {"best", "last", "state.npz", "recipe.toml"} <= files[0]


@jax_only
@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows"), [("four", 1), ("processes", 2)])
def test_each_device_has_its_share_of_each_batch(jobs, name, rows):
    for output in jobs[name].outputs:
        assert f"rows of a batch, of a device (4, {rows})\n" in output


@jax_only
@pytest.mark.slow
def test_an_interrupted_run_ends_the_same(jobs):
    """The first process hands the state on to the other, which has no folder."""
    first, second = state(jobs["processes"], "TCNChunker"), state(jobs["processes"], "resumed")
    assert first.keys() == second.keys()
    for key in first:
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)


@pytest.mark.parametrize("decoder", [pytest.param("crf", marks=pytest.mark.slow), "softmax"])
def test_empty_sentences_that_fill_a_batch_do_not_count(decoder):
    model = tiny_chunker(decoder=decoder)
    sentences = [TaggedSentence(("the", "dog"), ("B-NP", "I-NP"), ("DT", "NN")), TaggedSentence(("it",), ("B-NP",))]
    losses = []
    for whole in (False, True):
        [(inputs, targets)] = SentenceBatches(model, sentences, batch_size=4, whole=whole).epochs(0, 1)
        assert len(inputs["words"]) == (4 if whole else 2)
        losses.append(float(model.compute_loss(inputs, targets, model(inputs))))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and losses[0] > 0


@jax_only
@pytest.mark.slow
@pytest.mark.parametrize(("name", "devices"), [("four", 4), ("processes", 2)])
def test_a_batch_that_cannot_be_shared_out_is_refused(jobs, name, devices):
    job = jobs[name]
    for output, errors in zip(job.outputs, job.errors, strict=True):
        assert output.splitlines()[-1] == f"exit codes 0 0 0 {'130 0 ' * (name == 'processes')}2 2"
        refusals = [line for line in errors.splitlines() if line.startswith("dilatednets: ") and "batch" in line]
        advice = f"cannot be shared out among {devices} devices; make it a multiple of {devices}"
        assert refusals == [
            f"dilatednets: training.batch_size: a batch of 5 {advice}",
            f"dilatednets: stages.all.batch_size: a batch of 7 {advice}",
        ]
    assert not (job.folders[0] / "refused").exists()


@jax_only
@pytest.mark.slow
def test_the_first_process_alone_writes_and_speaks(jobs):
    job = jobs["processes"]
    assert list(job.folders[1].iterdir()) == []
    assert {path.suffix for path in (job.folders[0] / "WaveNet" / "samples").iterdir()} == {".wav", ".png"}
    for model in RECIPES:
        assert (job.folders[0] / model / "best" / "golden.npz").is_file()
    assert "for 2 epochs, on 2 devices; the run is in WaveNet" in job.outputs[0] and "loss: " in job.outputs[0]
    assert [line for line in job.outputs[1].splitlines() if "Gloo" not in line] == [
        "rows of a batch, of a device (4, 2)", "exit codes 0 0 0 130 0 2 2",
    ]  # fmt: skip


def test_each_process_keeps_its_rows(monkeypatch):
    batch = {"words": np.arange(12).reshape(6, 2)}, np.arange(6)
    [(inputs, targets)] = data_parallel.share(iter([batch]))
    assert inputs["words"].shape == (6, 2) and targets is batch[1]
    monkeypatch.setattr(data_parallel, "_process", lambda: (1, 3))
    [(inputs, targets)] = data_parallel.share(iter([batch]))
    assert inputs["words"].tolist() == [[4, 5], [6, 7]] and targets.tolist() == [2, 3]
    assert not data_parallel.is_first_process()


@jax_only
def test_the_distribution_is_over_when_the_training_is():
    with data_parallel.data_parallel() as devices:
        assert devices == len(keras.distribution.list_devices())
        data_parallel.check_batch("key", 3 * devices)
        with data_parallel.on_one_device():
            assert keras.distribution.distribution() is None
        assert keras.distribution.distribution().num_model_replicas == devices
    assert keras.distribution.distribution() is None


@jax_only
def test_processes_that_cannot_meet_say_so(monkeypatch):
    monkeypatch.setenv(data_parallel.VARIABLES[1], "two")
    advice = r"--data-parallel: .*'two'; check KERAS_DISTRIBUTION_JOB_ADDRESSES, KERAS_DISTRIBUTION_NUM_PROCESSES, "
    with pytest.raises(InputError, match=advice), data_parallel.data_parallel():
        pass


@pytest.mark.tensorflow
def test_other_backends_are_refused_in_one_line(tmp_path, capsys):
    if keras.backend.backend() == "jax":
        pytest.skip("needs a backend other than JAX")
    recipe = CHECKOUT / "zoo" / "wavenet_digits" / "recipe.toml"
    arguments = ["train", str(recipe), "--data-dir", "x", "--output", str(tmp_path / "run"), "--data-parallel"]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "dilatednets: --data-parallel: Keras trains on several devices with JAX alone; set KERAS_BACKEND=jax\n"
    )
    with pytest.raises(InputError), data_parallel.data_parallel():
        pass
