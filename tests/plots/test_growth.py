"""Pictures of what seeing far costs."""

import keras
import pytest

from dilatednets.errors import InputError
from dilatednets.layers.receptive_field import causal_field
from dilatednets.plots.figure import figure
from dilatednets.plots.growth import draw_growth, growth


@pytest.mark.parametrize(("dilations", "kernel_size"), [([1, 2, 4, 8], 2), ([1, 3, 9], 3), ([5], 4)])
def test_weights_and_fields_are_those_of_layers(dilations, kernel_size):
    grown = growth(dilations, kernel_size, 6)
    conv, cell = keras.layers.Conv1D(6, kernel_size, use_bias=False), keras.layers.LSTM(6, use_bias=False)
    for layer in (conv, cell):
        layer.build((None, None, 6))
    for depth, (field, weights) in enumerate(grown.dilated, start=1):
        assert (field, weights) == (causal_field(kernel_size, dilations[:depth]), depth * conv.count_params())
    for field, weights in grown.plain:
        assert causal_field(kernel_size, [1] * (weights // conv.count_params())) == field
    assert grown.plain[-1][0] >= grown.dilated[-1][0] > grown.plain[-1][0] - kernel_size + 1
    assert grown.recurrent == cell.count_params()


def test_images_have_square_kernels_and_no_recurrent_step():
    conv = keras.layers.Conv2D(6, 3, use_bias=False)
    conv.build((None, None, None, 6))
    grown = growth([1, 2], 3, 6, dimensions=2)
    assert grown.dilated == [(3, conv.count_params()), (7, 2 * conv.count_params())] and grown.recurrent is None


@pytest.mark.parametrize(("dilations", "kernel_size"), [([], 2), ([1, 2], 1)])
def test_what_does_not_grow_is_refused(dilations, kernel_size):
    with pytest.raises(InputError, match="need a layer, and at least two taps"):
        growth(dilations, kernel_size, 8)


@pytest.mark.parametrize(("dilations", "dimensions"), [([1, 2, 4, 8, 16], 1), ([1, 1, 2, 4, 8, 16, 1], 2), ([1], 1)])
def test_lines_are_the_numbers_on_logarithmic_axes(dilations, dimensions):
    grown = growth(dilations, 3, 32, dimensions)
    picture, (ax,) = figure([420])
    draw_growth(ax, grown, "samples")
    picture.draw_without_rendering()
    lines = [list(map(tuple, line.get_xydata().astype(int))) for line in ax.lines]
    assert lines[:2] == [grown.plain, grown.dilated] and len(lines) == 4 - dimensions
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("log", "log", "samples that one output sees")
    for line in ax.lines:
        box, inside = line.get_window_extent(), ax.get_window_extent()
        assert inside.x0 - 5 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[1] == f"dilated convolutions: {grown.dilated[-1][1]:,} weights"
