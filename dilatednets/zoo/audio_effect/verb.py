"""The command `process`: a recording, or a live signal, through an audio effect."""

import math
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from typing import Any

from dilatednets import registry
from dilatednets.arguments import PRESET, add_model
from dilatednets.errors import InputError

VERB, HELP = "process", "play a dry recording through an amplifier or a pedal"
SHOWN = 30
"""Seconds from the start that are drawn."""


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the dry recording, and where the wet one goes."""
    add_model(parser, f"an audio effect: {PRESET}")
    parser.add_argument(
        "file",
        metavar="DRY",
        help="a recording, or - for standard input: float32 without a header, mono, at the model's sample rate; Ctrl-C "
        "ends it",
    )
    parser.add_argument(
        "--output", required=True, metavar="WET", help="WET.wav, .flac, .ogg or .mp3, or - for standard output, float32"
    )
    parser.add_argument("--plot", metavar="FILE.png", help=f"draw both, of the first {SHOWN} s: .png, .svg or .pdf")
    parser.add_argument("--overwrite", action="store_true", help="of sound from standard input: replace WET")
    parser.add_argument("--knob", action="append", default=[], metavar="NAME=VALUE", help="set a knob of the model")
    parser.add_argument(
        "--no-resample", action="store_true", help="refuse a recording of another rate than the model's"
    )


def run(options: Namespace) -> None:
    """`dilatednets process MODEL DRY --output WET [--plot FILE.png] [--overwrite] [--knob NAME=VALUE ...] ...`."""
    from dilatednets.data.audio_stream import PIPE, sound_reader, sound_writer
    from dilatednets.data.sound_formats import check_suffix as check_sound
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.targets import check_target

    if options.output != PIPE:
        check_sound(options.output)
        again = options.file != PIPE  # what is played live comes but once
        check_target("output", options.output, again or options.overwrite, options.file)
    if options.plot is not None:
        check_suffix(options.plot)
        check_target("plot", options.plot, True, options.file)
    model = registry.from_preset(options.model, "AudioEffect")
    knobs = dict(map(_setting, options.knob))
    said = sys.stderr if options.output == PIPE else sys.stdout
    rate = model.sample_rate
    with sound_reader(options.file, rate) as dry:
        if dry.sample_rate != rate:
            words = f"{options.file}: is of {dry.sample_rate} Hz, the model of {rate} Hz"
            if options.no_resample:
                raise InputError(f"{words}; leave out --no-resample, or record it at {rate} Hz")
            print(f"{words}: resampled to that and back", file=said, flush=True)
        if dry.channels > 1:
            print(f"{options.file}: {dry.channels} channels, each processed by itself", file=said, flush=True)
        state = model.initial_state(dry.channels, knobs=knobs)
        heard = Beginnings(SHOWN * dry.sample_rate if options.plot else 0)
        begin = time.perf_counter()
        with sound_writer(options.output, dry.sample_rate, dry.channels, dry.frames) as write:
            try:
                play(model, dry, state, write, heard)
            except KeyboardInterrupt:  # which ends a live recording, and must not lose it
                if options.file != PIPE or options.output == PIPE or not heard.frames:
                    raise
        seconds = time.perf_counter() - begin
    length = heard.frames / dry.sample_rate
    if options.output != PIPE:
        print(
            f"{options.output}: {length:.2f} s of audio, made in {seconds:.2f} s, {length / seconds:.0f} times real time"
        )
    if heard.loudest > 1:
        print(f"note: {dry.where} reaches {heard.loudest:.2f} and is cut at 1; export it softer", file=sys.stderr)
    if heard.peak > 1 and options.output != PIPE:
        print(f"note: the output reaches {heard.peak:.2f} and is cut at 1; play the recording softer", file=sys.stderr)
    if options.plot is not None:
        from dilatednets.plots.effect import dry_and_wet

        save(dry_and_wet(heard.first(0), heard.first(1), dry.sample_rate, str(options.model)), options.plot)
        print(f"{options.plot}: the dry and the wet signal", file=said)


def play(model: Any, dry: Any, state: Any, write: Callable[[Any], Any], heard: "Beginnings") -> None:
    """Plays all of a recording through a model.

    Args:
        model: The AudioEffect.
        dry: The recording, a `dilatednets.data.audio_stream.Sound`; of another rate than the model's, it is resampled.
        state: What `AudioEffect.initial_state` made for as many channels.
        write: Is given the wet blocks, float32 (channels, samples), at the recording's rate and in all as long.
        heard: Keeps what has been played.

    Raises:
        InputError: for a recording that cannot be read or is no audio, or a model that gives NaN.
    """
    from dilatednets.data.audio_stream import resampled

    blocks = resampled(heard.dry(dry.blocks), dry.sample_rate, model.sample_rate)
    wet = (model.process(block, state)[0] for block in _checked(blocks, dry.where))
    for block in heard.wet(resampled(wet, model.sample_rate, dry.sample_rate)):
        write(block)


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InputError(f"--knob {text}: write NAME=VALUE, e.g. --knob gain=0.5") from error


def _checked(blocks: Iterator[Any], where: str) -> Iterator[Any]:
    """The blocks, refused where they hold NaN or infinity, or are clearly not in [-1, 1]."""
    from dilatednets.arrays import as_audio

    for block in blocks:
        yield as_audio(block, where)


class Beginnings:
    """Passes two signals on and keeps what is drawn of them; the second one is cut to the length of the first.

    Args:
        kept: Samples.
    """

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.parts: tuple[list[Any], list[Any]] = ([], [])
        self.read, self.frames, self.peak, self.loudest = 0, 0, 0.0, 0.0

    def dry(self, blocks: Iterator[Any]) -> Iterator[Any]:
        """The blocks of the first signal."""
        for block in blocks:
            if self.read < self.kept:
                self.parts[0].append(block[0, : self.kept - self.read])
            self.read += block.shape[1]
            self.loudest = max(self.loudest, float(abs(block).max(initial=0)))
            yield block

    def wet(self, blocks: Iterator[Any]) -> Iterator[Any]:
        """The blocks of the second signal, of finite numbers."""
        for block in blocks:
            block = block[:, : self.read - self.frames]
            if self.frames < self.kept:
                self.parts[1].append(block[0, : self.kept - self.frames])
            self.frames += block.shape[1]
            peak = float(abs(block).max(initial=0))
            if not peak < math.inf:
                raise InputError("model: gives NaN or infinity; its weights are damaged, fetch or train it again")
            self.peak = max(self.peak, peak)
            yield block

    def first(self, signal: int) -> Any:
        """The first channel's beginning, of the first or the second signal."""
        import numpy as np

        return np.concatenate(self.parts[signal]).clip(-1, 1)
