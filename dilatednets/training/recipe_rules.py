"""What a recipe's values must be beyond their types."""

import math
from collections.abc import Callable
from typing import Any

Rule = tuple[Callable[[Any], bool], str]
"""A test of a value, and what is said of one that fails it."""
Rules = dict[str, Rule]
"""Rules by dotted key; a `*` stands for any name, as in stages.*.epochs."""

POSITIVE: Rule = (lambda x: 0 < x < math.inf, "above 0")
NOT_NEGATIVE: Rule = (lambda x: 0 <= x < math.inf, "0 or above")


def one_of(*choices: str) -> Rule:
    """The value must be one of these."""
    return choices.__contains__, " or ".join(map(repr, choices))
