"""What a net learns of nuclei, and the index of their images."""

import numpy as np
import pytest

from dilatednets.data import nuclei
from dilatednets.errors import InputError


def test_distance_is_what_a_search_finds(rng):
    cells = np.zeros((16, 18), int)
    cells[2:9, 3:10], cells[9:14, 3:12], cells[0:6, 12:18] = 1, 2, 5  # 1 and 2 touch; 5 reaches the image's edge
    got = nuclei.edge_distance(cells)[..., 0]
    rows, columns = np.indices(cells.shape)
    for i, j in np.argwhere(cells > 0):
        outside = cells != cells[i, j]
        nearest = np.sqrt(((rows - i) ** 2 + (columns - j) ** 2)[outside].min())
        assert got[i, j] == pytest.approx(nearest)
    assert (got[cells == 0] == 0).all()
    beyond = np.pad(cells, ((0, 0), (0, 4)), constant_values=-1)  # as augmentation does where the image ends
    np.testing.assert_array_equal(nuclei.edge_distance(beyond)[:, :18, 0], got)
    cells[0] = -1
    assert (nuclei.edge_distance(cells)[0] == -1).all() and (nuclei.nucleus_mask(cells)[0] == -1).all()
    assert nuclei.edge_distance(np.ones((4, 3), int)).min() == pytest.approx(5)


def test_nuclei_are_refused_without_their_index(tmp_path):
    for content, says in [
        (None, "not an index with columns id and split"),
        ("a\tb\n1\t2\n", "not an index with columns id and split"),
        ("id\tsplit\nx\ttrain\n", "names no image of split val"),
    ]:
        if content is not None:
            (tmp_path / "index.tsv").write_text(content)
        with pytest.raises(InputError, match=says):
            nuclei.load(str(tmp_path), "validation")
    with pytest.raises(InputError, match="nuclei has train, validation, val, test"):
        nuclei.load(str(tmp_path), "dev")
    pairs = nuclei.load(str(tmp_path), "train")
    with pytest.raises(InputError, match=r"x\.png: no such file"):
        pairs[0]
