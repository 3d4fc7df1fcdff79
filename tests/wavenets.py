"""WaveNets of a few channels, their inputs, and what a seed draws from their distributions."""

import numpy as np
from keras import ops

from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.noise import uniform

OUTPUTS = ["softmax", "logistics", "gaussian"]


def make(output="softmax", kernel_size=2, conditioned=True):
    conditions = {"speakers": ("a", "b"), "condition_features": 5, "condition_hop": 20} if conditioned else {}
    return WaveNet((1, 2, 4, 1, 3), kernel_size, 8, 12, 10, output, 8000, **conditions)


def inputs(model, rng, batch, time):
    sequences = {"audio": rng.uniform(-0.9, 0.9, (batch, time)).astype(np.float32)}
    if model.speakers:
        sequences["speaker"] = (np.arange(batch) % 2).astype(np.int32)
        sequences["condition"] = rng.random((batch, -(-time // 20), 5), np.float32)
    return sequences


def drawn_by_seed(model, parameters, seed):
    """What generation's noise of this seed draws from `parameters` (batch, time, num_parameters)."""
    batch, time, _ = parameters.shape
    shape = (time, batch, model.distribution.noise_size)
    noise = uniform(seed, 0, np.prod(shape)).reshape(shape).swapaxes(0, 1)
    return ops.convert_to_numpy(model.distribution.sample(parameters, noise, np.float32(1.0)))
