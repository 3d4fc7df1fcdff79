"""Arguments of the `dilatednets` command, and what it says when they are wrong."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from dilatednets import __version__
from dilatednets.errors import InputError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greeting would hide the command's own words

PRESET = "preset name, folder, or handle: https://HOST/NAME.zip#sha256=DIGITS or hf://OWNER/NAME@REVISION"
"""What every command that takes a trained model says of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, or 2 after one line that says what is wrong and what to do."""
    grammar = parser()
    options, rest = grammar.parse_known_args(arguments)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(options, "file", "") is None:
        options.file = rest.pop()  # argparse takes an optional argument for missing if an option comes before it
    if rest:
        grammar.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        options.run(options)
    except BrokenPipeError:  # who read the output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (InputError, OSError) as error:
        print(f"dilatednets: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dilatednets: stopped", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command's grammar. What a command does is imported when it runs, so that --help answers at once."""
    top = _Parser(prog="dilatednets", description="Trained models of dilated convolutions.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    models = commands.add_parser("models", help="table of trained models with their metrics")
    models.set_defaults(run=_command("models", "models"))

    describe = commands.add_parser("describe", help="a model's cost, receptive field, picture of the dilation pattern")
    describe.add_argument("model", help=PRESET)
    describe.add_argument("--plot", metavar="FILE.png", help="draw which samples one output sees")
    _json(describe)
    describe.set_defaults(run=_command("models", "describe"))

    train = commands.add_parser("train", help="train a model by a recipe")
    train.add_argument("recipe", help="a TOML file, e.g. zoo/wavenet_digits/recipe.toml")
    train.add_argument("--data-dir", required=True, help="the data set's folder")
    train.add_argument("--output", required=True, metavar="RUN", help="folder of the run: best model, logs, samples")
    train.add_argument("--resume", action="store_true", help="go on from the last epoch end")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.epochs=3")
    train.add_argument(
        "--data-parallel", action="store_true", help="on all devices, a share of each batch on each; with JAX"
    )
    train.set_defaults(run=_command("training", "train"))

    evaluate = commands.add_parser("evaluate", help="measure a model on a split of its data set")
    evaluate.add_argument("model", help=PRESET)
    evaluate.add_argument("--data-dir", required=True, help="the data set's folder")
    evaluate.add_argument("--split", default="validation", help="train, validation (or val) or test")
    evaluate.add_argument(
        "--reader",
        help="camvid, nuclei or folder of a segmenter, conll2000, snips or columns of a chunker; default: by its classes",
    )
    _json(evaluate)
    evaluate.set_defaults(run=_command("training", "evaluate"))

    generate = commands.add_parser("generate", help="make audio with a WaveNet")
    generate.add_argument("model", help=PRESET)
    generate.add_argument("--text", help='what to say, e.g. "four two seven"')
    generate.add_argument("--speaker", help="whose voice")
    generate.add_argument("--seconds", type=float, help="how long; default: as long as the text")
    generate.add_argument("--seed", type=int, help="same seed, same audio")
    generate.add_argument("--temperature", type=float, default=1.0, help="below 1: less noise (default 1)")
    generate.add_argument("--output", required=True, metavar="FILE.wav")
    generate.add_argument("--plot", metavar="FILE.png", help="draw waveform and spectrogram")
    generate.set_defaults(run=_command("generate", "generate"))

    segment = commands.add_parser("segment", help="label every pixel of images")
    segment.add_argument("model", help=f"a ContextSegmenter: {PRESET}")
    segment.add_argument("images", nargs="+", metavar="IMAGE", help="image files of any format, mode and size")
    segment.add_argument("--output", required=True, metavar="DIR", help="folder for STEM.png and STEM_overlay.png")
    chunk = commands.add_parser("chunk", help="find the phrases of a text")
    chunk.add_argument("model", help=f"a TCNChunker: {PRESET}")
    chunk.add_argument("file", nargs="?", metavar="FILE", help="a text file in UTF-8; default: standard input")
    chunk.add_argument(
        "--format", choices=["brackets", "conll", "json"], default="brackets", help="of the output (default: brackets)"
    )
    chunk.add_argument(
        "--input",
        choices=["text", "conll"],
        help="plain text, or a word a line and an empty line after each sentence (default: text; with --format conll, the "
        "latter if the first lines are single words)",
    )
    chunk.set_defaults(run=_command("chunk", "chunk"))

    for command in (segment, evaluate):
        of = " of a segmenter" if command is evaluate else ""
        command.add_argument(
            "--scales", type=float, nargs="+", help=f"magnifications to look at{of} (default: the model's)"
        )
        command.add_argument(
            "--flip",
            action=argparse.BooleanOptionalAction,
            help=f"also look at the mirror image{of} (default: as the model)",
        )
    segment.add_argument("--count", action="store_true", help="count connected regions, or peaks of a map of distances")
    segment.set_defaults(run=_command("segment", "segment"))

    export = commands.add_parser("export", help="write a model for TensorFlow Serving")
    export.add_argument("model", help=PRESET)
    export.add_argument(
        "folder", metavar="DIR", help="folder of all models served: DIR/NAME/VERSION, DIR/models.config"
    )
    export.add_argument("--version", type=int, metavar="N", help="number of the version (default: the next)")
    export.add_argument("--name", help="what the server calls the model (default: the preset's name)")
    export.set_defaults(run=_command("export", "export"))

    benchmark = commands.add_parser("benchmark", help="measure speed, beside what one would otherwise use")
    kinds = benchmark.add_subparsers(title="what to measure", required=True, metavar="KIND")
    generation = kinds.add_parser("generation", help="samples a second of a WaveNet")
    generation.add_argument("model", nargs="?", help=f"{PRESET}; default: the net given by the options below")
    generation.add_argument("--layers", type=int, default=30, help="dilated layers, dilations 1..512 repeating")
    generation.add_argument("--residual-channels", type=int, default=32)
    generation.add_argument("--gate-channels", type=int, default=64)
    generation.add_argument("--skip-channels", type=int, default=64)
    generation.add_argument("--kernel-size", type=int, default=2)
    generation.add_argument("--sample-rate", type=int, default=16000)
    generation.add_argument("--batch", type=int, nargs="+", default=[1, 8], help="batch sizes (default: 1 8)")
    generation.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    _json(generation)
    generation.set_defaults(run=_command("benchmark", "generation"))
    of_segmenter = "images a second of a ContextSegmenter, beside the same net in PyTorch"
    of_chunker = "sentences a second of a TCNChunker, beside a BiLSTM"
    for name, words in (("inference", f"{of_segmenter}; {of_chunker}"), ("training", f"in training: {of_segmenter}")):
        speed = kinds.add_parser(name, help=words)
        speed.add_argument("model", nargs="?", help=f"{PRESET}; default: an untrained net")
        speed.add_argument("--size", type=int, nargs=2, default=[360, 480], metavar=("H", "W"), help="of the images")
        if name == "inference":
            speed.add_argument("--batch", type=int, nargs="+", help="batch sizes (default: 1 8; of a chunker 1 64)")
        else:
            speed.add_argument("--batch", type=int, default=8, help="batch size (default 8)")
        speed.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
        _json(speed)
        speed.set_defaults(run=_command("benchmark", name))
    context = kinds.add_parser("context", help="what the context module adds to a front end, and dilation to it")
    context.add_argument("recipe", help="recipe or preset of a ContextSegmenter: data, augmentation, loss")
    context.add_argument("--front-end", required=True, metavar="MODEL", help="preset whose front end all start from")
    context.add_argument("--data-dir", required=True, help="the data set's folder")
    context.add_argument("--stage", help="stage of the recipe that all are trained by (default: its last)")
    context.add_argument("--epochs", type=int, help="instead of the stage's")
    context.add_argument("--variants", nargs="+", help="some of the variants by name (default: all)")
    context.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.seed=1")
    _json(context)
    context.set_defaults(run=_command("benchmark", "context"))
    chunking = kinds.add_parser("chunking", help="what dilation, characters, the random field and the future add")
    chunking.add_argument("recipe", help="recipe or preset of a TCNChunker")
    chunking.add_argument("--data-dir", required=True, help="the data set's folder")
    chunking.add_argument("--epochs", type=int, help="of all (default: the recipe's)")
    chunking.add_argument("--seeds", type=int, default=1, help="runs of each (default 1)")
    chunking.add_argument("--variants", nargs="+", help="some of the variants by name (default: all)")
    chunking.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. data.more_pos=")
    _json(chunking)
    chunking.set_defaults(run=_command("benchmark", "chunking"))
    tuning = kinds.add_parser(
        "fine-tuning", help="a model and the same net from scratch learn a voice, nuclei or slots"
    )
    tuning.add_argument("model", help=PRESET)
    tuning.add_argument("--data-dir", required=True, help="a folder of spoken_digits, nuclei or snips to learn from")
    tuning.add_argument(
        "--held-out", metavar="DIR", help="folder whose validation split is measured (default: DATA_DIR)"
    )
    tuning.add_argument("--epochs", type=int, help="of both (default: 5 for a voice, 20 for nuclei, 15 for slots)")
    tuning.add_argument("--plot", metavar="FILE.png", help="draw the curves")
    _json(tuning)
    tuning.set_defaults(run=_command("benchmark", "fine_tuning"))
    serving = kinds.add_parser("serving", help="speed of an exported model, run as TensorFlow Serving runs it")
    serving.add_argument("model", help=PRESET)
    serving.add_argument("--batch", type=int, nargs="+", default=[1, 4], help="batch sizes (default: 1 4)")
    _json(serving)
    serving.set_defaults(run=_command("benchmark", "serving"))
    recognition = kinds.add_parser("recognition", help="how well a recogniser understands generated digits")
    recognition.add_argument("model", help=PRESET)
    recognition.add_argument("--data-dir", required=True, help="the spoken_digits folder to train the recogniser on")
    recognition.add_argument("--seeds", type=int, default=5, help="digits of each speaker, each this often (default 5)")
    recognition.add_argument("--temperature", type=float, default=1.0)
    _json(recognition)
    recognition.set_defaults(run=_command("benchmark", "recognition"))
    lowering = kinds.add_parser("lowering", help="whether JAX lowers models for CPU, GPU and TPU; needs none of them")
    lowering.add_argument("models", nargs="*", metavar="MODEL", help=f"{PRESET} (default: one of a kind)")
    _json(lowering)
    lowering.set_defaults(run=_command("benchmark", "lowering"))

    compare = commands.add_parser("compare", help="a dilated net and a recurrent one, equal in size and training")
    compare.add_argument("task", choices=["spoken_digits", "conll2000", "snips"])
    compare.add_argument("--data-dir", required=True, help="the data set's folder")
    compare.add_argument("--recipe", help="recipe or preset whose net and data are used (default: the task's preset)")
    compare.add_argument("--epochs", type=int, help="of all nets (default: the recipe's)")
    compare.add_argument("--seeds", type=int, default=1, help="runs of each tagger (default 1)")
    compare.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.batch_size=16")
    _json(compare)
    compare.set_defaults(run=_command("benchmark", "compare"))

    demo = commands.add_parser("demo", help="speak, segment, fine-tune, and say what it costs, in a few minutes")
    demo.add_argument("--output", default="demo", help="folder for what it makes (default: demo)")
    demo.add_argument("--data-dir", help="spoken_digits folder to fine-tune on (default: the sample in the package)")
    demo.set_defaults(run=_command("demo", "demo"))
    return top


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, like every other refusal; subcommands' parsers are of it, too."""

    def error(self, message: str) -> NoReturn:
        """Prints the line and exits with status 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}; see {self.prog} --help\n")


def _json(command: argparse.ArgumentParser) -> None:
    """Adds --json."""
    command.add_argument("--json", action="store_true", help="one JSON object, the last line of standard output")


def _command(module: str, name: str) -> Callable[[argparse.Namespace], None]:
    """A command's function, imported when called."""

    def run(options: argparse.Namespace) -> None:
        getattr(importlib.import_module(f"dilatednets.cli.{module}"), name)(options)

    return run


if __name__ == "__main__":
    sys.exit(main())
