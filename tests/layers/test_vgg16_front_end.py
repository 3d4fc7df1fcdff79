"""The front end of Yu & Koltun 2016, section 4: sizes, alignment, VGG-16's weights."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import conv2d_oracle, run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import receptive_field
from dilatednets.layers.vgg16_front_end import VGG16FrontEnd
from dilatednets.zoo.context_segmenter import ContextSegmenter

# Dilation of each convolution and whether a pooling follows, written down from the paper.
LAYERS = [(1, 0), (1, 1)] * 2 + [(1, 0), (1, 0), (1, 1)] + [(1, 0)] * 3 + [(2, 0)] * 3 + [(4, 0), (1, 0)]


def narrow(width=2, head=3, **settings):
    layer = VGG16FrontEnd((width,) * 5, head, **settings)
    layer.build((None, None, None, 3))
    return layer


def fill(layers, rng, positive=0.0):
    """Random weights; with `positive`, of a mean above 0, so that no ReLU of a narrow net closes for good."""
    for layer in layers:
        *taps, filters = shape = layer.kernel.shape
        layer.kernel.assign(rng.standard_normal(shape) * (2 / np.prod(taps)) ** 0.5 + positive / np.prod(taps))
        layer.bias.assign(rng.uniform(0, 0.1, filters))


def oracle(x, weights):
    """The net, one tap at a time."""
    x = x[..., ::-1].astype(np.float64)  # BGR
    for (kernel, bias), (dilation, pooled) in zip(weights, LAYERS, strict=True):
        x = np.maximum(conv2d_oracle(x, kernel, dilation) + bias, 0)
        if pooled:
            x = np.max([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
    return x


def test_passes_the_checks_of_all_layers(rng):
    layer = VGG16FrontEnd((4,) * 5, 4, dropout=0.0)  # noise would hide whether the loss falls
    run_layer_checks(layer, rng.uniform(0, 1, (1, 388, 380, 3)))


def test_equals_the_oracle(rng):
    layer = narrow()
    fill(layer.convs, rng, positive=0.3)
    x = rng.uniform(-120, 150, (2, 380, 388, 3)).astype(np.float32)
    expected = oracle(x, [[ops.convert_to_numpy(w) for w in conv.weights] for conv in layer.convs])
    assert expected.max() > 1
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("pixels", "outputs"), [(500, 16), (628, 32), (852, 60), (884, 64), (900, 66), (1396, 128)])
def test_sizes_are_the_published_ones(pixels, outputs):
    layer = VGG16FrontEnd()
    assert layer.compute_output_shape((2, pixels, None, 3)) == (2, outputs, None, 4096)
    assert pixels - 2 * layer.margin == outputs * layer.stride and not (pixels - 2 * layer.margin) % layer.multiple


def test_runs_at_the_size_it_announces():
    layer = narrow(width=1)
    for size in ((388, 396), (380, 390)):  # 390: six columns remain, and are ignored
        x = np.zeros((1, *size, 3), np.float32)
        assert tuple(layer(x).shape) == layer.compute_output_shape(x.shape)
    assert layer.compute_output_shape((1, 388, 396, 3)) == (1, 2, 3, 3)


def test_full_size_has_the_published_parameters():
    """134.3 million with the scores of CamVid's 11 classes; counted from the shapes, for the weights take 0.5 GB."""
    layer = VGG16FrontEnd()
    parameters = sum(np.prod(shape) + shape[-1] for shape in layer.kernel_shapes) + (4096 + 1) * 11
    assert parameters == 134_305_611
    assert layer.macs_per_pixel == 2_256_576
    small = narrow()
    assert small.kernel_shapes == [tuple(conv.kernel.shape) for conv in small.convs]
    assert [conv.dilation_rate[0] for conv in layer.convs] == [dilation for dilation, _ in LAYERS]


