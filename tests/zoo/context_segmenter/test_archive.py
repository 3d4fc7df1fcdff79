"""Archives of pictures: the label images of the command `segment`, byte for byte."""

import io

import numpy as np
import pytest
import tifffile
from helpers import tiny_segmenter
from PIL import Image

from dilatednets import registry
from dilatednets.archives import worker
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter import archive, verb


@pytest.fixture
def mapper(monkeypatch):
    model = tiny_segmenter(class_names=("sky", "road", "cell"), things=("cell",), diameter=4.0)
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
    monkeypatch.setattr(archive.presets, "card", lambda handle: {})
    return archive.Mapper("tiny", count=True)


def test_files_bytes_and_arrays_give_what_the_command_writes(mapper, tmp_path, rng):
    pixels = rng.integers(0, 256, (24, 32, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "a.png")
    stored = (tmp_path / "a.png").read_bytes()
    pairs = [("file", {"image": str(tmp_path / "a.png")}), ("bytes", {"image": stored}), ("array", {"image": pixels})]
    rows, failed = worker.answers(mapper, [*pairs, ("none", {"image": b"none"})])
    verb.segment_file(mapper.model, tmp_path / "a.png", tmp_path / "plain")
    assert [row["labels"] for row in rows] == 3 * [(tmp_path / "plain.png").read_bytes()]
    assert rows[0].keys() == {"key", *mapper.example()} and (rows[0]["height"], rows[0]["width"]) == (24, 32)
    assert rows[0]["count"] == archive.counting.instances(mapper.model, pixels).max()
    assert len(failed) == 1 and failed[0][0] == "none" and "image" in failed[0][1]


@pytest.mark.parametrize(("channels", "bands"), [(1, 2), (5, 5), (4, 4)])
def test_what_segment_reads_is_read_faults(monkeypatch, tmp_path, rng, channels, bands):
    model = tiny_segmenter(channels=channels, normalization="percentiles")
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    options |= {"extrasamples": ["unassalpha"]} if bands > channels else {}
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for _ in range(2):
            tiff.write(rng.integers(0, 65536, (20, 30, bands)).astype(np.uint16), **options)
    stored = (tmp_path / "a.tif").read_bytes()
    pairs = [("file", {"image": str(tmp_path / "a.tif")}), ("bytes", {"image": stored})]
    rows, failed = worker.answers(archive.Mapper("tiny", page=2), pairs)
    verb.segment_file(model, tmp_path / "a.tif", tmp_path / "plain", page=2)
    assert not failed and [row["labels"] for row in rows] == 2 * [(tmp_path / "plain.png").read_bytes()]
    _, failed = worker.answers(archive.Mapper("tiny"), pairs)
    assert len(failed) == 2 and all("holds 2 pages; choose one by page" in words for _, words in failed)


def test_values_are_written_as_grey_levels(monkeypatch, rng):
    model = tiny_segmenter(1, head="regression")
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: model)
    pixels = rng.integers(0, 256, (16, 16, 3), "uint8")
    (row,), _ = worker.answers(archive.Mapper("tiny"), [("a", {"image": pixels})])
    found = np.array(Image.open(io.BytesIO(row["labels"]))) / row["steps"]
    np.testing.assert_allclose(found, np.maximum(model.regress(pixels)[..., 0], 0), atol=0.5 / row["steps"] + 1e-6)


def test_counting_without_things_is_refused_faults(monkeypatch):
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: tiny_segmenter())
    with pytest.raises(InputError, match="count: tiny labels areas"):
        archive.Mapper("tiny", count=True)
