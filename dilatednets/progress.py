"""Signs of life during long work: a bar on a terminal, nothing in a pipe or a file."""

from collections.abc import Iterable
from typing import Any


def progress(items: Iterable[Any] | None = None, words: str = "", total: float | None = None, unit: str = "") -> Any:
    """A progress bar on standard error, if that is a terminal; gone when the work is done.

    Args:
        items: What is gone through; None for a bar that is moved by `.update(n)` and ended by `.close()`, or by `with`.
        words: What is being done, such as "generating".
        total: How much there is to do, for items whose number is not known.
        unit: What is counted.

    Returns:
        The bar, which yields the items.

    Example:
    >>> list(progress(range(3), "counting"))
    [0, 1, 2]
    """
    from tqdm import tqdm

    return tqdm(items, desc=words, total=total, unit=f" {unit}", disable=None, leave=False, delay=1, unit_scale=True)
