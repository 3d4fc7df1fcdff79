"""The segmentation benchmark compares the same net on both sides; none of these tests depends on how fast a machine is."""

import json
import math
import sys

import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.benchmarks import segmentation
from dilatednets.errors import InputError
from dilatednets.training.segmentation_recipe import Training
from dilatednets.zoo.context_segmenter import ContextSegmenter

SMALL = {"widths": (4, 6, 8, 12), "blocks": (1, 0), "dilations": (3,), "output_channels": 6}
FIGURES = ("images_per_second", "torch_images_per_second", "ratio", "times_float32")


@pytest.fixture
def small(request):
    """A small net in which every weight and statistic matters, none at its starting value."""
    context, stride, dropout = getattr(request, "param", ("basic", 4, 0.0))
    keras.utils.set_random_seed(0)
    options = {**SMALL, "stride": stride}
    model = ContextSegmenter(3, context=context, front_end_options=options, dropout=dropout)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.path.endswith("moving_variance"):
            weight.assign(rng.uniform(0.5, 2, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(weight + rng.uniform(-0.3, 0.3, weight.shape))
    return model


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (2, 45, 60, 3), np.uint8)


@pytest.mark.parametrize("small", [("none", 2, 0.1), ("basic", 8, 0.1), ("large", 4, 0.1)], indirect=True)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pytorch_net_gives_the_same_logits(small, images, dtype):
    torch = pytest.importorskip("torch")
    from dilatednets.benchmarks import torch_segmenter

    net = torch_segmenter.from_keras(small)
    assert sum(p.numel() for p in net.parameters()) == sum(math.prod(w.shape) for w in small.trainable_weights)
    assert net.front_end.stem.conv.weight.is_contiguous(memory_format=torch.channels_last)
    ours = ops.convert_to_numpy(small(images.astype(dtype), training=False))
    theirs = torch_segmenter.inference_call(net, images.astype(dtype), "float32")()
    assert np.abs(ours).max() > 0.1
    np.testing.assert_allclose(theirs.permute(0, 2, 3, 1).numpy(), ours, atol=1e-3)


@pytest.mark.slow
def test_pytorch_net_trains_the_same(small, images, rng):
    pytest.importorskip("torch")
    from dilatednets.benchmarks import torch_segmenter

    labels = rng.integers(0, 3, images.shape[:3], np.int32)
    net = torch_segmenter.from_keras(small)
    theirs = torch_segmenter.training_step(
        net, images, labels, "float32", segmentation.adamw(1e-3, Training().weight_decay, Training().clip_norm)
    )
    ours = segmentation.training_step(small, images, labels)
    losses = np.array([(ours(), theirs()) for _ in range(4)])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=1e-3)
    assert losses[-1, 0] < losses[0, 0]
    # The statistics that PyTorch keeps come from the unbiased variance; the means agree.
    norm, same = small.front_end.stem.norm, net.front_end.stem.norm
    np.testing.assert_allclose(same.running_mean.numpy(), ops.convert_to_numpy(norm.moving_mean), atol=1e-3)


def test_only_the_light_front_end_has_a_pytorch_net(small):
    pytest.importorskip("torch")
    from dilatednets.benchmarks import torch_segmenter

    small.front_end_name = "vgg16"
    with pytest.raises(InputError, match="vgg16"):
        torch_segmenter.from_keras(small)


def check(result, rows, with_torch):
    json.dumps(result)
    text = segmentation.report(result)
    assert [(row["batch"], row["dtype"]) for row in result["rows"]] == rows
    for row in result["rows"]:
        for name in FIGURES:
            if "torch" in name or name == "ratio":
                assert (row[name] is not None) == with_torch
            if row[name] is not None:
                assert math.isfinite(row[name]) and row[name] > 0
                assert f"{row[name]:.2f}" in text
        if with_torch:
            assert row["ratio"] == pytest.approx(row["images_per_second"] / row["torch_images_per_second"])
    assert ("pip install" in text) != with_torch


@pytest.mark.slow
def test_inference_is_measured(small):
    pytest.importorskip("torch")
    before = small.get_weights()
    result = segmentation.inference(small, (30, 40), (1, 2), 0.01)
    rows = [(batch, dtype) for batch in (1, 2) for dtype in ("float32", "mixed_bfloat16")]
    check(result, rows, with_torch=True)
    assert result["largest_difference"] < 1e-3
    assert all(0 < row[part] < math.inf for row in result["rows"] for part in ("front_end_share", "context_share"))
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow
def test_training_is_measured(small):
    pytest.importorskip("torch")
    before = small.get_weights()
    result = segmentation.training(small, (30, 40), 2, 0.01)
    check(result, [(2, "float32"), (2, "mixed_bfloat16")], with_torch=True)
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow
@pytest.mark.parametrize("small", [("none", 4, 0.1)], indirect=True)
def test_without_pytorch_ours_is_measured_alone(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = segmentation.inference(small, (30, 40), (1,), 0.01, ("float32",))
    check(result, [(1, "float32")], with_torch=False)
    assert result["largest_difference"] is None and "context_share" not in result["rows"][0]
    check(segmentation.training(small, (30, 40), 2, 0.01, ("float32",)), [(2, "float32")], with_torch=False)


def test_by_turns_alternates_and_takes_the_median(monkeypatch):
    clock, order = [0.0], []
    monkeypatch.setattr(segmentation.time, "perf_counter", lambda: clock[0])

    def call(name, durations):
        def advance():
            order.append(name)
            clock[0] += durations[order.count(name) - 2]

        return advance

    calls = {name: call(name, durations) for name, durations in {"a": [1, 1, 1, 9, 1], "b": [2, 2, 7, 2, 2]}.items()}
    assert segmentation.by_turns(calls, 1.0) == {"a": 1.0, "b": 0.5}
    assert order == ["a", "b"] * (1 + segmentation.ROUNDS)


def test_cpu_reads_the_flags(tmp_path):
    info = tmp_path / "cpuinfo"
    assert segmentation.cpu(info)["amx_bf16"] == "unknown"
    info.write_text("flags\t\t: fpu avx512_bf16 amx_bf16_other\n")
    facts = segmentation.cpu(info)
    assert facts["cores"] >= 1 and facts["amx_bf16"] == "no" and facts["avx512_bf16"] == "yes"
