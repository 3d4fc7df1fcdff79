"""What the command `generate` does with a WaveNet: it speaks."""

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets.arguments import check_seconds

OPTION_OF = {"num_samples": "--seconds", "condition": "--text"}
OPTIONS = ("text", "speaker", "seconds")


def add_generation_arguments(parser: ArgumentParser) -> None:
    """What it is to say."""
    parser.add_argument("--text", help='speech: what to say, e.g. "four two seven"')
    parser.add_argument("--speaker", help="speech: whose voice")
    parser.add_argument("--seconds", type=float, help="speech: how long; default: as long as the text")


def generation_options(options: Namespace) -> dict[str, Any]:
    """Those that were given."""
    return {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}


def generate(options: Namespace) -> None:
    """`dilatednets generate MODEL [--text T] [--speaker S] [--seconds N] ... --output FILE.wav [--plot FILE.png]`."""
    import numpy as np

    from dilatednets.data.audio import write_audio
    from dilatednets.data.sound_formats import check_suffix as check_sound
    from dilatednets.files import check_writable
    from dilatednets.plots.audio import waveform_and_spectrogram
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.progress import progress
    from dilatednets.zoo.wavenet import WaveNet, loop, request

    check_seconds(options.seconds)
    check_writable(options.output)
    check_sound(options.output)
    if options.plot is not None:
        check_suffix(options.plot)
        check_writable(options.plot)
    model = WaveNet.from_preset(options.model)
    samples = None if options.seconds is None else max(round(options.seconds * model.sample_rate), 1)
    begin = time.perf_counter()
    asked = request.resolve(
        model, samples, text=options.text, speaker=options.speaker, temperature=options.temperature, seed=options.seed
    )
    chunks = -(-asked.num_samples // loop.CHUNK_SAMPLES)
    made = list(progress(loop.stream(model, asked), "generating", chunks, "chunks"))
    audio = np.concatenate(made, axis=1)[0]
    seconds = time.perf_counter() - begin
    write_audio(options.output, audio, model.sample_rate)
    length = len(audio) / model.sample_rate
    print(f"{options.output}: {length:.2f} s of audio, made in {seconds:.2f} s (compilation included)")
    if options.plot is not None:
        title = f"{options.speaker or options.model}: {options.text or 'no text'}"
        save(waveform_and_spectrogram(audio, model.sample_rate, title), options.plot)
        print(f"{options.plot}: its waveform and spectrogram")
