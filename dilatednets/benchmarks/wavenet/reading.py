"""How fast a core reads memory: what bounds a kernel that uses every weight once a sample."""

from typing import Any

import numpy as np

from dilatednets.native.arithmetic import kernel

WIDTH = 64
"""Numbers that are read side by side."""


@kernel
def read(rows: Any) -> Any:
    """The sum of int64 (count, `WIDTH`): as little work as reading them takes."""
    sums = np.zeros(WIDTH, np.int64)
    for row in range(len(rows)):
        for i in range(WIDTH):
            sums[i] += rows[row, i]
    return sums.sum()
