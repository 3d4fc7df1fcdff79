import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops
from layer_checks import run_layer_checks

from dilatednets.errors import InputError
from dilatednets.layers import MuLaw


def test_passes_the_checks_of_all_layers(rng):
    run_layer_checks(MuLaw(128), rng.uniform(-1, 1, (2, 50)))


@given(hnp.arrays(np.float32, 20, elements=st.floats(-1, 1, width=32)), st.sampled_from([2, 16, 256]))
def test_expand_undoes_quantisation_within_a_step(audio, levels):
    mu_law = MuLaw(levels)
    codes = ops.convert_to_numpy(mu_law(audio))
    assert codes.min() >= 0 and codes.max() < levels
    back = ops.convert_to_numpy(mu_law.expand(codes))
    np.testing.assert_array_equal(ops.convert_to_numpy(mu_law(back)), codes)
    mu = levels - 1
    companded = [np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu) for x in (audio.astype(np.float64), back)]
    assert np.abs(companded[0] - companded[1]).max() <= 1.001 / mu


def test_has_the_known_values_and_clips():
    assert ops.convert_to_numpy(MuLaw()(np.array([-2.0, -1.0, 0.0, 1.0, 3.0]))).tolist() == [0, 0, 128, 255, 255]
    with pytest.raises(ValueError, match="levels"):
        MuLaw(1)


@pytest.mark.parametrize("levels", [2, 256, 65536])
def test_what_is_no_audio_has_no_code_and_what_is_no_code_no_audio_faults(levels):
    mu_law = MuLaw(levels)
    audio = np.array([np.nan, np.inf, -np.inf, 5.0, -5.0], "float32")
    assert ops.convert_to_numpy(mu_law(audio)).tolist() == [-1, levels - 1, 0, levels - 1, 0]
    codes = np.array([-1, levels, -levels, 10**9, -(2**31), 0, levels - 1])
    expanded = ops.convert_to_numpy(mu_law.expand(codes))
    assert np.isnan(expanded[:5]).all() and expanded[5:].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8"])
def test_refuses_integers_which_would_all_be_the_loudest_faults(dtype):
    with pytest.raises(InputError, match=rf"^audio: must be floats in \[-1, 1\], not {dtype}; divide"):
        MuLaw()(np.array([0, 100], dtype))
