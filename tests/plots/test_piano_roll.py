"""The picture of a piano roll shows each note where it sounds."""

import numpy as np

from dilatednets.plots.piano_roll import piano_roll


def test_bars_are_the_runs_of_each_key():
    roll = np.zeros((6, 88))
    roll[[0, 1, 2, 4], 39] = 1  # C4
    roll[5, 51] = 1
    (ax,) = piano_roll(roll, "two keys").axes
    bars = [path.get_extents().extents.tolist() for bar in ax.collections for path in bar.get_paths()]
    np.testing.assert_allclose(sorted(bars), [[0, 59.6, 3, 60.4], [4, 59.6, 5, 60.4], [5, 71.6, 6, 72.4]])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["C4", "C5"]


def test_silence_is_drawn():
    (ax,) = piano_roll(np.zeros((4, 88)), "nothing").axes
    assert not ax.collections and ax.get_xlim() == (0, 4)
