"""Names of the splits of data sets."""

from dilatednets.errors import InputError

SPLITS = {"train": "train", "validation": "val", "val": "val", "test": "test"}
"""Names of splits as a user gives them, and as CamVid and nuclei write them in their files."""


def split_name(data_set: str, split: str) -> str:
    """The name that `data_set` has for a split.

    Raises:
        InputError: if there is no such split.
    """
    if split not in SPLITS:
        raise InputError(f"--split: {data_set} has {', '.join(SPLITS)}, not {split!r}")
    return SPLITS[split]
