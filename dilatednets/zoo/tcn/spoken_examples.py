"""What a TCN that listens learns from: spoken digits, in sound that goes on before and after them."""

import os
from typing import Any

import numpy as np

from dilatednets.data import spoken_digits
from dilatednets.zoo.tcn.examples import Examples, padded

SILENCE = "silence"
LABELS = [*spoken_digits.WORDS, SILENCE]
SECONDS, WORDS = 2.4, 3
"""Of an example."""
KNOWN_FROM, HEARD_FROM = 0.9, 0.25
"""Shares of a word: when one can know it, and until when one cannot know that there is one."""
GUESS = 0.1
"""Weight of the answers between these."""
HELD, OVER = 0.25, 0.6
"""Seconds after a word: until when it is the answer, and from when on silence is."""


class SpokenExamples(Examples):
    """Recordings to learn from: no two epochs hear the same.

    An example is a few words with silence between, and says what one should know at each step, and where one need not know
    much. Words are spoken up to 12 % faster or slower and 12 dB louder or softer, brighter or duller, in white noise 10 to
    40 dB below them.

    Args:
        audio: The recordings, each float32 (samples,).
        y: The number of the word of each.
        data: The table `data` of the recipe.
        frame: Samples a step of the answer.
    """

    def __init__(self, audio: list[np.ndarray], y: np.ndarray, data: Any, frame: int) -> None:
        x, lengths = padded([one[:, None] for one in audio])
        # A scale of -50 dB, below which energies hardly count.
        super().__init__(x, y, lengths, {"outputs": len(LABELS), "labels": LABELS, "scale": [0.003], "features": 1})
        self.audio, self.sample_rate, self.frame = audio, data.sample_rate, frame

    def drawn(self, places: Any, rng: np.random.Generator) -> Any:
        """Inputs by name, answers at each step, and their weights, other ones each time."""
        sequence, y, weights = zip(*(self._example(place, rng) for place in places), strict=True)
        return {"sequence": np.stack(sequence)[..., None]}, np.stack(y), np.stack(weights)

    @staticmethod
    def last_said(outputs: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """The outputs where the last word was heard: recordings end with more or less silence.

        Args:
            outputs: (recordings, steps, labels).
            frames: Real steps of each, (recordings, 1).

        Returns:
            (recordings, labels); those of the last step where silence alone was heard.
        """
        steps = np.arange(outputs.shape[1])
        said = (steps < frames) & (np.argmax(outputs, axis=-1) != LABELS.index(SILENCE))
        last = np.where(said.any(axis=1), np.max(np.where(said, steps, 0), axis=1), frames[:, 0] - 1)
        return outputs[np.arange(len(outputs)), last]

    def _example(self, place: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size, second = round(SECONDS * self.sample_rate), self.sample_rate
        sound, y, level = np.zeros(2 * size), np.full(2 * size, LABELS.index(SILENCE)), 1.0
        weights, last = np.ones(2 * size), 0
        start, fading = round(rng.uniform(0, 0.5) * second), round((OVER - HELD) * second)
        for number in (place, *rng.integers(len(self.audio), size=WORDS - 1)):
            word = self._said(number, rng)[:size]
            end = start + len(word)
            if end > 2 * size:
                break
            sound[start:end] += word
            level = min(level, float(np.sqrt(np.mean(word**2))))
            heard, sure = start + round(HEARD_FROM * len(word)), start + round(KNOWN_FROM * len(word))
            y[heard:sure], weights[heard:sure] = self.y[number], GUESS
            if last:
                weights[last : max(last, min(last + fading, heard))] = 0.0
            last = end + round(HELD * second)
            y[sure:last] = self.y[number]
            y[last:] = LABELS.index(SILENCE)
            start = end + round(rng.uniform(0.05, 0.9) * second)
        weights[last : last + fading] = 0.0
        noise = level * 10 ** (-rng.uniform(10, 40) / 20) * rng.standard_normal(size)
        steps = slice(self.frame - 1, size, self.frame)  # what is known when the last sample of a frame is heard
        sound = np.clip(sound[:size] + noise, -1, 1)
        return sound.astype(np.float32), y[steps].astype(np.int32), weights[steps].astype(np.float32)

    def _said(self, place: int, rng: np.random.Generator) -> np.ndarray:
        audio = self.audio[place]
        times = np.arange(0, len(audio) - 1, 1 + rng.uniform(-0.12, 0.12))
        said: np.ndarray = np.interp(times, np.arange(len(audio)), audio) * 10 ** (rng.uniform(-12, 12) / 20)
        return said + rng.uniform(-0.6, 0.6) * np.append(0.0, said[:-1])


def read(data: Any, net: Any, data_dir: str | os.PathLike[str], split: str) -> SpokenExamples:
    """The recordings of a split without the silence around them; what is loud stays loud.

    Raises:
        InputError: for bad data.
    """
    found = spoken_digits.load(data_dir, split, data.sample_rate, normalize=False)
    y = np.array([LABELS.index(one.word) for one in found], np.int32)
    return SpokenExamples([one.audio for one in found], y, data, net.frame)
