"""Cells of tables as numbers, and what is wrong with those that are none."""

import re
from collections.abc import Sequence

import numpy as np

MINUS = "\u2212"
"""The minus of typographers, which is read as that of keyboards."""
_DECIMAL = re.compile(rf"(?:[+{MINUS}-]?\d+(?:,\d+)?(?:[eE][+{MINUS}-]?\d+)?)?")
_WITH_THOUSANDS = {
    sign: re.compile(rf"(?:[+{MINUS}-]?(?:\d{{1,3}}|[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}))?") for sign in ",."
}
"""What may be thousands set off by the sign; a leading 0, or four digits without the sign, say that they are not."""
_DASH = re.compile(r"[\u2010-\u2015\ufe58\ufe63\uff0d](?=[\d.,])")
"""What looks like a minus, and may be something else."""
_IN_GROUPS = re.compile(
    rf"([+{MINUS}-]?[1-9]\d{{0,2}}(?:([., '\u2019\u00a0\u202f])\d{{3}})(?:\2\d{{3}})*)((?!\2)[.,]\d+)?"
)
_MISSING = ("nan", "na", "n/a", "null", "none", "nil", "-", "?", ".", "inf", "-inf", "infinity", "-infinity")
_YES_AND_NO = (("true", "false"), ("yes", "no"), ("on", "off"))


def as_numbers(cells: Sequence[str]) -> np.ndarray:
    """float64 (rows,), as Python reads them; a minus may be U+2212.

    Raises:
        ValueError: for a cell that is none.
    """
    if any("_" in cell for cell in cells):  # which Python reads as 10_000
        raise ValueError
    return np.array([cell.replace(MINUS, "-") for cell in cells], np.float64)


def number(cell: str) -> float:
    """The number of a cell; NaN if it is none."""
    try:
        return float(as_numbers([cell])[0])
    except ValueError:
        return np.nan


def has_decimal_commas(cells: Sequence[str]) -> bool:
    """Whether commas are the decimal signs of a column, and cannot set off thousands.

    Example:
    >>> has_decimal_commas(["20,8", ""]), has_decimal_commas(["1,234"]), has_decimal_commas(["0,512"])
    (True, False, True)
    """
    return "," in "".join(cells) and all(map(_DECIMAL.fullmatch, cells)) and not _may_be_thousands(cells, ",")


def has_decimal_points(cells: Sequence[str]) -> bool:
    """Whether points are the decimal signs of a column of numbers, and cannot set off thousands.

    Example:
    >>> has_decimal_points(["20.8", ""]), has_decimal_points(["1.234"]), has_decimal_points(["20.8", "1.2.3"])
    (True, False, False)
    """
    if "." not in "".join(cells) or _may_be_thousands(cells, "."):
        return False
    try:
        return bool(np.all(np.isfinite(as_numbers([cell or "0" for cell in cells]))))
    except ValueError:
        return False


def points_in_doubt(cells: Sequence[str]) -> bool:
    """Whether the points of a column may set off thousands.

    Example:
    >>> points_in_doubt(["996", "1.057"]), points_in_doubt(["996", "1.05"]), points_in_doubt(["0.996", "1.057"])
    (True, False, False)
    """
    return "." in "".join(cells) and _may_be_thousands(cells, ".")


def why_no_number(cell: str) -> str:
    """What is wrong with a cell that is no number for a model, and the cure."""
    if np.isfinite(number(cell)):
        return "is too large for a model; divide the column by a power of ten"
    if cell.count(",") == 1 and np.isfinite(number(cell.replace(",", "."))):
        thousands = f", or {cell.replace(',', '')} if the comma sets off thousands"
        return f"is no number; write {cell.replace(',', '.')}{thousands if _may_be_thousands([cell], ',') else ''}"
    if groups := _IN_GROUPS.fullmatch(cell):
        whole, decimals = groups[1].replace(groups[2], ""), (groups[3] or "").replace(",", ".")
        return f"is no number; write {whole}{decimals}, and nothing that sets off thousands in the whole column"
    if _DASH.match(cell) and np.isfinite(number(f"-{cell[1:].replace(',', '.')}")):
        return f"is no number: it begins with U+{ord(cell[0]):04X}; write a minus, -{cell[1:]}"
    for pair in _YES_AND_NO:
        if cell.lower() in pair:
            return f"is no number; write 1 for {pair[0]} and 0 for {pair[1]}"
    if cell.lower() in _MISSING:
        return "is no number; fill it, or leave the row out"
    return "is no number; give a number, or leave the column out"


def _may_be_thousands(cells: Sequence[str], sign: str) -> bool:
    return all(map(_WITH_THOUSANDS[sign].fullmatch, cells))
