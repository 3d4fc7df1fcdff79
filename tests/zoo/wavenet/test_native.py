"""The native kernel against the parallel net, and against the loop that XLA compiles."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from keras import ops
from wavenets import OUTPUTS, drawn_by_seed, inputs, make

from dilatednets import native
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.native_weights import NativeNet

pytest.importorskip("numba")
from dilatednets.zoo.wavenet.native_voices import NativeVoices

CLOSE = {"float32": 1e-4, "int16": 1e-3, "int8": 3e-2}
CASES = [
    ("softmax", 2, True, 1, "int16"),
    ("logistics", 3, True, 1, "int8"),
    ("gaussian", 2, False, 1, "int16"),
]
SOME = ["softmax", *(pytest.param(name, marks=pytest.mark.slow) for name in OUTPUTS[1:])]
NETS = itertools.product(OUTPUTS, (2, 3), (True, False), (1, 2))
ALL = [
    (*net, kind) for net, kind in zip(NETS, itertools.cycle(CLOSE), strict=False)
]  # each net once, in one of the types


@pytest.mark.parametrize(
    ("output", "kernel_size", "conditioned", "batch", "kind"),
    [*CASES, *(pytest.param(*case, marks=pytest.mark.slow) for case in ALL if case not in CASES)],
)
def test_parameters_equal_the_parallel_call(rng, output, kernel_size, conditioned, batch, kind):
    model = make(output, kernel_size, conditioned)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    sequences = inputs(model, rng, batch, 60)
    parallel = ops.convert_to_numpy(model(sequences))
    speaker, condition = sequences.get("speaker"), sequences.get("condition")
    local = model.local_condition(condition, 60)
    voices = NativeVoices(NativeNet(model, kind), batch, model.global_condition(speaker), 1.0)
    # In two parts, of which the second goes on with what the first has left.
    parts = [slice(0, 23), slice(23, 60)]
    told = [voices.parameters(sequences["audio"][:, s], None if local is None else local[:, s]) for s in parts]
    np.testing.assert_allclose(np.concatenate(told, axis=1), parallel, rtol=0, atol=CLOSE[kind])


@pytest.mark.parametrize("output", SOME)
def test_the_kernel_draws_what_the_parallel_net_says(rng, output):
    model = make(output)
    sequences = inputs(model, rng, 3, 60)
    asked = {"speaker": list(sequences["speaker"]), "condition": sequences["condition"], "seed": 5}
    audio = model.generate(60, **asked, engine="native", temperature=1.0)
    drawn = drawn_by_seed(model, model({**sequences, "audio": audio}), 5)
    assert np.sum(np.abs(drawn - audio) >= 1e-3) <= 1  # noise may fall on the edge of two codes


@pytest.mark.parametrize("output", SOME)
def test_faults_nan_in_the_weights_comes_out_as_nan(output):
    model = make(output, conditioned=False)
    kernel = model.blocks[1].conv.kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    for engine in ("native", "xla"):
        assert np.isnan(model.generate(8, seed=0, engine=engine)).all()


def test_a_net_of_one_layer_and_one_tap(rng):
    """Without a past, and without a residual."""
    from dilatednets.zoo.wavenet.model import WaveNet

    model = WaveNet((1,), 1, 3, 6, 5, "gaussian")
    audio = rng.uniform(-0.9, 0.9, (1, 20)).astype(np.float32)
    told = NativeVoices(NativeNet(model, "float32"), 1, None, 1.0).parameters(audio)
    np.testing.assert_allclose(told, ops.convert_to_numpy(model({"audio": audio})), atol=1e-5)


@pytest.mark.slow
def test_another_process_takes_the_kernel_from_disk(tmp_path):
    """Compiled once: the second process loads what the first wrote, and makes the same audio."""
    code = (
        "from dilatednets.zoo.wavenet import WaveNet, native_kernel; import keras; keras.utils.set_random_seed(0)\n"
        "model = WaveNet((1, 2), 2, 4, 8, 4)\n"
        "audio = model.generate(5, seed=1)\n"
        "from dilatednets.zoo.wavenet.native_weights import NativeNet\n"
        "stats = native_kernel.loop_for(NativeNet(model).sizes, 1).stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), audio.tolist())"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    first, second = (line.split(" ", 2) for line in said)
    assert (first[:2], second[:2]) == (["0", "1"], ["1", "0"]) and first[2] == second[2]


def test_without_numba_a_model_speaks_by_xla(monkeypatch, tiny_model):
    monkeypatch.setattr(native, "available", lambda: False)
    audio = tiny_model.generate(text="3", speaker="ann", seed=1)
    np.testing.assert_array_equal(tiny_model.generate(text="3", speaker="ann", seed=1, engine="xla"), audio)
    with pytest.raises(InputError, match=r"engine: native needs numba, .* pip install 'dilatednets\[fast\]'"):
        tiny_model.generate(text="3", speaker="ann", engine="native")
    with pytest.raises(InputError, match=r"engine: must be 'native' or .* 'xla', not 'fast'"):
        tiny_model.generate(text="3", speaker="ann", engine="fast")


@pytest.mark.parametrize(("batch", "sizes"), [(1, {1}), (2, {1}), (3, {1, 2}), (8, {2}), (17, {1, 2})])
def test_a_kernel_makes_one_voice_or_two(monkeypatch, batch, sizes):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    shares = loop._shares(batch, native=True)
    assert {share.stop - share.start for share in shares} == sizes
    assert [row for share in shares for row in range(batch)[share]] == list(range(batch))
