"""`dilatednets benchmark recognition`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import add_data_dir, add_json, add_model, print_result

KIND, HELP = "recognition", "how well a recogniser understands digits that a WaveNet says"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and the recordings for the recogniser."""
    add_model(parser)
    add_data_dir(parser, "the spoken_digits folder to train the recogniser on")
    parser.add_argument("--seeds", type=int, default=5, help="digits of each speaker, each this often (default 5)")
    parser.add_argument(
        "--takes", type=int, default=1, help="takes of each digit, of which the best is heard (default 1)"
    )
    parser.add_argument("--temperature", type=float, default=1.0, help="temperature of the generation (default 1)")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark recognition MODEL --data-dir DIR [--seeds N]`."""
    from dilatednets.benchmarks.wavenet import recognition
    from dilatednets.zoo.wavenet import WaveNet

    model = WaveNet.from_preset(options.model)
    result = recognition.run(model, options.data_dir, options.seeds, options.temperature, options.takes)
    print_result(options, result, recognition.report(result))
