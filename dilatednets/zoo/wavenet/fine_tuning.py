"""What `dilatednets benchmark fine-tuning` teaches a WaveNet: a voice that nobody has."""

import os
from dataclasses import replace
from typing import Any

import keras

from dilatednets.data import spoken_digits
from dilatednets.errors import InputError
from dilatednets.training.fine_tuning import FineTuning, fit_on
from dilatednets.training.optimizers import LayerwiseAdamW
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.training import bits, evaluate_windows
from dilatednets.zoo.wavenet.windows import SpeechWindows


def fine_tuning(preset: str, data_dir: str | os.PathLike[str], held_out: str | os.PathLike[str]) -> FineTuning:
    """A voice that nobody has: the last speaker of a spoken_digits folder, played faster and higher by a sixth."""
    tuned = WaveNet.from_preset(preset, speakers=["new"])
    front_end, upsampler = tuned.front_end, tuned.upsampler
    if front_end is None or upsampler is None:
        raise InputError(f"{preset}: speaks no text; only a WaveNet with text can learn a voice")
    untrained = WaveNet.from_config(tuned.get_config())
    heard_at = round(tuned.sample_rate / 1.17)

    def windows(folder: str | os.PathLike[str], split: str, **options: Any) -> SpeechWindows:
        recordings = spoken_digits.load(folder, split, heard_at)
        last = spoken_digits.speakers(recordings)[-1]
        own = [replace(recording, speaker="new") for recording in recordings if recording.speaker == last]
        field, lookahead = tuned.receptive_field, upsampler.lookahead
        return SpeechWindows(own, front_end, ["new"], field, lookahead=lookahead, batch_size=4, **options)

    train = windows(data_dir, "train", target=1600)
    test = windows(held_out, "validation", target=3200, evaluation=True)
    for block in tuned.blocks[: len(tuned.blocks) // 2]:
        block.trainable = False
    optimizers = LayerwiseAdamW(1e-3, rates={"speaker_embedding": 20}), keras.optimizers.AdamW(2e-3)
    for net, optimizer in zip((tuned, untrained), optimizers, strict=True):
        net.compile(optimizer, **bits(net))

    return FineTuning(
        "bits_per_sample",
        "bits a sample",
        f"{len(train.recordings)} recordings",
        tuned,
        untrained,
        epochs=5,
        learn=fit_on(train),
        measure=lambda net: evaluate_windows(net, test),
    )