@pytest.mark.parametrize("axis", [1, 2])
def test_output_r_sees_pixels_8r_to_8r_plus_379(axis):
    layer = narrow(width=1, head=1)
    for conv in layer.convs:  # positive weights, no bias: whatever an output sees above 0 makes it positive
        conv.kernel.assign(np.ones(conv.kernel.shape))
    firsts = np.array([0, 8, 16])
    lines = np.array([0, 7, 8, 15, 16, 190, 379, 380, 387, 388, 395])  # each field's ends and their neighbours
    x = np.zeros((len(lines), 380, 396, 3) if axis == 2 else (len(lines), 396, 380, 3), np.float32)
    for image, line in zip(x, lines, strict=True):
        image.swapaxes(0, axis - 1)[line] = 1.0
    seen = ops.convert_to_numpy(layer(x)).reshape(len(lines), 3) > 0
    field = receptive_field(layer)
    np.testing.assert_array_equal(seen, (firsts <= lines[:, None]) & (lines[:, None] < firsts + field))
    # The middle of the field, in pixels of the image, is where bilinear resizing puts output r.
    np.testing.assert_array_equal(firsts + (field - 1) / 2 - layer.margin, (np.arange(3) + 0.5) * layer.stride - 0.5)


@pytest.fixture
def segmenter(rng):
    options = {"widths": (2,) * 5, "head_channels": 3}
    model = ContextSegmenter(2, "vgg16", "none", front_end_options=options)
    fill([*model.front_end.convs, model.scores], rng, positive=1.0)
    return model


@pytest.fixture
def image(rng):
    image = np.zeros((1, 24, 40, 3), np.uint8)
    image[:, 3:9, 5:20] = rng.integers(0, 256, (6, 15, 3))
    return image


