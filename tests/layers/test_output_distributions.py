import numpy as np
import pytest
from keras import ops
from scipy import stats

from dilatednets.errors import InputError
from dilatednets.layers.output_distributions import output_distribution

STEP = 2 / 2**16


def bits(name, audio, parameters):
    return ops.convert_to_numpy(output_distribution(name).bits(np.float32(audio), np.float32(parameters)))


def test_softmax_bits_are_the_log_likelihood_of_the_code(rng):
    logits = rng.standard_normal((5, 256))
    audio = rng.uniform(-1, 1, 5)
    codes = ops.convert_to_numpy(output_distribution("softmax").mu_law(audio))
    expected = -np.log2(np.exp(logits)[np.arange(5), codes] / np.exp(logits).sum(1))
    np.testing.assert_allclose(bits("softmax", audio, logits), expected, rtol=1e-5)


def test_gaussian_bits_are_the_density_times_a_step(rng):
    parameters = rng.standard_normal((50, 2)) * [0.3, 1.0]
    audio = rng.uniform(-1, 1, 50)
    density = stats.norm(parameters[:, 0], np.exp(parameters[:, 1] - 3)).logpdf(audio)
    np.testing.assert_allclose(bits("gaussian", audio, parameters), -(density + np.log(STEP)) / np.log(2), rtol=1e-4)


def test_logistics_bits_are_the_mass_of_a_step(rng):
    parameters = rng.standard_normal((30, 30))
    parameters[:, 10:20] *= 0.3
    audio = rng.uniform(-0.9, 0.9, 30).astype(np.float32)
    weights = np.exp(parameters[:, :10]) / np.exp(parameters[:, :10]).sum(1, keepdims=True)
    logistic = stats.logistic(parameters[:, 10:20], np.exp(parameters[:, 20:] - 3))
    half = 1 / (2**16 - 1)
    mass = logistic.cdf(audio[:, None] + half) - logistic.cdf(audio[:, None] - half)
    np.testing.assert_allclose(bits("logistics", audio, parameters), -np.log2((weights * mass).sum(1)), rtol=1e-3)


def test_logistics_give_all_values_of_16_bits_a_total_mass_of_one(rng):
    parameters = np.tile(rng.standard_normal(30), (2**16, 1))
    parameters[:, 20:] += 2.5  # wide: much of the mass lies at the edges
    audio = np.linspace(-1, 1, 2**16)
    assert np.exp2(-bits("logistics", audio, parameters).astype(np.float64)).sum() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("name", ["softmax", "logistics", "gaussian"])
def test_samples_follow_the_distribution(rng, name):
    distribution = output_distribution(name)
    parameters = rng.standard_normal(distribution.num_parameters).astype(np.float32)
    if name == "logistics":
        parameters[10:20] *= 0.3  # nearly all mass within [-1, 1]
    count = 20000
    noise = rng.uniform(1e-6, 1 - 1e-6, (count, distribution.noise_size)).astype(np.float32)
    tiled = np.tile(parameters, (count, 1))
    audio = ops.convert_to_numpy(distribution.sample(tiled, noise, np.float32(1.0)))
    # The mean of -log2 p over samples of p is its entropy, by which a wrong sampler or a wrong likelihood gives itself away.
    grid = np.linspace(-1, 1, 2**16)
    if name == "softmax":
        p = np.exp(parameters - np.log(np.exp(parameters).sum()))
        entropy = -(p * np.log2(p)).sum()
    else:
        grid_bits = bits(name, grid, np.tile(parameters, (len(grid), 1))).astype(np.float64)
        entropy = (np.exp2(-grid_bits) * grid_bits).sum()
    assert bits(name, audio, tiled).mean() == pytest.approx(entropy, abs=0.1)


@pytest.mark.parametrize("name", ["softmax", "logistics", "gaussian"])
def test_low_temperature_narrows(rng, name):
    distribution = output_distribution(name)
    parameters = np.tile(rng.standard_normal(distribution.num_parameters).astype(np.float32), (4000, 1))
    noise = rng.uniform(1e-6, 1 - 1e-6, (4000, distribution.noise_size)).astype(np.float32)
    spread = [ops.convert_to_numpy(distribution.sample(parameters, noise, np.float32(t))).std() for t in (1.0, 0.2)]
    assert spread[1] < spread[0]


def test_names_the_distributions_there_are():
    with pytest.raises(InputError, match="softmax, logistics or gaussian"):
        output_distribution("poisson")


@pytest.mark.parametrize("name", ["softmax", "logistics", "gaussian"])
def test_nan_stays_nan_faults(rng, name):
    distribution = output_distribution(name)
    parameters = rng.standard_normal((3, distribution.num_parameters)).astype(np.float32)
    noise = rng.uniform(0.1, 0.9, (3, distribution.noise_size)).astype(np.float32)
    assert np.isnan(bits(name, [0.1, np.nan, -0.2], parameters)).tolist() == [False, True, False]
    parameters[1, 0] = np.nan
    assert np.isnan(bits(name, [0.1, 0.2, 0.3], parameters)).tolist() == [False, True, False]
    sampled = ops.convert_to_numpy(distribution.sample(parameters, noise, 1.0))
    assert np.isnan(sampled).tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["softmax", "logistics", "gaussian"])
def test_refuses_arrays_that_do_not_belong_together_faults(name):
    distribution = output_distribution(name)
    size = distribution.num_parameters
    parameters, audio = np.zeros((2, 5, size), "float32"), np.zeros((2, 5), "float32")
    for wrong, words in [
        ((audio[..., None], parameters), "audio"),  # (2, 5, 1) would be compared with all times of each sequence
        ((audio[:1], parameters), "audio"),
        ((audio.astype("int16"), parameters), "audio"),
        ((audio, np.zeros((2, 5, 2 * size), "float32")), "parameters"),
        ((audio, None), "parameters"),
        (("abc", parameters), "audio"),
    ]:
        with pytest.raises(InputError, match=f"^{words}[^\n]*$"):
            distribution.bits(*wrong)
    for wrong in (None, np.zeros((2, 5, 3), "float32"), np.zeros((2, 5), "float32")):
        with pytest.raises(InputError, match=r"^noise: "):
            distribution.sample(parameters, wrong, 1.0)


@pytest.mark.parametrize("bad", [None, "", "10", 0, -1, 1.5, np.nan, True, [10], 2**40])
@pytest.mark.parametrize(("name", "argument"), [("softmax", "levels"), ("logistics", "components")])
def test_refuses_numbers_that_are_none_faults(name, argument, bad):
    with pytest.raises(InputError, match=f"^{argument}: must be [^\n]*$"):
        output_distribution(name, **{argument: bad})
    with pytest.raises(InputError, match=r"^output: "):
        output_distribution(bad)
