"""The command `export`: a model for TensorFlow Serving, or as a file for other runtimes."""

import shlex
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dilatednets import registry
from dilatednets.arguments import add_model
from dilatednets.errors import InputError
from dilatednets.presets import presets

VERB, HELP = "export", "write a model for TensorFlow Serving, LiteRT or ONNX"
FORMATS = ("savedmodel", "litert", "onnx")


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL and DIR."""
    add_model(parser)
    parser.add_argument(
        "folder",
        metavar="DIR",
        help="folder of all models served: DIR/NAME/VERSION, DIR/models.config; or of files: DIR/NAME.tflite, .onnx",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default=FORMATS[0],
        help="savedmodel for TensorFlow Serving, litert for phones and boards, or onnx (default: %(default)s)",
    )
    parser.add_argument("--version", type=int, metavar="N", help="number of the version (default: the next)")
    parser.add_argument("--name", help="what the server calls the model (default: the preset's name, or its run's)")


def run(options: Namespace) -> None:
    """`dilatednets export MODEL DIR [--format savedmodel|litert|onnx] [--version N] [--name NAME]`."""
    name = options.name
    if name is None:
        single = Path(options.model)
        path = single.with_suffix("") if single.is_file() else presets.find(options.model)
        name = presets.card(options.model).get("name") or path.name
        if name in ("best", "last"):  # of a run: so all are called
            name = path.resolve().parent.name
    if options.format != FORMATS[0]:
        _export_file(options, name)
        return
    from dilatednets.serving import warm_up
    from dilatednets.serving.export import check_version, export_version

    check_version(name, options.folder, options.version)
    if not warm_up.available():
        cure = "pip install 'dilatednets[serving]', and export again"
        print(f"note: without warm-up requests, which need tensorflow-serving-api; {cure}", file=sys.stderr)
    model = registry.from_preset(options.model)
    folder, warm = export_version(model, name, options.folder, options.version)
    print(f"{folder}: signatures of {type(model).__name__}{', with warm-up requests' if warm else ''}")
    place = shlex.quote(f"{Path(options.folder).resolve()}:/models")
    print(f"Try: docker run -p 8501:8501 -v {place} tensorflow/serving --model_config_file=/models/models.config")


def _export_file(options: Namespace, name: str) -> None:
    from dilatednets.serving.portable import SUFFIXES, check_format, export_file

    if options.version is not None:
        raise InputError(f"--version: is for TensorFlow Serving, not for {options.format}; leave it out")
    path = Path(options.folder) / f"{name}{SUFFIXES[options.format]}"
    check_format(options.format, path)
    names = export_file(registry.from_preset(options.model), path, options.format)
    print(f"{path}: {', '.join(names['inputs'])} -> {', '.join(names['outputs'])}")