def test_segmenter_puts_output_r_on_pixel_8r_plus_3_5(segmenter, image):
    front_end = segmenter.front_end
    padded = np.pad(image - np.float32(front_end.mean), ((0, 0), (186, 186), (186, 186), (0, 0)), mode="reflect")
    scores = ops.convert_to_numpy(segmenter.scores(front_end(padded)))

    def interpolation(pixels):
        units = np.eye(pixels // 8)
        return [np.interp(np.arange(pixels), 8 * np.arange(len(units)) + 3.5, unit) for unit in units]

    scores = np.einsum("ry,cx,brck->byxk", interpolation(24), interpolation(40), scores)
    assert np.ptp(scores, axis=(1, 2)).min() > 0.1
    np.testing.assert_allclose(ops.convert_to_numpy(segmenter(image)), scores, rtol=1e-3, atol=1e-3)
    assert ops.convert_to_numpy(segmenter(image[:, :21, :30])).shape == (1, 21, 30, 2)


def test_segmenter_mirrors_its_scores_with_the_image(segmenter, image):
    """With mirror-symmetric kernels the mirror image has the mirrored scores: nothing on the way moves to one side."""
    for conv in segmenter.front_end.convs:
        kernel = ops.convert_to_numpy(conv.kernel)
        kernel = kernel + kernel[::-1]
        conv.kernel.assign((kernel + kernel[:, ::-1]) / 4)
    scores = ops.convert_to_numpy(segmenter(image))
    for mirror in (np.s_[:, ::-1], np.s_[:, :, ::-1]):
        change = np.abs(scores[mirror] - scores).max()
        assert change > 0.1
        mirrored = ops.convert_to_numpy(segmenter(np.ascontiguousarray(image[mirror])))
        np.testing.assert_allclose(mirrored[mirror], scores, rtol=0, atol=1e-3 * change)


def stand_in(widths, head, top=True):
    """keras.applications.VGG16 with fewer channels."""
    x = image = keras.Input((224, 224, 3))
    for block, (width, count) in enumerate(zip(widths, (2, 2, 3, 3, 3), strict=True), start=1):
        for i in range(1, count + 1):
            x = keras.layers.Conv2D(width, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    if top:
        x = keras.layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = keras.layers.Dense(head, activation="relu", name=name)(x)
    return keras.Model(image, x)


def test_takes_over_vgg16_s_weights(rng):
    source = stand_in((2,) * 5, 3)
    fill([layer for layer in source.layers if layer.weights], rng, positive=1.0)
    layer = VGG16FrontEnd((2,) * 5, 3)
    layer.load_imagenet(source)
    for block, convs in enumerate(layer.blocks, start=1):
        for i, conv in enumerate(convs, start=1):
            for ours, theirs in zip(
                conv.get_weights(), source.get_layer(f"block{block}_conv{i}").get_weights(), strict=True
            ):
                np.testing.assert_array_equal(ours, theirs)
    # fc6 without its dilation, on the 7 x 7 map that the dense fc1 flattens; then fc7.
    x = rng.uniform(0, 1, (2, 7, 7, 2)).astype(np.float32)
    expected = source.get_layer("flatten")(x)
    for conv, name in ((layer.fc6, "fc1"), (layer.fc7, "fc2")):
        expected = source.get_layer(name)(expected)
        x = ops.relu(ops.conv(x, conv.kernel) + conv.bias)
        assert tuple(x.shape) == (2, 1, 1, 3) and float(ops.max(x)) > 0
        np.testing.assert_allclose(ops.convert_to_numpy(x)[:, 0, 0], ops.convert_to_numpy(expected), atol=1e-5)


def test_takes_out_the_mean_that_vgg16_s_weights_expect(rng):
    pixels = rng.uniform(0, 255, (1, 2, 3, 3)).astype(np.float32)
    bgr = keras.applications.vgg16.preprocess_input(pixels.copy())
    ours = (pixels - np.float32(VGG16FrontEnd.mean)) / np.float32(VGG16FrontEnd.std)
    np.testing.assert_allclose(ours[..., ::-1], bgr, atol=1e-4)


@pytest.mark.slow
def test_full_size_takes_over_keras_s_vgg16():
    source = keras.applications.VGG16(weights=None)
    layer = VGG16FrontEnd()
    layer.load_imagenet(source)
    assert layer.count_params() == source.count_params() - source.get_layer("predictions").count_params()
    np.testing.assert_array_equal(layer.fc6.get_weights()[0].ravel(), source.get_layer("fc1").get_weights()[0].ravel())


def test_says_why_vgg16_s_weights_do_not_fit(monkeypatch):
    layer = narrow(width=2, head=3)
    before = layer.get_weights()
    for widths, head, name in (((2,) * 5, 4, "fc1"), ((2, 2, 2, 2, 3), 3, "block5_conv1")):
        with pytest.raises(InputError, match=f"{name} has weights .* leave widths and head_channels at their defaults"):
            layer.load_imagenet(stand_in(widths, head))
    with pytest.raises(ValueError, match="No such layer: fc1"):
        layer.load_imagenet(stand_in((2,) * 5, 3, top=False))

    def unreachable(weights):
        raise Exception("URL fetch failure on https://storage:\nNone -- no route")

    monkeypatch.setattr(keras.applications, "VGG16", unreachable)
    with pytest.raises(InputError, match=r"no VGG-16 weights \(URL .* no route\); connect to a network") as error:
        layer.load_imagenet()
    assert "\n" not in str(error.value)
    assert all(np.array_equal(new, old) for new, old in zip(layer.get_weights(), before, strict=True))


def test_drops_features_in_training_only(rng):
    layer = narrow(width=1, head=400)
    for conv in layer.convs:
        conv.kernel.assign(np.full(conv.kernel.shape, 1 / np.prod(conv.kernel.shape[:3])))
    x = np.ones((1, 380, 380, 3), np.float32)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), 1.0, rtol=1e-4)
    y = ops.convert_to_numpy(layer(x, training=True))
    assert (y == 0).mean() == pytest.approx(0.5, abs=0.1)
    # fc7 averages what fc6's dropout left and doubled: 1 but for chance; its own dropout doubles again.
    kept = y[y > 0]
    assert kept == pytest.approx(kept.max(), rel=1e-5) and kept.max() == pytest.approx(2.0, abs=0.4)
    assert kept.max() != pytest.approx(2.0, abs=1e-4)


def test_refuses_other_than_five_widths_and_images_without_a_margin():
    with pytest.raises(ValueError, match=r"widths: must be five positive integers, one a block, not \(64, 128\)"):
        VGG16FrontEnd((64, 128))
    says = "224 x 400 pixels is too small; pad the image by 186 on each side, to at least 380"
    for x in (np.zeros((1, 224, 400, 3), np.float32), keras.Input((224, 400, 3))):
        with pytest.raises(ValueError, match=says):
            narrow()(x)
