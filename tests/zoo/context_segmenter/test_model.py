"""The segmenter: shapes for any size, its parts in order, segment and regress, presets."""

import keras
import numpy as np
import pytest
from helpers import tiny_segmenter
from keras import ops
from PIL import Image

from dilatednets import registry
from dilatednets.data.images import open_image
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter import tiling
from dilatednets.zoo.context_segmenter.model import ContextSegmenter


def numbers(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("context", ["none", "basic", "large"])
def test_scores_have_the_image_s_size(context, rng):
    model = tiny_segmenter(context=context)
    for size in ((48, 64), (45, 61), (7, 5), (2, 3), (33, 90)):
        image = rng.integers(0, 256, (2, *size, 3), np.uint8)
        scores = model(image)
        assert scores.shape == (2, *size, 3) == model.compute_output_shape(image.shape)
        assert np.isfinite(numbers(scores)).all()


def test_the_parts_follow_one_another(rng):
    """Normalise, pad by reflection, front end, scores, context, upsample, crop: written out with NumPy around the layers."""
    model = tiny_segmenter()
    image = rng.integers(0, 256, (1, 45, 60, 3), np.uint8)
    x = (image.astype("float32") - model.front_end.mean) / model.front_end.std
    x = np.pad(x, ((0, 0), (0, 3), (0, 4), (0, 0)), mode="reflect").astype("float32")
    x = numbers(model.context(model.scores(model.front_end(x))))[0]
    rows, columns = (np.clip((np.arange(n * 4) + 0.5) / 4 - 0.5, 0, n - 1) for n in x.shape[:2])
    x = np.stack([[np.interp(rows, range(12), x[:, j, c]) for j in range(16)] for c in range(3)], -1)
    x = np.stack([[np.interp(columns, range(16), x[:, i, c]) for i in range(48)] for c in range(3)], -1)
    np.testing.assert_allclose(numbers(model(image))[0], x[:45, :60], atol=1e-4)


def test_the_front_end_alone_is_what_the_context_module_starts_from(rng):
    model = tiny_segmenter()
    alone = tiny_segmenter(context="none")
    alone.set_weights([w for w, v in zip(model.get_weights(), model.weights, strict=True) if "context" not in v.path])
    image = rng.integers(0, 256, (1, 48, 64, 3), np.uint8)
    x = (image.astype("float32") - alone.front_end.mean) / alone.front_end.std
    scores = numbers(alone.scores(alone.front_end(x.astype("float32"))))
    expected = np.maximum(scores, 0).repeat(4, 1).repeat(4, 2)  # equal in the mean of each 4x4 block, but at the edge
    got = numbers(model(image))
    blocks = got.reshape(1, 12, 4, 16, 4, 3).mean((2, 4))[:, 1:-1, 1:-1]
    smooth = expected.reshape(1, 12, 4, 16, 4, 3).mean((2, 4))
    kernel = np.zeros((3, 3))
    for dy in range(4):
        for dx in range(4):
            wy, wx = np.zeros(3), np.zeros(3)
            for w, d in ((wy, dy), (wx, dx)):
                offset = (d + 0.5) / 4 - 0.5
                w[1] += 1 - abs(offset)
                w[1 + int(np.sign(offset))] += abs(offset)
            kernel += np.outer(wy, wx) / 16
    windows = np.lib.stride_tricks.sliding_window_view(smooth[0], (3, 3), axis=(0, 1))
    np.testing.assert_allclose(blocks[0], np.einsum("hwcij,ij->hwc", windows, kernel), atol=1e-4)


def test_mixed_precision_agrees(rng):
    model = tiny_segmenter()
    half = ContextSegmenter.from_config({**model.get_config(), "dtype": "mixed_bfloat16"})
    half.set_weights(model.get_weights())
    image = rng.integers(0, 256, (1, 48, 64, 3), np.uint8)
    assert half(image).dtype == "float32"
    np.testing.assert_allclose(numbers(half(image)), numbers(model(image)), atol=0.15)


def test_segment_takes_what_people_have(tmp_path, rng):
    model = tiny_segmenter()
    image = rng.integers(0, 256, (40, 50, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "a.png")
    labels = model.segment(image)
    assert labels.shape == (40, 50) and labels.dtype == np.int32
    np.testing.assert_array_equal(labels, numbers(model(image[None]))[0].argmax(-1))
    for same in (tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(image)):
        np.testing.assert_array_equal(model.segment(same), labels)
    np.testing.assert_array_equal(model.segment(image[..., 0]), model.segment(image[..., [0, 0, 0]]))


def test_scales_and_mirror_images_are_averaged(rng):
    model = tiny_segmenter()
    image = rng.integers(0, 256, (32, 48, 3), np.uint8)
    plain = numbers(ops.softmax(model(image[None])))[0]
    mirrored = numbers(ops.softmax(model(image[None, :, ::-1])))[0][:, ::-1]
    np.testing.assert_array_equal(model.segment(image, flip=True), (plain + mirrored).argmax(-1))
    assert model.segment(image, scales=(0.5, 1, 1.5), flip=True).shape == (32, 48)
    one, *others = (
        numbers(model.averaged_outputs(image[None], scales)) for scales in ((0.5, 1, 1.5), [0.5], [1], [1.5])
    )
    np.testing.assert_allclose(one, np.mean(others, axis=0), atol=1e-6)
    with pytest.raises(InputError, match=r"scales: must be a list of numbers from 0\.1 to 4, not \(\)"):
        model.segment(image, scales=())


def test_a_large_image_goes_through_in_tiles(rng, monkeypatch):
    model = tiny_segmenter()
    image = rng.integers(0, 256, (100, 130, 3), np.uint8)
    calls = []
    outputs = ContextSegmenter.averaged_outputs
    monkeypatch.setattr(
        ContextSegmenter, "averaged_outputs", lambda *arguments: calls.append(arguments[1].shape) or outputs(*arguments)
    )
    for name, value in (("TILE", 64), ("OVERLAP", 32), ("IGNORED", 8)):
        monkeypatch.setattr(tiling, name, value)
    labels = model.segment(image)
    assert labels.shape == (100, 130) and len(calls) == 12 and set(calls) == {(1, 64, 64, 3)}
    bands = tiling.rows_of_tiles(image, lambda part: numbers(ops.softmax(model(part[None])))[0], 64, 32, 8)
    np.testing.assert_array_equal(labels, np.concatenate(list(bands)).argmax(-1))


def test_regression(rng):
    model = tiny_segmenter(num_classes=2, head="regression")
    image = rng.integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_allclose(model.regress(image), numbers(model(image[None]))[0], atol=1e-5)
    with pytest.raises(InputError, match="call regress"):
        model.segment(image)
    with pytest.raises(InputError, match="values, such as lengths"):
        model.regress(image, scales=(0.5, 1))
    with pytest.raises(InputError, match="call segment"):
        tiny_segmenter().regress(image)


@pytest.mark.slow
def test_a_preset_comes_back_and_takes_other_classes(tmp_path, rng):
    model = tiny_segmenter(class_names=("a", "b", "c"), palette=((1, 2, 3), (4, 5, 6), (7, 8, 9)))
    model.save_to_preset(tmp_path / "mine")
    same = registry.from_preset(tmp_path / "mine")
    image = rng.integers(0, 256, (1, 40, 50, 3), np.uint8)
    np.testing.assert_array_equal(numbers(same(image)), numbers(model(image)))
    assert same.class_names == ("a", "b", "c") and same.palette[2] == (7, 8, 9)
    other = ContextSegmenter.from_preset(tmp_path / "mine", num_classes=2)
    assert other.class_names == () and other(image).shape == (1, 40, 50, 2)
    for a, b in zip(other.front_end.get_weights(), model.front_end.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    alone = ContextSegmenter.from_preset(tmp_path / "mine", context="none")
    np.testing.assert_array_equal(alone.scores.get_weights()[0], model.scores.get_weights()[0])
    model.context.convs[0].bias.assign([1.0, 2.0, 3.0])
    model.save_to_preset(tmp_path / "mine")
    kept = ContextSegmenter.from_preset(tmp_path / "mine", dropout=0.5, context="basic")
    np.testing.assert_array_equal(kept.context.get_weights()[1], [1, 2, 3])
    changes = [{"context_dilations": [1] * 7}, {"context_identity": False}, {"context": "large"}]
    for change in (*changes, {"context_multipliers": [1, 1, 1, 2, 2, 1, 1]}):
        fresh = ContextSegmenter.from_preset(tmp_path / "mine", **change)
        assert not np.any(fresh.context.get_weights()[1]), change
        np.testing.assert_array_equal(fresh.scores.get_weights()[0], model.scores.get_weights()[0])
    for same in ({"context_dilations": (1, 1, 2, 4, 8, 16, 1)}, {"context_multipliers": ()}):
        kept = ContextSegmenter.from_preset(tmp_path / "mine", **same)
        np.testing.assert_array_equal(kept.context.get_weights()[1], [1, 2, 3])
    # As many classes, but others: the scores start anew.
    renamed = ContextSegmenter.from_preset(tmp_path / "mine", num_classes=3, class_names=("x", "y", "z"))
    assert not np.array_equal(renamed.scores.get_weights()[0], model.scores.get_weights()[0])
    with pytest.raises(InputError, match="is a ContextSegmenter; this needs a WaveNet"):
        registry.from_preset(tmp_path / "mine", "WaveNet")


def test_the_field_is_what_a_change_of_one_column_shows():
    """Largest over the positions of a pixel; on nets that let everything pass every ReLU."""
    small = {"widths": (2, 2, 2, 2), "blocks": (0, 0), "dilations": (1,), "output_channels": 2}
    model = ContextSegmenter(1, head="regression", context_dilations=(1, 2), front_end_options=small)
    for weight in model.weights:
        if "float" in str(weight.dtype):
            weight.assign(np.full(weight.shape, 0.0 if "moving_mean" in weight.path or "bias" in weight.path else 1.0))
    model.front_end.mean = (0.0, 0.0, 0.0)
    side, columns = 176, np.arange(80, 96)
    image = np.full((1, 16, side, 3), 100, "float32")
    batch = np.repeat(image, side, axis=0)
    batch[np.arange(side), :, np.arange(side)] += 100
    change = np.abs(numbers(model(batch))[:, 8, columns] - numbers(model(image))[:, 8, columns])[..., 0]
    relative = change / numbers(model(image))[:, 8, columns][..., 0]
    fields = [np.ptp(np.flatnonzero(relative[:, column] > 1e-6)) + 1 for column in range(16)]
    assert max(fields) == model.receptive_field


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_classes": 1}, "num_classes: at least 2"),
        ({"num_classes": 0, "head": "regression"}, "num_classes: must be above 0, not 0"),
        ({"num_classes": 3, "front_end": "resnet"}, "front_end: must be 'light', 'vgg16' or another"),
        ({"num_classes": 3, "context": "huge"}, "context: must be 'none' or 'basic' or 'large'"),
        ({"num_classes": 3, "head": "depth"}, "head: must be 'classification' or 'regression'"),
        ({"num_classes": 3, "class_names": ("a",)}, "class_names: 1 names for 3 classes"),
        ({"num_classes": 3, "palette": [(1, 2, 3)]}, "palette: 1 colours for 3 classes"),
        ({"num_classes": 3, "scales": (7.0,)}, r"scales: must be a list of numbers from 0\.1 to 4"),
        ({"num_classes": 1, "head": "regression", "scales": (0.75, 1.0)}, "scales: .* only 1 is possible"),
    ],
)
def test_arguments_out_of_range(arguments, says):
    with pytest.raises(InputError, match=says):
        ContextSegmenter(**arguments)


@pytest.mark.slow
def test_it_trains_with_plain_keras(rng):
    """In a few lines: compile, fit; the loss falls."""
    from dilatednets.zoo.context_segmenter.loss import SegmentationLoss

    model = tiny_segmenter()
    images = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
    labels = (images[..., 0] > 127).astype("int32")
    model.compile(keras.optimizers.Adam(1e-2), SegmentationLoss(), jit_compile=False)
    losses = model.fit(images, labels, batch_size=4, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_large_image_needs_less_than_two_gigabytes(tmp_path):
    """12,000 x 8,000 pixels by the command, in a process of its own: peak memory over that of a small image."""
    import subprocess
    import sys

    tiny_segmenter(11, context="none").save_to_preset(tmp_path / "tiny")
    Image.effect_noise((100, 100), 80).convert("RGB").save(tmp_path / "small.png")
    Image.linear_gradient("L").resize((12000, 8000)).convert("RGB").save(tmp_path / "large.png", compress_level=1)
    code = (
        "import resource, sys; from dilatednets.cli.main import main; status = main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(status)"
    )
    peaks = []
    for name in ("small", "large"):
        command = ["segment", tmp_path / "tiny", tmp_path / f"{name}.png", "--output", tmp_path / "out"]
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        peaks.append(int(done.stdout.splitlines()[-1]) * (1 if sys.platform == "darwin" else 1024))
    assert open_image(tmp_path / "out" / "large.png").size == (12000, 8000)
    print(f"{(peaks[1] - peaks[0]) / 1e9:.2f} GB")
    assert peaks[1] - peaks[0] < 2e9, f"{(peaks[1] - peaks[0]) / 1e9:.2f} GB"


def test_a_regression_is_computed_at_one_scale(tmp_path):
    tiny_segmenter(scales=(0.75, 1.0)).save_to_preset(tmp_path / "mine")
    model = ContextSegmenter.from_preset(tmp_path / "mine", num_classes=1, head="regression")
    assert model.get_config()["scales"] == [1.0]
    assert model.regress(np.zeros((20, 24, 3), np.uint8)).shape == (20, 24, 1)


@pytest.mark.parametrize("seed", range(4))
def test_every_fresh_class_can_be_learnt(seed, rng):
    """The context module begins as the identity, and cuts what is below 0: all scores must not be there."""
    keras.utils.set_random_seed(seed)
    small = {"widths": (4, 4, 8, 8), "blocks": (1, 1), "dilations": (1, 2), "output_channels": 6}
    model = ContextSegmenter(2, front_end_options=small)
    scores = ops.convert_to_numpy(model.scores(model.front_end(rng.normal(0, 1, (2, 64, 64, 3)).astype(np.float32))))
    assert (scores > 0).mean(axis=(0, 1, 2)).min() > 0.5
