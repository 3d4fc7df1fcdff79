"""How a WaveNet is asked for audio: the arguments of its `generate` and `stream`."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dilatednets.zoo.wavenet import loop, request
from dilatednets.zoo.wavenet.takes import best_take


class Generation:
    """What makes audio, of a model that `dilatednets.zoo.wavenet.loop` can run."""

    def generate(
        self,
        num_samples: int | None = None,
        *,
        text: str | Sequence[str] | None = None,
        speaker: str | int | Sequence[str | int] | None = None,
        condition: Any = None,
        prime: Any = None,
        temperature: float = 1.0,
        seed: int | Sequence[int] | None = None,
        batch: int | None = None,
        takes: int = 1,
        engine: str | None = None,
    ) -> np.ndarray:
        """Makes audio, sample by sample, in one compiled loop.

        Args:
            num_samples: Samples to make, no more than the text or condition lasts, of each that has a seed of its own or
                else of the longest; None for as long as the longest lasts.
            text: What to say, one string or one for each voice of a batch; shorter ones end in silence.
            speaker: Names or numbers, one or a list. A single one serves the whole batch.
            condition: Frames instead of text, (frames, features) or (batch, frames, features); or a list of arrays (frames,
                features) of any length, one for each voice: shorter ones end in silence. Of a model with `mel`, mels as
                `model.mel_front_end.frames(audio)` makes them.
            prime: Audio to continue, (samples,) or (batch, samples); it is not part of the result. The condition begins
                where the prime begins.
            temperature: Samples are likelier and less noisy below 1, and more varied above.
            seed: The same seed makes the same audio on the same engine; None takes a new one each time. With a list, one
                for each voice, each makes what it would make alone, and then is silent.
            batch: How many voices; None for as many as the other arguments say. What is given once serves them all.
            takes: With text, how often to make it; of each voice the take is kept whose words the net itself tells best from
                the others that it knows. That takes as many times as long, and longer for the comparison.
            engine: "native", a kernel for CPUs with weights of 16 bits (extra `fast`), also "native_float32" and
                "native_int8"; "xla", which runs anywhere; None for "native" where numba is installed, else "xla". Their
                audio parts where a sample falls on the edge of two codes.

        Returns:
            float32 (batch, samples) in [-1, 1].

        Raises:
            InputError: for an unknown word or speaker, a temperature of zero or less, a condition of the wrong length or
                width, or arguments this model has no use for.
        """
        asked = request.resolve(
            self,
            num_samples,
            text=text,
            speaker=speaker,
            condition=condition,
            prime=prime,
            temperature=temperature,
            seed=seed,
            batch=batch,
            takes=takes,
        )
        if asked.takes > 1:
            return best_take(self, asked, engine)
        return np.concatenate(list(loop.stream(self, asked, engine=engine)), axis=1)

    def stream(
        self,
        num_samples: int | None = None,
        *,
        chunk_samples: int | None = None,
        engine: str | None = None,
        **asked: Any,
    ) -> Iterator[np.ndarray]:
        """As `generate`, yielding float32 (batch, chunk_samples) while the rest is being made.

        The chunks, joined, equal what `generate` returns for the same seed.

        Args:
            num_samples: Samples to make, no more than the text or condition lasts, of each that has a seed of its own or
                else of the longest; None for as long as the longest lasts.
            chunk_samples: Samples of a chunk, of which the last may be shorter; None for 2000.
            engine: As in `generate`.
            **asked: Other arguments of `generate`.

        Raises:
            InputError: for what `generate` refuses, or chunks without samples.
        """
        return loop.stream(self, request.resolve(self, num_samples, **asked), chunk_samples, engine)
