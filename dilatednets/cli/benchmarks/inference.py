"""`dilatednets benchmark inference`."""

import inspect
from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import PRESET, add_json, add_model, check_at_least_one, check_seconds, print_result
from dilatednets.errors import InputError, a

KIND, HELP = "inference", "images or sentences a second of a model, beside the same net in PyTorch or a recurrent one"
DEFAULT = "context_segmenter_camvid"
SMALLEST_SIDE = 16


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, and what goes into it."""
    add_model(parser, f"{PRESET}; default: {DEFAULT}", nargs="?", default=DEFAULT)
    parser.add_argument("--size", type=int, nargs=2, metavar=("H", "W"), help="size of images (default: 360 480)")
    parser.add_argument("--batch", type=int, nargs="+", help="batch sizes (default: 1 8 of images, 1 64 of sentences)")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds each measurement lasts at least")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets benchmark inference [MODEL] [--size H W] [--batch N ...]`."""
    check_at_least_one("--batch", *options.batch or ())
    measure(options, "inference", options.batch)


def measure(options: Namespace, name: str, batch: int | list[int] | None) -> None:
    """Measures by the function `name` of the speed benchmark of the model's family."""
    check_seconds(options.seconds)
    family = registry.family_of_preset(options.model)
    speed = family.benchmark("speed") if "speed" in family.benchmarks() else None
    function = getattr(speed, name, None)
    if speed is None or function is None:
        from dilatednets.cli.benchmark import KINDS

        own = [f"benchmark {kind.KIND}" for kind in KINDS if kind.__name__.rpartition(".")[2] in family.benchmarks()]
        raise InputError(
            f"benchmark {name}: does not measure {a(family.model)} such as {options.model}; "
            f"try {' or '.join(own) or 'another model'}"
        )
    how = {"seconds": options.seconds} | ({} if batch is None else {"batch": batch})
    if options.size is not None:
        if "size" not in inspect.signature(function).parameters:
            raise InputError(f"--size: {options.model} looks at no images; leave it out")
        if min(options.size) < SMALLEST_SIDE:
            raise InputError(f"--size: must be at least {SMALLEST_SIDE} pixels a side, not {options.size}")
        how["size"] = tuple(options.size)
    result = function(registry.from_preset(options.model), **how)
    print_result(options, result, speed.report(result))
