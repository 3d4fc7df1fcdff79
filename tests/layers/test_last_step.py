import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import check_bfloat16, check_round_trips, check_shapes

from dilatednets.errors import InputError
from dilatednets.layers import LastStep, TemporalBlock


@pytest.mark.parametrize("check", [check_shapes, check_round_trips, check_bfloat16])
def test_passes_the_checks_of_all_layers(rng, check):
    check(LastStep(), [rng.standard_normal((3, 7, 4)).astype(np.float32)])


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5), (4, 5, 2, 3)])
def test_faults_finds_the_last_real_step_wherever_the_padding_stands(rng, shape):
    x = rng.standard_normal(shape).astype(np.float32)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]], bool)
    x[~mask] = np.nan  # padding must not show
    expected = np.stack([x[0, 4], x[1, 1], x[2, 3], np.zeros(shape[2:], np.float32)])
    np.testing.assert_array_equal(ops.convert_to_numpy(LastStep()(x, mask=mask)), expected)


def test_faults_a_model_answers_the_same_for_a_sequence_alone_and_padded(rng):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Masking(), TemporalBlock(4, 3, 2), LastStep(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    alone = rng.standard_normal((1, 6, 3)).astype(np.float32)
    padded = np.pad(alone, ((0, 0), (0, 5), (0, 0)))
    np.testing.assert_allclose(model.predict(alone, verbose=0), model.predict(padded, verbose=0), atol=1e-6)


def test_without_a_mask_it_is_the_last_step(rng):
    x = rng.standard_normal((2, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(ops.convert_to_numpy(LastStep()(x)), x[:, -1])


@pytest.mark.parametrize(("shape", "words"), [((2, 0, 3), "x: must have steps"), ((3,), "min_ndim=2, found ndim=1")])
def test_faults_refuses_what_has_no_steps(shape, words):
    with pytest.raises(ValueError, match=words):
        LastStep()(np.zeros(shape, np.float32))


def test_faults_refuses_a_mask_of_another_shape():
    with pytest.raises(InputError, match=r"mask: must be of shape \(2, 5\), not \(2, 4\)"):
        LastStep()(np.zeros((2, 5, 3), np.float32), mask=np.ones((2, 4), bool))
