"""The command `map`: a whole archive through a model, on the cores of this machine or on a cluster."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from typing import Any

from dilatednets.arguments import add_model, check_at_least_one, toml_value
from dilatednets.errors import InputError

VERB, HELP = "map", "put an archive of pictures, texts or recordings through a model, on all cores or a cluster"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the archive, where results go, and who works."""
    add_model(parser)
    words = "files, folders or quoted patterns: pictures, recordings, text (each line a record), .jsonl, .parquet"
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=words)
    words = "folder of the results, in shards; a run that was stopped goes on there"
    parser.add_argument("--output", required=True, metavar="DIR", help=words)
    words = "parquet: answers in shards; files: a file for each record, too (default: parquet)"
    parser.add_argument("--format", choices=["parquet", "files"], default="parquet", help=words)
    parser.add_argument("--address", help="of a Ray cluster, HOST:PORT (default: the cores of this machine)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core, or one a GPU)")
    words = "column of .jsonl and .parquet that holds the content (default: image, text, sequence or audio)"
    parser.add_argument("--column", metavar="NAME", help=words)
    parser.add_argument("--whole", action="store_true", help="a text file is one record, and not each of its lines")
    words = "what the model lets one choose, such as speaker=theo or count=true"
    resume = "whether to leave what an earlier run into the folder has answered (the default), or to answer all anew"
    parser.add_argument("--resume", action=BooleanOptionalAction, default=True, help=resume)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=words)


def run(options: Namespace) -> None:
    """`dilatednets map MODEL INPUT... --output DIR [--format F] [--address A] [--workers N] [--no-resume] ...`."""
    from dilatednets.archives import on_ray

    check_at_least_one("--workers", options.workers)
    options.when_stopped = "; the same command goes on"
    done = on_ray.run(
        options.model,
        options.inputs,
        options.output,
        options.format,
        options.address,
        options.workers,
        options.column,
        options.whole,
        settings_of(options.set),
        options.resume,
    )
    old = done["shards"] - done["made"]
    print(
        f"{options.output}: {done['records']} records in {done['shards']} shards{f', {old} of them from before' * bool(old)}"
    )
    if done["failed"]:
        raise InputError(
            f"{options.output}/failed.jsonl: {done['failed']} of {done['records']} records failed; see there"
        )


def settings_of(pairs: list[str]) -> dict[str, Any]:
    """Values by name, written as in TOML; a word without quotes is a string.

    Example:
    >>> settings_of(["speaker=theo", "scales=[1, 0.5]"])
    {'speaker': 'theo', 'scales': [1, 0.5]}
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"--set: {pair}: write NAME=VALUE")
        settings[name] = toml_value(value)
    return settings
