"""Constructors keep their arguments, and configurations hold them."""

import json

import numpy as np
import pytest

from dilatednets import layers
from dilatednets.errors import InputError

MAKERS = [
    lambda n: layers.CausalDilatedConv(n(4), n(3), n(2)),
    lambda n: layers.CharacterEncoder(n(9), n(3), n(5)),
    lambda n: layers.ConditionUpsampler(n(3), n(8)),
    lambda n: layers.ContextModule(dilations=[n(1), n(2)], multipliers=[n(2), n(1)]),
    lambda n: layers.ConvNorm(n(5), n(4), n(2)),
    lambda n: layers.DilatedIdentity(n(2)),
    lambda n: layers.DilatedResidualBlock(n(8), (n(1), n(3))),
    lambda n: layers.LightFrontEnd([n(4)] * 4, [n(1)] * 2, [n(2)], n(2), n(6)),
    lambda n: layers.LinearChainCRF(n(3)),
    lambda n: layers.MuLaw(n(16)),
    lambda n: layers.ResidualGatedBlock(n(4), n(6), gate_filters=n(8)),
    lambda n: layers.TemporalBlock(n(4), dropout=np.float32(0.5)),
    lambda n: layers.VGG16FrontEnd([n(2)] * 5, n(3)),
]


@pytest.mark.parametrize("make", MAKERS)
def test_numpy_s_numbers_are_python_s_in_a_configuration(make):
    plain, config = make(int).get_config(), make(np.int64).get_config()
    for one in (plain, config):
        one.pop("name", None)  # a counted one
    assert json.loads(json.dumps(config)) == plain


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_no_number_is_refused_in_one_line(make):
    with pytest.raises(InputError, match=r"^\w+: must be .* not [^\n]*$"):
        make(str)


def test_numpy_s_truths_and_ranges_are_python_s_faults():
    conv = layers.CausalDilatedConv(np.int32(4), np.uint8(3), use_bias=np.False_)
    assert conv.get_config()["use_bias"] is False and conv.receptive_field == 3
    assert layers.ContextModule(dilations=2 ** np.arange(4)).get_config()["dilations"] == [1, 2, 4, 8]
    for wrong in (np.True_, np.float64(3.0), 3.0, np.array([3])):
        with pytest.raises(InputError, match=r"^filters: must be an integer, not [^\n]*$"):
            layers.CausalDilatedConv(wrong)
