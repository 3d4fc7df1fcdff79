"""The command `generate`."""

import math
import time
from argparse import Namespace

from dilatednets.errors import InputError


def generate(options: Namespace) -> None:
    """`dilatednets generate MODEL [--text T] [--speaker S] [--seconds N] ... --output FILE.wav [--plot FILE.png]`."""
    from dilatednets.data.audio import write_wav
    from dilatednets.data.plots import save_png, waveform_and_spectrogram
    from dilatednets.files import check_writable
    from dilatednets.zoo.wavenet import WaveNet

    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise InputError(f"--seconds: must be above 0, not {options.seconds}")
    for path in (options.output, options.plot):
        if path:
            check_writable(path)
    model = WaveNet.from_preset(options.model)
    samples = None if options.seconds is None else max(round(options.seconds * model.sample_rate), 1)
    begin = time.perf_counter()
    audio = model.generate(
        samples, text=options.text, speaker=options.speaker, temperature=options.temperature, seed=options.seed
    )[0]
    seconds = time.perf_counter() - begin
    write_wav(options.output, audio, model.sample_rate)
    length = len(audio) / model.sample_rate
    print(f"{options.output}: {length:.2f} s of audio, made in {seconds:.2f} s (compilation included)")
    if options.plot:
        title = f"{options.speaker or options.model}: {options.text or 'no text'}"
        save_png(waveform_and_spectrogram(audio, model.sample_rate, title), options.plot)
        print(f"{options.plot}: its waveform and spectrogram")
