"""The samples of data sets that come with the package: small, freely licensed, and enough to try everything on."""

from pathlib import Path

from dilatednets.errors import InputError


def sample(name: str) -> Path:
    """The folder of a data set's sample, laid out as the data set is.

    Args:
        name: The name of the data set.

    Raises:
        InputError: If that data set has no sample here.

    Example:
    >>> len(list((sample("nuclei") / "images").iterdir()))
    28
    >>> sample("camvid")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dilatednets.errors.InputError: camvid: has no sample here; there are conll2000, guitar, ...
    """
    here = Path(__file__).resolve().parent
    roots = here / "datasets", here.parents[1] / "datasets"  # of an installed package, of a checkout
    samples = {folder.parent.name: folder for root in roots for folder in root.glob("*/sample/")}
    if name not in samples:
        raise InputError(f"{name}: has no sample here; there are {', '.join(sorted(samples))}")
    return samples[name]
