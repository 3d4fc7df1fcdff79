"""Pages, bands, bits and orientation of files; what is no picture, by its name."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from dilatednets.data.image_files import numbers_of, orientation_of, pages_of, size_of
from dilatednets.data.images import as_rgb, pixels_of

STACK = np.random.default_rng(0).integers(0, 256, (4, 20, 30), np.uint8)
BANDS = np.random.default_rng(1).integers(0, 65536, (20, 30, 8)).astype(np.uint16)


def save_stack(path):
    first, *others = [Image.fromarray(page).convert("RGB" if path.suffix == ".webp" else "L") for page in STACK]
    first.save(path, save_all=True, append_images=others, **({"lossless": True} if path.suffix == ".webp" else {}))


@pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.webp", "a.png"])
def test_no_page_is_dropped_without_a_word_faults(tmp_path, name, refusal):
    path = tmp_path / name
    save_stack(path)
    assert pages_of(path) == 4
    for number, page in enumerate(STACK, start=1):
        np.testing.assert_array_equal(pixels_of(path, 1, number)[..., 0], page)
    with Image.open(path) as opened:
        assert "image: holds 4 pages; choose one by page, from 1 to 4" in refusal(as_rgb, opened)
        np.testing.assert_array_equal(pixels_of(opened, 1, 3)[..., 0], STACK[2])
        assert opened.tell() == 0, "the caller's image was moved"
    assert f"{name}: holds 4 pages; choose one by page, from 1 to 4" in refusal(as_rgb, path)
    assert f"{name}: has 4 pages, so there is no page 5" in refusal(pixels_of, path, 3, 5)
    assert "page: must be above 0, not 0" in refusal(pixels_of, path, 3, 0)


def test_previews_are_no_pages_faults(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(STACK[0], photometric="minisblack")
        tiff.write(STACK[0, ::2, ::2], photometric="minisblack", subfiletype=1)
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", 1)[..., 0], STACK[0])
    Image.fromarray(STACK[0]).save(tmp_path / "a.mpo", save_all=True, append_images=[Image.fromarray(STACK[1])])
    assert pages_of(tmp_path / "a.mpo") == 1  # as phones write a picture with what belongs to it


@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"compression": "zlib"}, {"bigtiff": True}], ids=str)
@pytest.mark.parametrize("bands", [2, 3, 4, 8])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_bands_and_bits_of_tiff_are_read_faults(tmp_path, options, bands, planes, dtype, refusal):
    values, path = BANDS[..., :bands].astype(dtype), tmp_path / "a.tif"
    options = {**options, "photometric": "rgb" if bands == 3 else "minisblack"}
    options |= {"planarconfig": "separate" if planes else "contig"}
    tifffile.imwrite(path, np.moveaxis(values, -1, 0) if planes else values, **options)
    pixels = pixels_of(path, bands)
    assert pixels.dtype == dtype
    np.testing.assert_array_equal(pixels, values)
    if bands != 3:
        assert f"has {bands} bands, but 3 are needed" in refusal(as_rgb, path)


@pytest.mark.parametrize(("extra", "dropped"), [("unassalpha", True), ("unspecified", False)])
def test_a_fourth_band_is_dropped_only_if_it_is_transparency_faults(tmp_path, extra, dropped, refusal):
    tifffile.imwrite(tmp_path / "a.tif", BANDS[..., :4], photometric="rgb", extrasamples=[extra])
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", 4), BANDS[..., :4])
    if dropped:
        np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif"), BANDS[..., :3])
    else:
        assert "has 4 bands, but 3 are needed" in refusal(as_rgb, tmp_path / "a.tif")


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"byteorder": ">"}, {"tile": (16, 16)}], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("extra", [None, "unassalpha", "unspecified"])
def test_where_white_is_zero_pictures_come_the_right_way_round_faults(tmp_path, options, dtype, extra):
    values, path = BANDS[..., :2].astype(dtype), tmp_path / "a.tif"
    more = {"extrasamples": [extra], "planarconfig": "contig"} if extra else {}
    tifffile.imwrite(path, values if extra else values[..., 0], photometric="miniswhite", **more, **options)
    bands = 2 if extra == "unspecified" else 1
    np.testing.assert_array_equal(pixels_of(path, bands), np.iinfo(dtype).max - values[..., :bands])
    if extra:
        second = values[..., 1] if extra == "unassalpha" else np.iinfo(dtype).max - values[..., 1]
        np.testing.assert_array_equal(numbers_of(path).values[..., 1], second)


@pytest.mark.parametrize("written", ["by Pillow", "by tifffile"])
def test_where_white_is_zero_bits_come_the_right_way_round(tmp_path, written):
    white = BANDS[..., 0] > 30000
    if written == "by Pillow":
        Image.fromarray(white).save(tmp_path / "a.tif", compression="group4")
    else:
        tifffile.imwrite(tmp_path / "a.tif", ~white, photometric="miniswhite")
    np.testing.assert_array_equal(numbers_of(tmp_path / "a.tif").values[..., 0], white)


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}], ids=str)
def test_where_white_is_zero_what_pillow_opened_is_what_lies_in_the_file_faults(tmp_path, options):
    Image.fromarray(BANDS[..., 0]).save(tmp_path / "a.tif", tiffinfo={262: 0}, **options)
    with Image.open(tmp_path / "a.tif") as opened:
        for source in (tmp_path / "a.tif", opened):
            np.testing.assert_array_equal(pixels_of(source, 1), 65535 - BANDS[..., :1])


@pytest.mark.parametrize(("colour", "bands"), [(0, 1), (4, 2), (2, 3), (6, 4)])
def test_png_keeps_its_16_bits_faults(tmp_path, colour, bands):
    values = BANDS[..., :bands]

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30, 20, 16, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    np.testing.assert_array_equal(numbers_of(tmp_path / "a.png").values, values)


@pytest.mark.parametrize("white", [255, 1000, 4095, 65535])
@pytest.mark.parametrize(("kind", "bands"), [("P2", 1), ("P3", 3), ("P5", 1), ("P6", 3)])
def test_pgm_and_ppm_keep_their_bits_faults(tmp_path, kind, bands, white, refusal):
    values, path = BANDS[..., :bands] % (white + 1), tmp_path / "a.ppm"
    stored = values.astype(">u2" if white > 255 else "u1").tobytes()
    if kind in ("P2", "P3"):
        stored = b"# by hand\n" + "\n".join(map(str, values.ravel().tolist())).encode()
    path.write_bytes(f"{kind} 30 20\n# a remark\n{white}\n".encode() + stored)
    pixels = pixels_of(path, bands)
    assert pixels.dtype == (np.uint8 if white == 255 else np.uint16)
    np.testing.assert_array_equal(pixels, np.rint(values / white * (255 if white == 255 else 65535)))
    np.testing.assert_array_equal(pixels_of(io.BytesIO(path.read_bytes()), bands), pixels)
    path.write_bytes(path.read_bytes()[:-200])
    assert "a.ppm: not a readable image" in refusal(pixels_of, path, bands)


@pytest.mark.parametrize("bands", [1, 8])  # by Pillow, by tifffile
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_carried_out_faults(tmp_path, bands, orientation):
    values = BANDS[..., :bands].astype(np.uint8)
    values = values[..., 0] if bands == 1 else values
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(tmp_path / "a.tif", values, **options, extratags=[(274, 3, 1, orientation, True)])
    expected = np.rot90(values, {3: 2, 4: 2, 5: -1, 6: -1, 7: 1, 8: 1}.get(orientation, 0))
    expected = expected[:, ::-1] if orientation in (2, 4, 5, 7) else expected
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", bands), expected.reshape(*expected.shape[:2], bands))
    assert orientation_of(tmp_path / "a.tif") == orientation


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"\0\0\0\x18ftypheic\0\0", "is a HEIC picture, which is not read; save it as JPEG, PNG or TIFF"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw picture, which is not read; develop it"),
        (b"\0" * 128 + b"DICM", "is a DICOM file, which is not read"),
        (b"%PDF-1.7", "is a PDF or PostScript document"),
        (b'<?xml version="1.0"?>\n<svg xmlns=', "is an SVG drawing"),
        (b"\0\0\0\x18ftypisom", "is a video, which is not read; save its frames as PNG"),
        (b"<!DOCTYPE html>", "is a web page, which is not read; fetch the picture itself"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        (b"\x93NUMPY", "load it, and give the array"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name_faults(tmp_path, start, says, refusal):
    (tmp_path / "a.png").write_bytes(start)
    assert says in refusal(as_rgb, tmp_path / "a.png")


@pytest.mark.parametrize("orientation", [1, 6])
def test_sizes_are_those_in_the_file(tmp_path, orientation, refusal):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for size in (20, 10):
            tiff.write(
                BANDS[:size],
                photometric="minisblack",
                planarconfig="contig",
                extratags=[(274, 3, 1, orientation, True)],
            )
    assert size_of(tmp_path / "a.tif", 1) == (20, 30) and size_of(tmp_path / "a.tif", 2) == (10, 30)
    assert "a.tif: holds 2 pages; choose one by page" in refusal(size_of, tmp_path / "a.tif")
    Image.fromarray(STACK[0]).save(tmp_path / "a.png")
    assert size_of(tmp_path / "a.png") == size_of(io.BytesIO((tmp_path / "a.png").read_bytes())) == (20, 30)


def test_a_header_that_no_file_could_fill_is_refused_faults(tmp_path, refusal):
    header = b"IHDR" + struct.pack(">IIBBBBB", 2**30, 2**30, 8, 2, 0, 0, 0)
    data = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data + b"\0\0\0\0IDAT" + b"\0" * 64)
    assert "bytes cannot hold its 1073741824x1073741824 pixels" in refusal(as_rgb, tmp_path / "a.png")
