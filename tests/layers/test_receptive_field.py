import math

import keras
import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.layers import CausalDilatedConv, receptive_field


def test_receptive_field_of_stacks():
    stack = [CausalDilatedConv(4, 2, 2**i) for i in range(10)]
    assert receptive_field(stack) == 1024
    assert receptive_field([stack, stack, stack]) == 3070
    assert receptive_field([CausalDilatedConv(4, 3, d) for d in (1, 2, 4)]) == 15
    with pytest.raises(ValueError, match="Dense: does not know"):
        receptive_field([keras.layers.Dense(3)])


@pytest.mark.parametrize(
    "bad", ["abc", "", b"ab", None, 3, math.nan, CausalDilatedConv, ["abc"], [None], {"a": 1}, np.arange(3)]
)
def test_refuses_what_has_none_faults(bad):
    with pytest.raises(InputError, match=r"^\w+: does not know its receptive field; give [^\n]*$"):
        receptive_field(bad)


def test_of_no_layers_a_sample_sees_itself_faults():
    assert receptive_field([]) == receptive_field(iter(())) == 1
    assert receptive_field([[], CausalDilatedConv(4, np.int64(3), 2 ** np.arange(4)[2])]) == 9
