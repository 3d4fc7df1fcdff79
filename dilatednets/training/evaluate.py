"""Measures a trained model on a split of its data set."""

from typing import Any

import numpy as np

from dilatednets.data import spoken_digits
from dilatednets.training.fit import evaluate_windows, make_windows
from dilatednets.training.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.training.recipe import Recipe
from dilatednets.zoo.wavenet import WaveNet


def evaluate(model: WaveNet, data_dir: str, split: str) -> dict[str, Any]:
    """Bits a sample of a WaveNet on a split of spoken_digits.

    The recordings of each speaker form running speech, as in training. Every sample of every recording counts once;
    pauses between recordings do not count.

    Args:
        model: With a text front end.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"}.

    Raises:
        InputError: for bad data, or recordings of speakers that the model does not know.
    """
    recordings = spoken_digits.load(data_dir, split, model.sample_rate)
    windows = make_windows(model, Recipe("evaluate"), recordings, evaluation=True)
    measured = WaveNet.from_config(model.get_config())  # the caller's model keeps its loss and optimiser
    measured.set_weights(model.get_weights())
    measured.compile(
        loss=NegativeLogLikelihood(model.distribution),
        weighted_metrics=[BitsPerSample(model.distribution)],
        jit_compile=True,
    )
    return {
        "bits_per_sample": evaluate_windows(measured, windows),
        "samples": int(np.sum([len(r.audio) for r in recordings])),
        "recordings": len(recordings),
        "split": split,
    }
