"""What the command `generate` does with a mel vocoder: it makes mels sound."""

import itertools
import time
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets.errors import InputError

OPTIONS = ("mel_of", "condition")
"""Of `generate`, which a WaveNet has, too, and adds to the parser."""


def add_generation_arguments(parser: ArgumentParser) -> None:
    """None beyond those of a WaveNet that takes mels."""


def generation_options(options: Namespace) -> dict[str, Any]:
    """Those that were given."""
    return {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}


def generate(options: Namespace) -> None:
    """`dilatednets generate MODEL (--mel-of FILE | --condition FILE) ... --output FILE [--plot FILE.png]`."""
    from dilatednets.data.audio import write_audio
    from dilatednets.data.audio_folder import read_at_rate
    from dilatednets.data.sequences import read_array
    from dilatednets.data.sound_formats import check_suffix as check_sound
    from dilatednets.plots.audio import waveform_and_spectrogram
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.targets import numbered_targets
    from dilatednets.zoo.mel_vocoder import MelVocoder

    given = generation_options(options)
    if len(given) != 1:
        wrong = "--condition: --mel-of says already what is to be heard" if given else "--mel-of: missing"
        raise InputError(f"{wrong}; give --mel-of FILE.wav, or --condition FILE.npy")
    if options.temperature != 1:
        raise InputError("--temperature: a MelVocoder draws nothing, and has none; leave it out")
    (name, files), *_ = given.items()
    read = [read_array(file) for file in files] if name == "condition" else []
    rows = [len(mels) if mels.ndim == 3 else 1 for mels in read] or [1] * len(files)
    said = [file for file, count in zip(files, rows, strict=True) for _ in range(count)]
    outputs = numbered_targets(options.output, options.plot, len(said), files)
    check_sound(options.output)
    if options.plot is not None:
        check_suffix(options.plot)
    model = MelVocoder.from_preset(options.model)
    if name == "mel_of":
        found = (model.mel_front_end.frames(read_at_rate(file, model.sample_rate)) for file in files)
        mels = [model.checked_mels(one, f"--mel-of: {file}") for file, one in zip(files, found, strict=True)]
    else:
        mels = [model.checked_mels(one, f"condition: {file}") for file, one in zip(files, read, strict=True)]
    for file, frames, (output, plot) in zip(said, itertools.chain(*mels), outputs, strict=True):
        begin = time.perf_counter()
        audio = model.generate(frames, seed=options.seed or 0)[0]
        seconds, length = time.perf_counter() - begin, len(audio) / model.sample_rate
        write_audio(output, audio, model.sample_rate)
        print(f"{output}: {length:.2f} s of audio, made in {seconds:.2f} s (compilation included)")
        if plot is not None:
            save(waveform_and_spectrogram(audio, model.sample_rate, f"{options.model}: {file}"), plot)
            print(f"{plot}: its waveform and spectrogram")
