"""Names of the splits of data sets."""

from dilatednets.errors import InputError

SPLITS = {"train": "train", "validation": "val", "val": "val", "test": "test"}
"""Names of splits as a user gives them, and as CamVid and nuclei write them in their files."""


def split_name(data_set: str, split: str) -> str:
    """The name of a split in the files of a data set.

    Args:
        data_set: The name of the data set, for the error.
        split: "train", "validation" (or "val"), or "test".

    Raises:
        InputError: If there is no such split.

    Example:
    >>> split_name("camvid", "validation")
    'val'
    """
    if split not in SPLITS:
        raise InputError(f"--split: {data_set} has {', '.join(SPLITS)}, not {split!r}")
    return SPLITS[split]
