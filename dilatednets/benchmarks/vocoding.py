"""How good speech sounds that a vocoder makes of mels, beside what one would use without a net: Griffin-Lim."""

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from dilatednets.benchmarks.timing import cpu
from dilatednets.data import recordings
from dilatednets.data.audio import resample
from dilatednets.errors import InputError
from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.mel_vocoder.model import MelVocoder
from dilatednets.zoo.wavenet.model import WaveNet

WIDE_BAND = 16000
"""Samples a second that wide-band PESQ hears."""
ITERATIONS = 60
"""Of Griffin-Lim."""
Judges = dict[str, Callable[[np.ndarray, np.ndarray], float]]


def judges(rate: int) -> Judges:
    """What compares a recording with what is to sound like it: wide-band PESQ (1 to 4.64) and STOI (0 to 1).

    Args:
        rate: Samples a second of both.

    Raises:
        InputError: where the packages that do it are not installed.

    Reference:
        ITU-T P.862.2, "Wideband extension to Recommendation P.862"; Taal et al. 2011, "An Algorithm for Intelligibility
        Prediction of Time-Frequency Weighted Noisy Speech".
    """
    missing = [name for name in ("pesq", "pystoi", "librosa") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"benchmark vocoding: needs {', '.join(missing)}; pip install 'dilatednets[speech]'")
    import pesq
    import pystoi

    def quality(real: np.ndarray, made: np.ndarray) -> float:
        return float(pesq.pesq(WIDE_BAND, resample(real, rate, WIDE_BAND), resample(made, rate, WIDE_BAND), "wb"))

    return {"pesq": quality, "stoi": lambda real, made: float(pystoi.stoi(real, made, rate))}


def griffin_lim(frames: np.ndarray, front_end: MelFrontEnd) -> np.ndarray:
    """Sound whose mels are `frames` (frames, bands), by 60 iterations from phases that are drawn at random.

    Reference:
        Griffin & Lim 1984, "Signal estimation from modified short-time Fourier transform".
    """
    import librosa

    audio: np.ndarray = librosa.feature.inverse.mel_to_audio(
        np.exp(frames.T.astype(np.float64)),
        sr=front_end.sample_rate,
        n_fft=front_end.fft_size,
        hop_length=front_end.hop,
        win_length=front_end.window,
        power=front_end.power,
        n_iter=ITERATIONS,
        fmin=front_end.f_min,
        fmax=front_end.f_max,
    )
    return audio.astype(np.float32)


def run(
    model: WaveNet | MelVocoder,
    data_dir: str | os.PathLike[str],
    split: str = "validation",
    temperature: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Makes each recording of a split anew from its mels, in both ways, and has them judged.

    Args:
        model: A MelVocoder, or a WaveNet with mels and without speakers.
        data_dir: The folder of the recordings, which are taken as they are.
        split: "validation", "train" or "test".
        temperature: What `WaveNet.generate` is asked for; a MelVocoder draws nothing.
        seed: Of the generated audio.

    Returns:
        {"cpu", "split", "temperature", "clips", "seconds": of sound, "rows": [{"who", "pesq", "stoi": means over the clips,
        "pesq_gain", "pesq_gain_error": mean and standard error of a clip's gain on Griffin-Lim, "real_time"}]}.

    Raises:
        InputError: for another model, bad recordings, or packages that are not installed.
    """
    front_end = getattr(model, "mel_front_end", None)
    if front_end is None or (isinstance(model, WaveNet) and model.speakers):
        raise InputError("model: must be a vocoder, which takes mels and has no speakers")
    how: dict[str, Any] = {"seed": seed}
    if isinstance(model, WaveNet):
        how["temperature"] = temperature
    elif temperature != 1:
        raise InputError("temperature: a MelVocoder draws nothing, and has none; leave it out")
    rate = model.sample_rate
    scores = judges(rate)
    drawn = {name: model.trained_on[name] for name in ("pattern", "validation") if name in model.trained_on}
    clips = recordings.load(data_dir, split, rate, words=False, speakers=False, trim=False, level=0.0, **drawn)
    frames = [front_end.frames(clip.audio) for clip in clips]
    model.generate(condition=frames[0][:8], **how)  # compiles
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "Griffin-Lim": lambda mels: griffin_lim(mels, front_end),
        type(model).__name__: lambda mels: model.generate(condition=mels, **how)[0],
    }
    rows: list[dict[str, Any]] = []
    seconds = sum(len(clip.audio) for clip in clips) / rate
    found: dict[str, dict[str, np.ndarray]] = {}
    for who, way in ways.items():
        begin = time.perf_counter()
        made = [_of_length(way(mels), len(clip.audio)) for clip, mels in zip(clips, frames, strict=True)]
        took = time.perf_counter() - begin
        found[who] = {
            name: np.array([judge(clip.audio, audio) for clip, audio in zip(clips, made, strict=True)])
            for name, judge in scores.items()
        }
        gain = found[who]["pesq"] - found["Griffin-Lim"]["pesq"]
        rows.append(
            {
                "who": who,
                **{name: float(values.mean()) for name, values in found[who].items()},
                "pesq_gain": float(gain.mean()),
                "pesq_gain_error": float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0,
                "real_time": seconds / took,
            }
        )
    said = {"cpu": cpu(), "split": split, "temperature": temperature, "clips": len(clips), "seconds": seconds}
    return {**said, "rows": rows}


def _of_length(audio: np.ndarray, length: int) -> np.ndarray:
    """With silence at the end, or cut there."""
    return np.pad(audio, (0, max(length - len(audio), 0)))[:length]


def report(result: dict[str, Any]) -> str:
    """The measurement as a table.

    Args:
        result: What `run` gives.
    """
    lines = [
        f"{result['clips']} recordings of {result['split']}, {result['seconds']:.0f} s, from their mels, temperature "
        f"{result['temperature']:g}, {result['cpu']['cores']} cores:",
        "| who | PESQ, wide band | to Griffin-Lim | STOI | times real time |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in result["rows"]:
        gain = f"{row['pesq_gain']:+.2f} ± {row['pesq_gain_error']:.2f}" if row["pesq_gain"] else ""
        lines.append(f"| {row['who']} | {row['pesq']:.2f} | {gain} | {row['stoi']:.3f} | {row['real_time']:.2f} |")
    return "\n".join(lines)
