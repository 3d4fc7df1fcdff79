"""Do generated digits sound like digits? A recogniser that heard real recordings only gives the answer."""

import os
from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np

from dilatednets.data import spoken_digits
from dilatednets.data.audio import trim_silence
from dilatednets.data.spoken_digits import WORDS, Recording
from dilatednets.errors import InputError
from dilatednets.rules import checked, positive
from dilatednets.zoo.wavenet.model import WaveNet

FRAMES, BANDS = 96, 40  # 0.96 s at 10 ms a frame; longer words are cut
FLOOR = -2.5  # features are clipped there; padding is as low
EPOCHS, BATCH = 25, 64


def run(
    model: WaveNet, data_dir: str | os.PathLike[str], seeds: int = 5, temperature: float = 1.0, takes: int = 1
) -> dict[str, Any]:
    """Trains the recogniser on the training recordings, then asks it what the model says.

    Args:
        model: A WaveNet with text and speakers.
        data_dir: The spoken_digits folder.
        seeds: Each digit of each speaker is generated this often.
        temperature: As of `WaveNet.generate`.
        takes: As of `WaveNet.generate`.

    Returns:
        {"real": accuracies on real validation recordings, "generated": those on generated digits, "count", "temperature",
        "takes"}.

    Raises:
        InputError: for another model, or recordings of speakers that it does not know.
    """
    seeds = checked(seeds, Annotated[int, positive], "seeds")
    if model.front_end is None or not model.speakers or set(WORDS) - set(model.front_end.vocabulary):
        raise InputError(f"model: must be one with text and speakers that says {', '.join(WORDS)}")
    rate = model.sample_rate
    training, validation = (spoken_digits.load(data_dir, split, rate) for split in ("train", "validation"))
    unknown = set(spoken_digits.speakers([*training, *validation])) - set(model.speakers)
    if unknown:
        raise InputError(f"{data_dir}: recordings of {', '.join(sorted(unknown))}, whom the model does not know")
    recogniser = train_recogniser(training, model.speakers, rate)
    words, voices = zip(*((word, speaker) for word in WORDS for speaker in model.speakers), strict=True)
    generated: list[Recording] = []
    for seed in range(seeds):
        batch = model.generate(text=words, speaker=voices, seed=seed, temperature=temperature, takes=takes)
        for word, speaker, audio in zip(words, voices, batch, strict=True):
            generated.append(Recording("", word, speaker, seed, trim_silence(audio, rate)))
    return {
        "real": accuracy(recogniser, validation, model.speakers, rate),
        "generated": accuracy(recogniser, generated, model.speakers, rate),
        "count": len(generated),
        "temperature": temperature,
        "takes": takes,
    }


def report(result: dict[str, Any]) -> str:
    """The measurement as text."""
    words = "{:10s} digit {digit:.1%}, speaker {speaker:.1%}"
    lines = [words.format(kind, **result[kind]) for kind in ("real", "generated")]
    best = f", each the best of {result['takes']} takes" if result["takes"] > 1 else ""
    return "\n".join([*lines, f"{result['count']} generated digits{best}, temperature {result['temperature']:g}"])


def train_recogniser(recordings: Sequence[Recording], speakers: Sequence[str], rate: int) -> keras.Model:
    """A small net of dilated convolutions over log-mel frames, with one head for the digit and one for the speaker."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((FRAMES, BANDS))
    for dilation in (None, 1, 2, 4, 8):
        y = keras.layers.Conv1D(128, 3, padding="same", dilation_rate=dilation or 1, use_bias=False)(x)
        y = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(y))
        x = y if dilation is None else keras.layers.Add()([x, keras.layers.Dropout(0.1)(y)])
    pooled = [keras.layers.GlobalAveragePooling1D()(x), keras.layers.GlobalMaxPooling1D()(x)]
    x = keras.layers.Dropout(0.4)(keras.layers.Concatenate()(pooled))
    heads = {
        "digit": keras.layers.Dense(len(WORDS), activation="softmax", name="digit")(x),
        "speaker": keras.layers.Dense(len(speakers), activation="softmax", name="speaker")(x),
    }
    net = keras.Model(inputs, heads)
    steps = EPOCHS * -(-len(recordings) // BATCH)
    net.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        dict.fromkeys(heads, "sparse_categorical_crossentropy"),
        jit_compile=False,
    )
    features = [log_mel(recording.audio, rate) for recording in recordings]
    labels = _labels(recordings, speakers)
    rng = np.random.default_rng(0)
    for _ in range(EPOCHS):
        varied = np.stack([_padded(_varied(frames, rng)) for frames in features])
        net.fit(varied, labels, batch_size=BATCH, epochs=1, verbose=0)
    return net


def accuracy(
    recogniser: keras.Model, recordings: Sequence[Recording], speakers: Sequence[str], rate: int
) -> dict[str, float]:
    """Fractions of recordings whose digit, and whose speaker, the recogniser names rightly."""
    features = np.stack([_padded(log_mel(recording.audio, rate)) for recording in recordings])
    guesses = recogniser.predict(features, verbose=0)
    labels = _labels(recordings, speakers)
    return {name: float(np.mean(guesses[name].argmax(1) == labels[name])) for name in labels}


def _labels(recordings: Sequence[Recording], speakers: Sequence[str]) -> dict[str, np.ndarray]:
    """Numbers of the word and of the speaker of each recording."""
    digits, voices = zip(*((WORDS.index(r.word), speakers.index(r.speaker)) for r in recordings), strict=True)
    return {"digit": np.array(digits), "speaker": np.array(voices)}


def log_mel(audio: np.ndarray, rate: int) -> np.ndarray:
    """Log energies in 40 mel bands, 25 ms windows every 10 ms: (frames, 40), zero mean and unit variance, clipped."""
    window, hop = rate // 40, rate // 100
    size = max(512, 1 << (window - 1).bit_length())
    audio = np.pad(audio, (0, max(window + 8 * hop - len(audio), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(audio, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), n=size, axis=1)) ** 2
    energy = np.log(power @ _mel_bands(rate, size) + 1e-5)
    return np.clip((energy - energy.mean()) / (energy.std() + 1e-3), FLOOR, -FLOOR).astype(np.float32)


def _padded(features: np.ndarray) -> np.ndarray:
    """(FRAMES, BANDS): cut, or filled up with the floor."""
    features = features[:FRAMES]
    return np.pad(features, ((0, FRAMES - len(features)), (0, 0)), constant_values=FLOOR)


def _mel_bands(rate: int, size: int) -> np.ndarray:
    """Triangular bands, evenly spaced on the mel scale: (frequencies, bands)."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    frequencies = np.arange(size // 2 + 1)[:, None] * rate / size
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0)


def _varied(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same word at another tempo, a little later, with noise, and without a few neighbouring bands."""
    tempo = rng.uniform(0.8, 1.25)
    places = np.minimum(np.arange(max(round(len(features) * tempo), 1)) / tempo, len(features) - 1)
    before = places.astype(int)
    share = (places - before)[:, None]
    after = np.minimum(before + 1, len(features) - 1)
    varied = features[before] * (1 - share) + features[after] * share
    varied = np.pad(varied, ((int(rng.integers(0, 5)), 0), (0, 0)), constant_values=FLOOR)
    varied += rng.uniform(0, 0.3) * rng.standard_normal(varied.shape)
    band = int(rng.integers(0, BANDS))
    varied[:, band : band + int(rng.integers(0, 6))] = 0.0
    return varied.astype(np.float32)
