"""What the command `generate` does with a WaveNet: it speaks."""

import itertools
import secrets
import time
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets.arguments import check_seconds
from dilatednets.errors import InputError

OPTION_OF = {"num_samples": "--seconds"}
OPTIONS = ("text", "mel_of", "condition", "speaker", "prime", "seconds", "takes")
SAID = {"text": "--text", "mel_of": "--mel-of", "condition": "--condition"}
"""What says what is to be heard, of which there can be but one."""


def add_generation_arguments(parser: ArgumentParser) -> None:
    """What it is to say."""
    more = "; more than once: a file each"
    parser.add_argument("--text", action="append", help=f'speech: what to say, e.g. "four two seven"{more}')
    parser.add_argument(
        "--mel-of", action="append", metavar="FILE.wav", help=f"speech: a recording whose mels are to sound{more}"
    )
    parser.add_argument(
        "--condition", action="append", metavar="FILE.npy", help=f"speech: frames, such as another program's mels{more}"
    )
    parser.add_argument("--speaker", action="append", help="speech: whose voice; once, or as often as there are files")
    parser.add_argument(
        "--prime", metavar="FILE.wav", help="speech: sound to go on from, with which text or mels begin; not written"
    )
    parser.add_argument("--seconds", type=float, help="speech: how long; default: as long as text or mels")
    parser.add_argument(
        "--takes",
        type=int,
        help="speech: say a text so often, and keep what the net itself understands best (default 1)",
    )


def generation_options(options: Namespace) -> dict[str, Any]:
    """Those that were given."""
    return {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}


def add_evaluation_arguments(parser: ArgumentParser) -> None:
    """How recordings of one's own are read."""
    parser.add_argument(
        "--pattern", help='speech: how paths of recordings say word and speaker, e.g. "{word}_{speaker}_{}"'
    )


def evaluation_options(options: Namespace) -> dict[str, Any]:
    """Those that were given."""
    return {} if options.pattern is None else {"pattern": options.pattern}


def generate(options: Namespace) -> None:
    """`dilatednets generate MODEL [--text T | --mel-of FILE | --condition FILE] ... --output FILE [--plot FILE.png]`."""
    import numpy as np

    from dilatednets.data.audio import write_audio
    from dilatednets.data.sound_formats import check_suffix as check_sound
    from dilatednets.plots.audio import waveform_and_spectrogram
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.progress import progress
    from dilatednets.targets import numbered_targets
    from dilatednets.zoo.wavenet import WaveNet, loop, request
    from dilatednets.zoo.wavenet.takes import best_take

    check_seconds(options.seconds)
    given = [name for name in SAID if getattr(options, name) is not None]
    if len(given) > 1:
        raise InputError(f"{SAID[given[1]]}: {SAID[given[0]]} says already what is to be heard; leave one of them out")
    if given == ["mel_of"]:
        options.option_of["condition"] = SAID["mel_of"]
    names = getattr(options, given[0]) if given else [""]
    count = max(len(names), len(options.speaker or []))
    read = [*(options.mel_of or []), *(options.condition or []), *([options.prime] if options.prime else [])]
    outputs = numbered_targets(options.output, options.plot, count, read)
    check_sound(options.output)
    if options.plot is not None:
        check_suffix(options.plot)
    model = WaveNet.from_preset(options.model)
    samples = None if options.seconds is None else max(round(options.seconds * model.sample_rate), 1)
    begin = time.perf_counter()
    # A seed for each: what is made does not depend on what else is asked for.
    seeds = [secrets.randbits(32) if options.seed is None else options.seed for _ in range(count)]
    takes = 1 if options.takes is None else options.takes
    how = {"speaker": options.speaker, "temperature": options.temperature, "seed": seeds, "takes": takes}
    asked = request.resolve(model, samples, **said(model, options), **how)
    chunks = -(-asked.num_samples // loop.CHUNK_SAMPLES)
    if asked.takes > 1:
        made = best_take(model, asked)
    else:
        made = np.concatenate(list(progress(loop.stream(model, asked), "generating", chunks, "chunks")), axis=1)
    seconds = time.perf_counter() - begin
    titles = zip(itertools.cycle(options.speaker or [options.model]), itertools.cycle(names), strict=False)
    for (output, plot), audio, end in zip(outputs, made, asked.ends(model.condition_hop), strict=True):
        write_audio(output, audio[:end], model.sample_rate)
        length = end / model.sample_rate
        print(f"{output}: {length:.2f} s of audio, made in {seconds:.2f} s (compilation included)")
        speaker, name = next(titles)
        if plot is not None:
            picture = waveform_and_spectrogram(audio[:end], model.sample_rate, f"{speaker}: {name or 'no text'}")
            save(picture, plot)
            print(f"{plot}: its waveform and spectrogram")


def said(model: Any, options: Namespace) -> dict[str, Any]:
    """What is to be heard, as arguments of `WaveNet.generate`, read from the files that say it.

    Raises:
        InputError: for a file that cannot be read, or that the model has no use for.
    """
    from dilatednets.data.audio_folder import read_at_rate
    from dilatednets.data.sequences import read_array
    from dilatednets.zoo.wavenet.request import checked_frames

    arguments: dict[str, Any] = {"text": options.text}
    if options.mel_of is not None:
        mels = model.mel_front_end
        if mels is None:
            takes = (
                "text" if model.front_end is not None else "frames of its own" if model.upsampler else "no condition"
            )
            raise InputError(f"--mel-of: {options.model} takes {takes}, and no mels; leave it out, or take a vocoder")
        arguments["condition"] = [mels.frames(read_at_rate(path, model.sample_rate)) for path in options.mel_of]
    if options.condition is not None:
        if not model.condition_features:
            raise InputError(f"--condition: {options.model} has no local condition; leave it out")
        arguments["condition"] = [
            checked_frames(model, read_array(path), f"condition: {path}", 2)[0] for path in options.condition
        ]
    if options.prime is not None:
        arguments["prime"] = read_at_rate(options.prime, model.sample_rate)
    return arguments
