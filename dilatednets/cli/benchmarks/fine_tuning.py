"""`dilatednets benchmark fine-tuning`."""

from argparse import ArgumentParser, Namespace

from dilatednets.arguments import add_data_dir, add_json, add_model, check_at_least_one, print_result

KIND, HELP = "fine-tuning", "a trained model and the same net from scratch learn something new from a few examples"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and what to learn from."""
    add_model(parser)
    add_data_dir(parser, "a folder to learn from, such as the sample of a data set of the model's kind")
    parser.add_argument(
        "--held-out", metavar="DIR", help="folder whose validation split is measured (default: DATA_DIR)"
    )
    parser.add_argument("--epochs", type=int, help="epochs of both (default: what suits the examples)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the curves")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark fine-tuning MODEL --data-dir DIR [--held-out DIR] [--epochs N] [--plot FILE.png]`."""
    from dilatednets.benchmarks import fine_tuning
    from dilatednets.files import check_writable
    from dilatednets.plots.figure import check_suffix, save

    check_at_least_one("--epochs", options.epochs)
    if options.plot is not None:
        check_suffix(options.plot)
        check_writable(options.plot)
    result = fine_tuning.run(options.model, options.data_dir, options.held_out, options.epochs)
    if options.plot is not None:
        save(fine_tuning.draw(result), options.plot)
    print_result(options, result, fine_tuning.report(result))
