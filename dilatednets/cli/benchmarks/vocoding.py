"""`dilatednets benchmark vocoding`."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_data_dir, add_json, add_model, print_result

KIND, HELP = "vocoding", "how good the speech is that a vocoder makes of mels, beside Griffin-Lim"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and the recordings."""
    add_model(parser)
    add_data_dir(parser, "the folder of recordings, with folders train, validation and test or without")
    parser.add_argument("--split", default="validation", help="validation (default), train or test")
    parser.add_argument("--temperature", type=float, default=1.0, help="temperature of the generation (default 1)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark vocoding MODEL --data-dir DIR [--split S] [--temperature T]`."""
    from dilatednets.benchmarks import vocoding

    model = registry.from_preset(options.model)
    result = vocoding.run(model, options.data_dir, options.split, options.temperature)
    print_result(options, result, vocoding.report(result))
