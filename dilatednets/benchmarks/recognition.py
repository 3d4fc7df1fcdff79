"""Do generated digits sound like digits? A recogniser that heard real recordings only gives the answer."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from dilatednets.data import spoken_digits
from dilatednets.data.audio import trim_silence
from dilatednets.data.spoken_digits import WORDS
from dilatednets.zoo.wavenet import WaveNet

FRAMES, BANDS = 96, 40  # 0.96 s at 10 ms a frame; longer words are cut
EPOCHS, BATCH = 40, 64


def run(model: WaveNet, data_dir: str, seeds: int = 5, temperature: float = 1.0) -> dict[str, Any]:
    """Trains the recogniser on the training recordings, then asks it what the model says.

    Args:
        model: With text and speakers.
        data_dir: The spoken_digits folder.
        seeds: Each digit of each speaker is generated this often.
        temperature: Of the generation.

    Returns:
        {"real": accuracies on real validation recordings, "generated": those on generated digits, "count": ...}.
    """
    rate = model.sample_rate
    training = spoken_digits.load(data_dir, "train", rate)
    validation = spoken_digits.load(data_dir, "validation", rate)
    recogniser = train_recogniser(training, model.speakers, rate)
    real = accuracy(
        recogniser,
        [r.audio for r in validation],
        [WORDS.index(r.word) for r in validation],
        [model.speakers.index(r.speaker) for r in validation],
        rate,
    )
    words = [word for word in WORDS for _ in model.speakers]
    voices = [speaker for _ in WORDS for speaker in model.speakers]
    audio: list[np.ndarray] = []
    for seed in range(seeds):
        batch = model.generate(text=words, speaker=voices, seed=seed, temperature=temperature)
        audio += [trim_silence(one, rate) for one in batch]
    digits = [WORDS.index(word) for word in words] * seeds
    speakers = [model.speakers.index(voice) for voice in voices] * seeds
    generated = accuracy(recogniser, audio, digits, speakers, rate)
    return {"real": real, "generated": generated, "count": len(audio), "temperature": temperature}


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    lines = [
        f"{kind:10s} digit {result[kind]['digit']:.1%}, speaker {result[kind]['speaker']:.1%}"
        for kind in ("real", "generated")
    ]
    return "\n".join([*lines, f"{result['count']} generated digits, temperature {result['temperature']:g}"])


def train_recogniser(recordings: Sequence[spoken_digits.Recording], speakers: Sequence[str], rate: int) -> keras.Model:
    """A small convolutional net over log-mel frames, with one head for the digit and one for the speaker."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((FRAMES, BANDS, 1))
    x = inputs
    for filters in (24, 48, 96):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.MaxPooling2D(2)(keras.layers.ReLU()(x))
    x = keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
    x = keras.layers.Dropout(0.3)(keras.layers.Dense(128, activation="relu")(x))
    heads = {
        "digit": keras.layers.Dense(len(WORDS), activation="softmax", name="digit")(x),
        "speaker": keras.layers.Dense(len(speakers), activation="softmax", name="speaker")(x),
    }
    net = keras.Model(inputs, heads)
    steps = EPOCHS * (len(recordings) // BATCH)
    net.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        dict.fromkeys(heads, "sparse_categorical_crossentropy"),
        jit_compile=False,
    )
    features = np.stack([log_mel(r.audio, rate) for r in recordings])
    digits = np.array([WORDS.index(r.word) for r in recordings])
    voices = np.array([speakers.index(r.speaker) for r in recordings])
    rng = np.random.default_rng(0)
    for _ in range(EPOCHS):
        net.fit(_augmented(features, rng), {"digit": digits, "speaker": voices}, batch_size=BATCH, epochs=1, verbose=0)
    return net


def accuracy(
    recogniser: keras.Model, audio: Sequence[np.ndarray], digits: Sequence[int], speakers: Sequence[int], rate: int
) -> dict[str, float]:
    """Fractions of recordings whose digit, and whose speaker, the recogniser names rightly."""
    guesses = recogniser.predict(np.stack([log_mel(one, rate) for one in audio])[..., None], verbose=0)
    return {
        "digit": float(np.mean(guesses["digit"].argmax(1) == digits)),
        "speaker": float(np.mean(guesses["speaker"].argmax(1) == speakers)),
    }


def log_mel(audio: np.ndarray, rate: int) -> np.ndarray:
    """Log energies in 40 mel bands, 25 ms windows every 10 ms: (96, 40), zero mean; short words end in the floor."""
    window, hop, size = rate // 40, rate // 100, 512 * max(rate // 16000, 1)
    padded = np.pad(audio, (0, max(FRAMES * hop + window - len(audio), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:FRAMES]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), n=size, axis=1)) ** 2
    energy = np.log(power @ _mel_bands(rate, size) + 1e-5)
    return (energy - energy.mean()).astype(np.float32)


def _mel_bands(rate: int, size: int) -> np.ndarray:
    """Triangular bands, evenly spaced on the mel scale: (frequencies, bands)."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    frequencies = np.arange(size // 2 + 1)[:, None] * rate / size
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0)


def _augmented(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shifts each recording by up to 8 frames, and adds noise; (batch, frames, bands, 1)."""
    shifted = np.stack(
        [np.roll(f, s, axis=0) for f, s in zip(features, rng.integers(-8, 9, len(features)), strict=True)]
    )
    noise = rng.standard_normal(shifted.shape, np.float32) * rng.uniform(0, 0.5, (len(features), 1, 1))
    return (shifted + noise).astype(np.float32)[..., None]
