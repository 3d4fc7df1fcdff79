"""Damaged files for the readers: each must give a result or one clear line, within seconds and a gigabyte.

    python tests/fuzz.py [FILES OF EACH KIND] [SEED] [KIND ...]

prints a table. Exit status 1, and the damaged file's path, if a reader fails in any other way.
"""

import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import soundfile
from effects import nam_content
from helpers import tiny_segmenter
from PIL import Image
from scipy.io import savemat

from dilatednets import registry
from dilatednets.data.audio import read_audio
from dilatednets.data.audio_stream import sound_reader
from dilatednets.data.columns import read_columns
from dilatednets.data.images import as_rgb, read_labels
from dilatednets.data.mnist import read as read_mnist
from dilatednets.data.polymusic import read as read_music
from dilatednets.data.recording_labels import labelled
from dilatednets.data.sequences import read as read_sequences
from dilatednets.data.sequences import read_array
from dilatednets.data.table_csv import read_table, series_of
from dilatednets.errors import InputError
from dilatednets.presets import card as cards
from dilatednets.presets import golden, presets
from dilatednets.registry import read_recipe
from dilatednets.zoo.audio_effect import nam_file

CHECKOUT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES = 20, 1000
"""What a reader may take for a file of a few kilobytes."""
ODD = [
    b"\0",
    b"\xff",
    b"\n",
    b"\xff\xfe",
    b"\xf0\x9f\x90\x95",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"nan",
    b"1e999",
    b"-1",
    b'"',
    b"{",
    b"[" * 50,
]


def sound(kind, subtype):
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(800) / 9) / 2, 8000, subtype, format=kind)
    return file.getvalue()


SOUNDS = {
    "WAV": "PCM_16",
    "RF64": "ULAW",
    "AIFF": "PCM_24",
    "CAF": "ALAC_16",
    "FLAC": "PCM_16",
    "MP3": "MPEG_LAYER_III",
}


def picture(kind, mode="RGB"):
    pixels = np.add.outer(np.arange(24), np.arange(32)).astype(np.uint8) * 4
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


def conll():
    return (CHECKOUT / "datasets" / "conll2000" / "sample" / "train.txt").read_bytes()


def recipe(name):
    return (CHECKOUT / "zoo" / name / "recipe.toml").read_bytes()


def read_card(path):
    return cards.readme(presets.card(path.parent), {})


def preset(file):
    """A folder of a small model, in which one file is damaged."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-preset-"))
    tiny_segmenter().save_to_preset(folder / "tiny")
    (folder / "tiny" / "card.json").unlink()  # which knows the sum of the weights, and would refuse them all
    whole = (folder / "tiny" / file).read_bytes()

    def read(path):
        for name in ("config.json", "model.weights.h5", "golden.npz"):
            if name != file:
                shutil.copy(folder / "tiny" / name, path.parent)
        model = registry.from_preset(path.parent)
        return golden.largest_error(model, path.parent)

    return [whole], file, read


# What is damaged, the file's name, what reads it.
def table():
    """A CSV file of two series."""
    rows = [f"2024-01-{day:02},{shop},{day / 7:.3f}" for day in range(1, 29) for shop in "ab"]
    return "\n".join(["day,shop,sold", *rows]).encode()


def read_series(path):
    """All that is read of a table."""
    found = read_table(path)
    return series_of(found, "day", "shop"), found.numbers("sold")


def sequences():
    """An archive of x, y and lengths."""
    file = io.BytesIO()
    np.savez(file, x=np.ones((4, 9, 2)), y=np.arange(4), lengths=np.full(4, 9))
    return file.getvalue()


def mels():
    """An array."""
    file = io.BytesIO()
    np.save(file, np.ones((9, 80), np.float32))
    return file.getvalue()


def read_transcripts(path):
    """What is said in two recordings, of which nothing but the names is read."""
    for name in ("LJ001-0001", "LJ001-0002"):
        path.with_name(f"{name}.wav").touch()
    return labelled(path.parent, words=True)


def digits():
    """An IDX file of images."""
    return bytes.fromhex("000008030000000c0000001c0000001c") + bytes(range(196)) * 48


def read_digits(path):
    """All that is read of MNIST, with labels that are whole."""
    path.with_name("train-labels-idx1-ubyte").write_bytes(bytes.fromhex("000008010000000c") + bytes(12))
    return read_mnist(path.parent, "train")


def piano_rolls():
    """A file of MATLAB's with the pieces of a split."""
    file, pieces = io.BytesIO(), np.empty((1, 3), object)
    pieces[0, :] = [np.eye(88, dtype=np.uint8)[: 9 + number] for number in range(3)]
    savemat(file, {"traindata": pieces}, do_compression=True)
    return file.getvalue()


