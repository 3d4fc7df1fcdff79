"""Pictures of curves."""

import pytest
from matplotlib.colors import to_rgb

from dilatednets.plots.curves import draw_curves
from dilatednets.plots.figure import figure
from dilatednets.plots.palette import CURVES

POINTS = {"tuned": [(0, 5.0), (2, 3.0), (5, 2.5)], "from scratch": [(0, 8.0), (2, 6.0), (5, 4.0)]}


def drawn(curves):
    picture, (ax,) = figure([400])
    draw_curves(ax, curves, "epochs", "bits", "title")
    picture.draw_without_rendering()
    return ax


def test_lines_are_the_points_in_the_colours_of_the_palette():
    ax = drawn(POINTS)
    assert [list(map(tuple, line.get_xydata())) for line in ax.lines] == list(POINTS.values())
    assert [to_rgb(line.get_color()) for line in ax.lines] == [to_rgb(colour) for colour in CURVES[:2]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("epochs", "bits", "title")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(POINTS)


def test_axis_begins_at_0_unless_a_value_lies_below():
    assert drawn(POINTS).get_ylim()[0] == 0
    assert drawn({"a": [(0, 1.0), (1, -2.0)]}).get_ylim()[0] < -2


@pytest.mark.parametrize(("last", "whole"), [(2, True), (2.5, False)])
def test_epochs_are_whole_numbers(last, whole):
    ax = drawn({"a": [(0, 1.0), (last, 2.0)]})
    assert all(float(tick).is_integer() for tick in ax.get_xticks()) == whole


def test_more_curves_than_colours_are_drawn():
    assert len(drawn({str(number): [(0, number), (1, number)] for number in range(9)}).lines) == 9
