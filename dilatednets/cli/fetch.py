"""The command `fetch`: the files of a data set, from where its makers or keepers have them."""

import importlib
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dilatednets.arguments import check_names
from dilatednets.errors import InputError

VERB, HELP = "fetch", "fetch a data set from the web, each file checked by its SHA-256"
SETS = ("mnist", "polymusic", "tiny_shakespeare")
"""Modules of dilatednets.data with FILES; other sets have no address that stays, and their pages say where they are."""


def add_arguments(parser: ArgumentParser) -> None:
    """SET, and where it goes."""
    parser.add_argument("data_set", metavar="SET", help=f"{', '.join(SETS)}; datasets/ says more of each")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder, which --data-dir then names")


def run(options: Namespace) -> None:
    """`dilatednets fetch SET --output DIR`."""
    check_names("SET", [options.data_set], SETS)
    files = importlib.import_module(f"dilatednets.data.{options.data_set}").FILES
    for name, (address, digest) in files.items():
        fetch_file(Path(options.output) / name, address, digest)
    print(f"{options.output}: {', '.join(files)}; its licence: datasets/{options.data_set}/README.md")


def fetch_file(path: Path, address: str, digest: str) -> None:
    """Fetches a file, unless it is there.

    Args:
        path: Where it is to be.
        address: Where it is on the web.
        digest: Its SHA-256.

    Raises:
        InputError: if it cannot be fetched or written, or if another file is there.
    """
    from dilatednets.files import folder_beside, sha256
    from dilatednets.presets.handles import download

    if path.is_file():
        if sha256(path) != digest:
            raise InputError(f"{path}: is there, but is another file than {address}; move it, or name another folder")
        return
    with folder_beside(path, is_file=True) as folder:
        os.replace(download(address, digest, str(folder)), path)
