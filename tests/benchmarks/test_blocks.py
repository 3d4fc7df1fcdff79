"""The comparison of temporal blocks with what one would otherwise use, on tiny sizes."""

import json

import numpy as np
import pytest
from keras import ops

from dilatednets.benchmarks import blocks
from dilatednets.cli.main import main


def test_the_rival_stacks_compute_what_the_blocks_compute(rng):
    x = rng.standard_normal((2, 40, 1)).astype(np.float32)
    stack = blocks.classifier(x, blocks.conv1d_stack(3, 4))
    ours = blocks.classifier(x, [blocks.TemporalBlock(4, 3, 2**i, normalization="none") for i in range(blocks.LEVELS)])
    assert ours.count_params() == stack.count_params()
    convs = [layer for layer in stack.layers if layer.weights and getattr(layer, "kernel_size", (1,)) == (3,)]
    others = [layer for layer in stack.layers if layer.weights and layer not in convs]
    ours_convs = [conv for block in ours.layers if hasattr(block, "convs") for conv in block.convs]
    for layer, conv in zip(convs, ours_convs, strict=True):
        layer.set_weights(conv.get_weights())
    projection, head = ours.layers[1].projection.get_weights(), ours.layers[-1].get_weights()
    for layer, (kernel, bias) in zip(others, (projection, head), strict=True):
        layer.set_weights([kernel.reshape(layer.weights[0].shape), bias])
    np.testing.assert_allclose(ops.convert_to_numpy(stack(x)), ops.convert_to_numpy(ours(x)), atol=1e-4)


@pytest.mark.slow
def test_the_command_measures_every_net_and_prints_a_table(capsys):
    arguments = ["benchmark", "blocks", "--size", "2", "4", "--batch", "2", "--steps", "20", "--seconds", "0.01"]
    assert main([*arguments, "--json"]) == 0
    rows = {row["net"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert set(rows) | {"PyTorch"} == set(blocks.NETS)
    assert all(row["milliseconds"] > 0 for row in rows.values())
    tcn, lstm = rows["TemporalBlocks"], rows["LSTM"]
    assert lstm["parameters"] == pytest.approx(tcn["parameters"], rel=0.1)
    assert lstm["ratio"] == pytest.approx(tcn["milliseconds"] / lstm["milliseconds"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--batch", "0"], "--batch: must be at least 1"), (["--size", "0", "4"], "--size: must be at least 1")]
    + [(["--seconds", "nan"], "--seconds: must be above 0"), (["--steps", "-1"], "--steps: must be at least 1")],
)
def test_faults_refuses_bad_arguments_in_one_line(capsys, arguments, says):
    assert main(["benchmark", "blocks", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_pytorch_has_as_many_parameters():
    pytest.importorskip("torch")
    x, y = np.zeros((2, 20, 1), np.float32), np.zeros(2, np.int64)
    made = blocks.nets(3, 4, x, y)
    assert made["PyTorch"][0] == made["TemporalBlocks"][0]
    before = made["PyTorch"][1]()
    assert made["PyTorch"][1]() < before
