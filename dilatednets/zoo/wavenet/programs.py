"""What JAX compiles of a WaveNet, for `dilatednets benchmark lowering`."""

import functools
from typing import Any

import numpy as np
from keras import ops

from dilatednets.backend import stateless
from dilatednets.data.spoken_digits import Recording
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.training import bits, make_windows


def example_batch(model: Any, recipe: Any) -> Any:
    """A training batch of silence."""
    length = (recipe.training.batch_size + 3) * recipe.training.target
    word = "" if model.front_end is None else model.front_end.vocabulary[0]
    voices = model.speakers or ("",)
    recordings = [Recording("", word, speaker, 0, np.zeros(length, np.float32)) for speaker in voices]
    return next(make_windows(model, recipe, recordings).epochs())


def objective(model: Any, recipe: Any) -> dict[str, Any]:
    """Loss and metric of the training step."""
    return bits(model)


def verb_program(model: Any, recipe: Any) -> Any:
    """Name, function and arguments of what `WaveNet.generate` compiles for a single voice."""
    batch, chunk = 1, loop.CHUNK_SAMPLES
    speaker = model.global_condition(np.zeros(batch, np.int32)) if model.speakers else None
    frames = np.zeros((batch, -(-chunk // model.condition_hop), model.condition_features), np.float32)
    local = model.local_condition(frames, chunk)
    local = None if local is None else ops.cast(local, "float32")
    noise = np.zeros((batch, chunk, model.distribution.noise_size), np.float32)
    arguments = (model.initial_state(batch), np.zeros(batch, np.float32), noise, speaker, local, np.float32(1))
    return "generation", stateless(functools.partial(loop.make_samples, model), model.variables), arguments
