"""The cores by name."""

from collections.abc import Callable
from typing import Any

from dilatednets.benchmarks.sequence_tasks.attention import HEADS, AttentionCore
from dilatednets.benchmarks.sequence_tasks.core import Core
from dilatednets.benchmarks.sequence_tasks.min_gru import MinGRUCore
from dilatednets.benchmarks.sequence_tasks.recurrent import RecurrentCore
from dilatednets.benchmarks.sequence_tasks.temporal import TemporalCore
from dilatednets.errors import InputError, did_you_mean


def _tcn(width: int, levels: int, **options: Any) -> Core:
    return TemporalCore(width, [2**level for level in range(levels)], **options)


def _tcn_no_dilation(width: int, levels: int, **options: Any) -> Core:
    return TemporalCore(width, [1] * levels, **options)


def _recurrent(kind: str) -> Callable[..., Core]:
    return lambda width, **options: RecurrentCore(kind, width, **options)


CORES: dict[str, Callable[..., Core]] = {
    "tcn": _tcn,
    "tcn_no_dilation": _tcn_no_dilation,
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "rnn": _recurrent("rnn"),
    "attention": AttentionCore,
    "min_gru": MinGRUCore,
}
TCNS = ("tcn", "tcn_no_dilation")
RECURRENT = ("lstm", "gru", "rnn")
WORDS = {
    "tcn": "TCN",
    "tcn_no_dilation": "TCN, all dilations 1",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "tanh RNN",
    "attention": "causal attention",
    "min_gru": "minGRU (linear recurrence)",
}
"""What pictures, tables and pages call each core."""


def width_unit(name: str) -> int:
    """What widths of a core must be multiples of."""
    return 2 * HEADS if name == "attention" else 1


def make(name: str, width: int, **options: Any) -> Core:
    """A core by its name.

    Args:
        name: One of `CORES`.
        width: Its channels or units.
        **options: `levels` and `kernel_size` of the TCNs, `layers` of the others, and what their classes describe.

    Raises:
        InputError: for an unknown name.

    Example:
    >>> import numpy as np
    >>> lstm = make("lstm", 16, layers=2)
    >>> lstm(np.zeros((1, 10, 3), "float32")).shape
    TensorShape([1, 10, 16])
    >>> y, state = lstm.step(np.zeros((1, 3), "float32"), lstm.initial_state(1, steps=10))
    >>> y.shape
    TensorShape([1, 16])
    """
    if name not in CORES:
        raise InputError(f"core: {name!r}: there are {', '.join(CORES)}{did_you_mean(name, CORES)}")
    return CORES[name](width, **options)
