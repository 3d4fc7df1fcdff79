"""Pictures of what one output sees."""

from itertools import product

import pytest
from matplotlib.colors import to_rgba

from dilatednets.plots.dilation import draw_dilation, draw_field
from dilatednets.plots.figure import figure
from dilatednets.plots.palette import BLUE, ORANGE


def drawn(*arguments):
    """The connections, and the (place, layer) of the nodes in blue, counted from the rightmost place."""
    picture, (ax,) = figure([460])
    draw_dilation(ax, *arguments)
    picture.draw_without_rendering()
    lines, nodes = ax.collections
    last = max(time for time, _ in nodes.get_offsets())
    colours = zip(nodes.get_offsets(), nodes.get_facecolors(), strict=True)
    seen = {(int(time - last), int(layer)) for (time, layer), colour in colours if tuple(colour) == to_rgba(BLUE)}
    segments = {tuple(map(tuple, segment.astype(int))) for segment in lines.get_segments()}
    return ax, segments, seen


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("dilations", "kernel_size"), [([1, 2, 4], 2), ([1, 2, 4], 3), ([4, 1], 3), ([3], 4)])
def test_every_path_of_taps_from_the_output_is_drawn(dilations, kernel_size, causal):
    ax, segments, seen = drawn(dilations, kernel_size, "net", causal)
    taps = [tap - (kernel_size - 1 if causal else kernel_size // 2) for tap in range(kernel_size)]
    expected, lines = set(), set()
    output = -taps[-1] * sum(dilations)
    for path in product(taps, repeat=len(dilations)):
        place, layer = output, len(dilations)
        expected.add((place, layer))
        for tap in path:
            below = place + tap * dilations[layer - 1]
            lines.add(((place, layer), (below, layer - 1)))
            place, layer = below, layer - 1
            expected.add((place, layer))
    assert seen == expected and segments == lines
    assert [label.get_text() for label in ax.get_yticklabels()] == ["input", *(f"dilation {d}" for d in dilations)]
    assert ax.get_title(loc="left") == "net: what one output sees"


def test_words_count_what_is_seen():
    ax, _, _ = drawn(3 * [1, 2, 4, 8, 16, 32, 64, 128], 2, "net")
    assert ax.get_xlabel() == (
        "5 layers see 32 samples; the whole stack of 24 sees 766. Without dilation that would take 765 layers."
    )
    assert drawn([1], 1, "net")[0].get_xlabel() == "1 layer sees 1 samples."


@pytest.mark.parametrize(("dilations", "layers"), [([1] * 9, 5), ([1, 2, 4, 8, 60], 4), ([100, 200], 1)])
def test_no_more_is_drawn_than_a_page_shows(dilations, layers):
    ax, _, _ = drawn(dilations, 2, "net", True, "words")
    assert len(ax.get_yticks()) == layers + 1


def test_circles_neither_touch_nor_swell():
    for dilations in ([1], [1, 2, 4, 8, 16], [1, 2, 4, 8]):
        ax, _, _ = drawn(dilations, 3, "net")
        distance = (ax.transData.transform((1, 0)) - ax.transData.transform((0, 0)))[0]
        size = ax.collections[1].get_widths()[0]  # in units of x
        assert size < 0.8 and size * distance < 18


def test_squares_are_the_fields_of_the_layers():
    picture, (ax,) = figure([520])
    draw_field(ax, [1, 1, 2, 4], "net")
    picture.draw_without_rendering()
    assert [patch.get_width() for patch in ax.patches] == [3, 5, 9, 17]
    assert all(patch.get_width() == patch.get_height() == -2 * patch.get_x() for patch in ax.patches)
    order = [patch.zorder for patch in ax.patches]
    assert order == sorted(order, reverse=True), "a larger square hides a smaller one"
    (taps,) = ax.collections
    assert {tuple(place) for place in taps.get_offsets()} == set(product((-4, 0, 4), repeat=2))
    assert tuple(taps.get_facecolors()[0]) == to_rgba(ORANGE)
    legend, box = ax.get_legend().get_window_extent(), ax.patches[-1].get_window_extent()
    assert box.x1 < legend.x0 and legend.x1 < 900
    assert "Without dilation 4 layers see 9 x 9 pixels." in ax.get_xlabel()


def test_a_model_without_context_module_says_so():
    _, (ax,) = figure([200])
    draw_field(ax, [], "net")
    assert ax.get_title(loc="left") == "net: no context module" and not ax.patches
