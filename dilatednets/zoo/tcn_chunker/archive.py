"""An archive of texts through a chunker: the phrases of each, with their places."""

import json
import re
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dilatednets import arrays, registry
from dilatednets.data.samples import sample
from dilatednets.errors import InputError


class Mapper:
    """Makes chunks of texts.

    Args:
        handle: The preset.
    """

    FIELD, SUFFIXES, ALSO = "text", (), ()
    FILE = ("chunks", ".json")
    AT_ONCE = 1024

    def __init__(self, handle: str) -> None:
        self.model = registry.from_preset(handle, "TCNChunker")
        if self.model.pos_embedding is not None:
            raise InputError(f"{handle}: needs the part of speech of each word; choose a model that reads plain text")
        self.stream = self.model.stream()

    def read(self, record: dict[str, Any]) -> list[Any]:
        """The sentences of a text."""
        from dilatednets.data.plain_text import split

        text = arrays.text(record["text"], "text")
        if "\0" in text:
            raise InputError("text: holds a NUL byte, and may be UTF-16; convert it to UTF-8")
        if half := re.search("[\ud800-\udfff]", text):
            raise InputError(f"text: holds {half[0]!r}, half a character; cut texts between characters")
        if len(fields := text.split()) > 1 and fields[-1] in self.model.tags and fields[-1] != "O":
            words = "a word and its tag in columns, no text; the command chunk reads these"
            raise InputError(f"text: {words}, or give each sentence as a line")
        return list(split([text], self.model.tokenizer))

    def size(self, item: list[Any]) -> int:
        """Words."""
        return sum(len(sentence.words) for sentence in item)

    def answer(self, items: list[list[Any]]) -> list[dict[str, Any]]:
        """The chunks of each text, with places in characters."""
        found = self.model.chunk_sentences([sentence for item in items for sentence in item], None, self.stream)
        return [{"chunks": [chunk._asdict() for _ in item for chunk in next(found).chunks]} for item in items]

    def example(self) -> dict[str, Any]:
        """An answer, for the types of its columns."""
        return {"chunks": [{"label": "NP", "start": 0, "end": 2, "text": "It"}]}

    def as_file(self, chunks: list[dict[str, Any]]) -> bytes:
        """JSON, a chunk a line."""
        return "".join(json.dumps(chunk, ensure_ascii=False) + "\n" for chunk in chunks).encode()


RECORDS = 150_000
"""Lines of `benchmark map`, about 20 MB."""


def example_archive(folder: Path, records: int) -> Path:
    """Writes sentences of the sample of CoNLL-2000, a line each, again and again."""
    from dilatednets.data import conll2000

    sentences = [" ".join(sentence.words) for sentence in conll2000.load(sample("conll2000"), "train")]
    path = folder / "corpus.txt"
    # An empty line between them, so that the command, which reads a text as a whole, sees the same sentences.
    path.write_text("\n\n".join(islice(cycle(sentences), records)) + "\n", encoding="utf-8")
    return path


def plain_command(handle: str, path: str, output: str) -> list[str]:
    """The arguments of the command that does the same in one process."""
    return ["chunk", handle, path, "--format", "json"]
