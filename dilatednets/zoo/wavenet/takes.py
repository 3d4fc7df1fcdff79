"""Several takes of a text, of which the one is kept whose words the net itself tells best from others."""

import math
from typing import Any

import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.request import Request

SEED_STEP = 0x9E3779B97F4A7C15  # 2**64 by the golden ratio: takes of neighbouring seeds have nothing in common


def best_take(model: Any, request: Request, engine: str | None = None) -> np.ndarray:
    """Makes `request.takes` takes, and keeps of each row the one of the greatest `clarity`.

    Args:
        model: A WaveNet that reads text.
        request: What to make, as `request.resolve` returns it; its first take is what it would make alone.
        engine: As in `WaveNet.generate`.

    Returns:
        float32 (batch, samples).

    Raises:
        InputError: if the model reads no text, or knows a single word.
    """
    if model.front_end is None or len(model.front_end.vocabulary) < 2:
        words = "reads no text" if model.front_end is None else "knows a single word"
        raise InputError(f"takes: this model {words}, so that it cannot tell which take is the best; leave it out")
    takes = []
    for number in range(request.takes):
        alone = request._replace(takes=1, seed=_later_seed(request.seed, number))
        takes.append(np.concatenate(list(loop.stream(model, alone, engine=engine)), axis=1))
    chosen = np.argmax([clarity(model, request, audio) for audio in takes], axis=0)
    return np.stack(takes)[chosen, np.arange(request.batch)]


def _later_seed(seed: int | tuple[int, ...], number: int) -> int | tuple[int, ...]:
    """The seed of a later take, or those of its rows."""
    if isinstance(seed, int):
        return (seed + number * SEED_STEP) % 2**64
    return tuple((one + number * SEED_STEP) % 2**64 for one in seed)


def clarity(model: Any, request: Request, audio: np.ndarray) -> np.ndarray:
    """By how many bits the least clear word of each row is likelier than the likeliest other word of the vocabulary.

    That is Bayes' rule by the net itself, for which all words are as frequent: each word's sound is scored as said, and with
    every other word in its place.

    Args:
        model: A WaveNet that reads text.
        request: What was asked.
        audio: What was made, (batch, samples).

    Returns:
        float64 (batch,), of the words that begin after the prime; infinity where there are none.
    """
    primed = 0 if request.prime is None else request.prime.shape[1]
    heard = audio if request.prime is None else np.concatenate([request.prime, audio], axis=1)
    assert request.frames is not None  # there is text
    hop, around = model.condition_hop, model.upsampler.lookahead
    before = math.ceil(model.receptive_field / hop) + around
    found = np.full(request.batch, np.inf)
    for row in range(request.batch):
        frames = request.frames[row]
        for first, end in model.front_end.words_in(frames):
            begin, told = max(first - before, 0), slice(first * hop, min(end * hop, heard.shape[1]))
            if told.start < primed or told.start >= told.stop:
                continue
            others = model.front_end.with_other_words(frames[begin : end + around])
            sound = np.repeat(heard[row : row + 1, begin * hop : told.stop], len(others), axis=0)
            inputs = {"audio": sound, "condition": others}
            if request.speaker is not None:
                inputs["speaker"] = np.repeat(request.speaker[row : row + 1], len(others))
            bits = ops.convert_to_numpy(model.distribution.bits(sound, model(inputs)))
            of_word = bits[:, told.start - begin * hop :].sum(axis=1, dtype=np.float64)
            found[row] = min(found[row], of_word[1:].min() - of_word[0])
    return found
