"""The command `export`: a model for TensorFlow Serving."""

import shlex
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dilatednets import registry
from dilatednets.arguments import add_model
from dilatednets.presets import presets

VERB, HELP = "export", "write a model for TensorFlow Serving"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL and DIR."""
    add_model(parser)
    parser.add_argument(
        "folder", metavar="DIR", help="folder of all models served: DIR/NAME/VERSION, DIR/models.config"
    )
    parser.add_argument("--version", type=int, metavar="N", help="number of the version (default: the next)")
    parser.add_argument("--name", help="what the server calls the model (default: the preset's name)")


def run(options: Namespace) -> None:
    """`dilatednets export MODEL DIR [--version N] [--name NAME]`."""
    from dilatednets.serving import warm_up
    from dilatednets.serving.export import check_version, export_version

    name = options.name
    if name is None:
        name = presets.card(options.model).get("name") or presets.find(options.model).name
    check_version(name, options.folder, options.version)
    if not warm_up.available():
        cure = "pip install 'dilatednets[serving]', and export again"
        print(f"note: without warm-up requests, which need tensorflow-serving-api; {cure}", file=sys.stderr)
    model = registry.from_preset(options.model)
    folder, warm = export_version(model, name, options.folder, options.version)
    print(f"{folder}: signatures of {type(model).__name__}{', with warm-up requests' if warm else ''}")
    place = shlex.quote(f"{Path(options.folder).resolve()}:/models")
    print(f"Try: docker run -p 8501:8501 -v {place} tensorflow/serving --model_config_file=/models/models.config")
