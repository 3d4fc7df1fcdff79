"""What `dilatednets demo` shows of TCNChunker: the phrases of a paragraph."""

from pathlib import Path

CHUNKER = "tcn_chunker_conll2000"
NEXT = f'echo "It works ." | dilatednets chunk {CHUNKER}'
PARAGRAPH = (
    "The harbour office said on Tuesday that Ms. Okafor, who had run the ferry service since 2011, would step down in May. "
    "Passengers don't expect fares to rise by more than 2.5 % this year, but they'd rather have newer boats."
)


def demo(output: Path) -> list[Path]:
    """The phrases of a paragraph in brackets, on the screen and in a file; returns what it wrote."""
    from dilatednets.files import atomic_path
    from dilatednets.zoo.tcn_chunker import TCNChunker
    from dilatednets.zoo.tcn_chunker.verb import brackets

    print(f"   {CHUNKER} reads a paragraph ...", flush=True)
    lines = [brackets(sentence) for sentence in TCNChunker.from_preset(CHUNKER).chunk_stream([PARAGRAPH])]
    for line in lines:
        print(f"   {line}", end="")
    with atomic_path(output / "chunks.txt") as path:
        path.write_text("".join(lines), encoding="utf-8")
    return [output / "chunks.txt"]
