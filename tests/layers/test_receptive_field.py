import keras
import pytest

from dilatednets.layers import CausalDilatedConv, receptive_field


def test_receptive_field_of_stacks():
    stack = [CausalDilatedConv(4, 2, 2**i) for i in range(10)]
    assert receptive_field(stack) == 1024
    assert receptive_field([stack, stack, stack]) == 3070
    assert receptive_field([CausalDilatedConv(4, 3, d) for d in (1, 2, 4)]) == 15
    with pytest.raises(ValueError, match="Dense: does not know"):
        receptive_field([keras.layers.Dense(3)])
