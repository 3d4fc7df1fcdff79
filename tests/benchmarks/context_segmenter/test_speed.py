"""The speed benchmark of the segmenter; none of these tests depends on how fast a machine is."""

import json
import math
import sys

import numpy as np
import pytest

from dilatednets.benchmarks.context_segmenter import speed

FIGURES = ("images_per_second", "torch_images_per_second", "ratio", "times_float32")


def check(result, rows, with_torch):
    json.dumps(result)
    text = speed.report(result)
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
    result = speed.inference(small, (30, 40), (1, 2), 0.01)
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
    result = speed.training(small, (30, 40), 2, 0.01)
    check(result, [(2, "float32"), (2, "mixed_bfloat16")], with_torch=True)
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow
@pytest.mark.parametrize("small", [("none", 4, 0.1)], indirect=True)
def test_without_pytorch_ours_is_measured_alone(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(speed, "DTYPES", ("float32",))
    result = speed.inference(small, (30, 40), (1,), 0.01)
    check(result, [(1, "float32")], with_torch=False)
    assert result["largest_difference"] is None and "context_share" not in result["rows"][0]
    check(speed.training(small, (30, 40), 2, 0.01), [(2, "float32")], with_torch=False)