def read_stream(path):
    """A recording block by block."""
    with sound_reader(str(path), 48000) as one:
        return sum(block.shape[1] for block in one.blocks)


KINDS = {
    **{
        kind: ([sound(kind, subtype)], "a.wav", lambda path: read_audio(path, 16000))
        for kind, subtype in SOUNDS.items()
    },
    "OGG": ([sound("OGG", "VORBIS"), sound("OGG", "OPUS")], "a.wav", lambda path: read_audio(path, 16000)),
    "sound in blocks": ([sound(*kind) for kind in SOUNDS.items()], "a.wav", read_stream),
    ".nam": ([json.dumps(nam_content()).encode()], "a.nam", nam_file.read),
    "image": ([picture(kind) for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP")], "a.png", as_rgb),
    "label image": ([picture("PNG", "L"), picture("PNG", "P")], "a.png", read_labels),
    "CoNLL": ([conll()], "train.txt", lambda path: list(read_columns(path, ["word", "pos", "tag"]))),
    "table": ([table()], "a.csv", read_series),
    "sequences": ([sequences()], "a.npz", read_sequences),
    "array": ([mels()], "a.npy", read_array),
    "transcripts": (
        [b"LJ001-0001|No. 1|number one\nLJ001-0002|in being|in being\n"],
        "metadata.csv",
        read_transcripts,
    ),
    "MNIST": ([digits()], "train-images-idx3-ubyte", read_digits),
    "piano rolls": (
        [piano_rolls()],
        "JSB_Chorales.mat",
        lambda path: read_music(path.parent, "JSB_Chorales", "train"),
    ),
    "recipe": (
        [recipe(name) for name in ("wavenet_digits", "context_segmenter_camvid", "tcn_slots_snips")],
        "recipe.toml",
        read_recipe,
    ),
    "config of a preset": preset("config.json"),
    "weights of a preset": preset("model.weights.h5"),
    "golden outputs": preset("golden.npz"),
    "card": ([(CHECKOUT / "zoo" / "wavenet_digits" / "card.json").read_bytes()], "card.json", read_card),
}


def damaged(data, rng):
    """The file with one to six accidents."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data) + 1) if rng.random() < 0.6 else rng.randrange(min(len(data), 64) + 1)
        length = rng.choice([1, 1, 2, 4, 16, 200])
        match rng.randrange(7):
            case 0:
                data = data[:place]
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = rng.randbytes(length)
            case 3:
                data[place : place + length] = rng.randbytes(length)
            case 4:
                data[place : place + length] = rng.choice(ODD)
            case 5:
                data[place:place] = data[place : place + length] * rng.choice([1, 3, 50])
            case 6 if place < len(data):
                data[place] ^= 1 << rng.randrange(8)
    return bytes(data)


def too_long(*_):
    raise TimeoutError(f"more than {SECONDS} s")


def fuzz(kind, count, seed, folder):
    """One row of the table: files, read, refused, the slowest in seconds, memory in MB."""
    seeds, name, read = KINDS[kind]
    path, rng = Path(folder) / name, random.Random(f"{kind} {seed}")
    (path.parent / "config.json").write_text('{"class": "WaveNet", "config": {}}')
    for whole in seeds:
        path.write_bytes(whole)
        read(path)  # undamaged ones are read
    accepted = refused = 0
    slowest, before = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        data = damaged(rng.choice(seeds), rng)
        path.write_bytes(data)
        start = time.perf_counter()
        signal.alarm(SECONDS)
        try:
            read(path)
            accepted += 1
        except InputError as error:
            refused += 1
            line = str(error)
            assert path.name in line and len(line) < 1000, f"no clear line: {line[:1000]}"
        finally:
            signal.alarm(0)
        slowest = max(slowest, time.perf_counter() - start)
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert megabytes < MEGABYTES, f"{kind}: {megabytes:.0f} MB"
    return {"files": count, "read": accepted, "refused": refused, "slowest_s": slowest, "memory_mb": megabytes}


def main(count="1000", seed="0", *kinds):
    signal.signal(signal.SIGALRM, too_long)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + 2 * MEGABYTES * 2**20, resource.RLIM_INFINITY))
    print(
        "| files | damaged | read | refused in one line | slowest, s | memory, MB |\n| --- | --- | --- | --- | --- | --- |"
    )
    for kind in kinds or KINDS:
        folder = tempfile.mkdtemp(prefix="fuzz-")
        try:
            row = fuzz(kind, int(count), int(seed), folder)
        except BaseException:
            traceback.print_exc()
            print(f"{kind}: the file is in {folder}")
            return 1
        counts = " | ".join(f"{row[name]:,}" for name in ("files", "read", "refused"))
        print(f"| {kind} | {counts} | {row['slowest_s']:.2f} | {row['memory_mb']:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
