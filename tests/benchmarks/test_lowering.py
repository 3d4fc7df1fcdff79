"""What the models compile lowers for CPUs, GPUs and TPUs, on a machine that has CPUs alone."""

import json
import re

import keras
import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_segmenter

from dilatednets.benchmarks import lowering
from dilatednets.cli.main import main
from dilatednets.registry import read_recipe
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.model import WaveNet

jax_only = pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX lowers for other platforms")

PROGRAMS = {
    "wavenet_digits": ("forward", "training step", "generation"),
    "context_segmenter_nuclei": ("forward", "training step", "segmentation"),
    "tcn_chunker_conll2000_pos": ("forward", "training step", "decoding"),
}
"""What is lowered, by the preset whose recipe compiles the tiny models, too."""
CASES = [(preset, program) for preset, names in PROGRAMS.items() for program in names]


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Compiles as fast as it can, whatever it compiles to."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def models(front_end):
    """A tiny model of each kind, by preset."""
    keras.utils.set_random_seed(0)
    small = {"residual_channels": 8, "gate_channels": 16, "skip_channels": 8, "condition_channels": 4}
    voices = {"sample_rate": 8000, "speakers": ("ann", "bob"), "text": front_end.get_config()}
    return {
        "wavenet_digits": WaveNet((1, 2, 4), **small, **voices),
        "context_segmenter_nuclei": tiny_segmenter(2),
        "tcn_chunker_conll2000_pos": tiny_chunker(pos="input"),
    }


@pytest.fixture(scope="module")
def programs(models):
    """Their programs."""
    changes = {
        "wavenet_digits": ["training.target=800", "training.batch_size=2"],
        "context_segmenter_nuclei": ["stages.joint.crop=[16, 20]", "stages.joint.batch_size=2"],
        "tcn_chunker_conll2000_pos": ["training.batch_size=2"],
    }
    recipes = {name: read_recipe(CHECKOUT / "zoo" / name / "recipe.toml", changes[name]) for name in models}
    return {name: lowering.programs(model, recipes[name]) for name, model in models.items()}


@jax_only
@pytest.mark.slow
@pytest.mark.parametrize("platform", lowering.PLATFORMS)
@pytest.mark.parametrize(("preset", "program"), CASES)
def test_it_lowers(programs, preset, program, platform):
    exported = lowering.lower(*programs[preset][program], [platform])
    assert exported.platforms == (platform,) and len(exported.mlir_module_serialized) > 1000


@jax_only
@pytest.mark.slow
@pytest.mark.parametrize(("preset", "program"), [case for case in CASES if case[1] not in ("forward", "training step")])
def test_one_program_for_all_platforms_computes_the_same_here(programs, preset, program):
    """It is the whole program: what was lowered runs, and gives what the function gives."""
    import jax

    function, arguments = programs[preset][program]
    exported = lowering.lower(function, arguments)
    assert exported.platforms == lowering.PLATFORMS
    pairs = zip(*(jax.tree.leaves(jax.jit(f)(*arguments)) for f in (exported.call, function)), strict=True)
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@jax_only
@pytest.mark.slow
def test_the_training_step_is_that_of_fit(programs):
    import jax

    function, (state, batch) = programs["tcn_chunker_conll2000_pos"]["training step"]
    exported = lowering.lower(function, (state, batch))
    logs, (trained, _, optimizer, _) = jax.jit(exported.call)(state, batch)
    assert len(optimizer) > 3 * len(trained)  # two moments and the average of each weight
    model = function.__self__
    assert model.train_on_batch(*batch) == pytest.approx(float(logs["loss"]), rel=1e-5)
    for before, value, weight in zip(state[0], trained, model.trainable_variables, strict=True):
        np.testing.assert_allclose(weight, value, atol=1e-5)
        assert np.abs(before - value).max() > 0


@jax_only
@pytest.mark.slow
def test_generation_is_the_program_of_generate(models, programs):
    import jax

    function, (values, *arguments) = programs["wavenet_digits"]["generation"]
    noise = np.random.default_rng(0).random(arguments[2].shape, np.float32)
    arguments[2] = noise
    assert noise.shape == (1, loop.CHUNK_SAMPLES, 1)
    generated = loop.chunk_program(models["wavenet_digits"], 1, loop.CHUNK_SAMPLES)(*arguments)
    for a, b in zip(*map(jax.tree.leaves, (generated, jax.jit(function)(values, *arguments))), strict=True):
        np.testing.assert_array_equal(a, b)


@jax_only
def test_what_does_not_lower_is_named():
    def fails(x):
        raise TypeError("no such\nkernel")

    row = {"model": "mine", "program": "forward", **lowering.attempt(fails, (np.zeros(3, "float32"),))}
    assert row["bytes"] == {} and row["errors"]["tpu"] == "TypeError: no such kernel"
    text = lowering.report({"jax": "1", "keras": "3", "rows": [row]})
    assert text.splitlines()[1].split() == ["mine", "forward", "no", "no", "no"]
    assert "mine, forward, cuda: TypeError: no such kernel" in text


@jax_only
def test_the_command_prints_a_table(capsys, monkeypatch):
    monkeypatch.setattr(lowering.registry, "from_preset", lambda name: None)
    monkeypatch.setattr(lowering, "programs", lambda model, recipe: {"forward": (lambda x: x + 1, (np.zeros(3),))})
    assert main(["benchmark", "lowering", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["model"], row["program"]) for row in rows] == [(name, "forward") for name in PROGRAMS]
    assert all(set(row["bytes"]) == {"cpu", "cuda", "tpu"} and not row["errors"] for row in rows)
    assert main(["benchmark", "lowering", "wavenet_digits"]) == 0
    header, row, _ = capsys.readouterr().out.splitlines()
    assert header.split() == ["preset", "program", "cpu", "cuda", "tpu"]
    assert re.fullmatch(r"wavenet_digits +forward( +yes, \d kB){3}", row)


def test_other_backends_are_refused_in_one_line(capsys):
    if keras.backend.backend() == "jax":
        pytest.skip("needs a backend other than JAX")
    assert main(["benchmark", "lowering"]) == 2
    assert capsys.readouterr().err == (
        "dilatednets: benchmark lowering: only JAX lowers for other platforms; set KERAS_BACKEND=jax\n"
    )
