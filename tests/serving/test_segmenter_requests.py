"""One table of odd pictures, held against both doors of a ContextSegmenter; and requests that a server refuses."""

import io
import struct
import zlib

import numpy as np
import pytest
from helpers import tiny_segmenter
from PIL import Image
from served import ask

pytest.importorskip("tensorflow")

import tensorflow as tf

from dilatednets.data.images import pixels_of
from dilatednets.errors import InputError
from dilatednets.zoo.context_segmenter.encoded_pictures import pictures
from dilatednets.zoo.context_segmenter.signatures import Signatures

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
SIZE = 36, 52
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def numbers(bits, bands=1, size=SIZE):
    """A smooth picture with edges and noise, in so many bits."""
    rng = np.random.default_rng(bits + bands)
    coarse = rng.uniform(size=(-(-size[0] // 12), -(-size[1] // 12), bands)).repeat(12, 0).repeat(12, 1)
    values = coarse[: size[0], : size[1]] * 0.8 + rng.uniform(size=(*size, bands)) * 0.2
    return (values * 2**bits).astype(np.uint16 if bits == 16 else np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(kind, bits, size=SIZE, interlaced=False, before=b"", after=b""):
    """A PNG file as the standard has it; Pillow writes less than half of what it allows."""
    values = numbers(bits, {RGB: 3, GREY_ALPHA: 2, RGBA: 4}.get(kind, 1), size)
    rows = b""
    for top, left, down, across in ADAM7 if interlaced else ((0, 0, 1, 1),):
        for row in values[top::down, left::across]:
            if bits < 8:
                row = np.packbits(np.unpackbits(row[..., None], axis=-1)[..., 8 - bits :])
            rows += b"\0" + row.astype(">u2" if bits == 16 else np.uint8).tobytes()
    header = struct.pack(">IIBBBBB", size[1], size[0], bits, kind, 0, 0, int(interlaced))
    if kind == PALETTE:
        before = chunk(b"PLTE", np.random.default_rng(0).integers(0, 256, 3 * 2**bits, np.uint8).tobytes()) + before
    end = chunk(b"IDAT", zlib.compress(rows)) + after + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + end


def saved(kind, mode="RGB", size=SIZE, **options):
    """A file by Pillow."""
    file = io.BytesIO()
    Image.fromarray(numbers(8, 3, size)).convert(mode).save(file, kind, **options)
    return file.getvalue()


def exif(orientation, big=False, number="H"):
    """EXIF with three entries, that of the orientation the last: a number of two bytes, or of four."""
    order, entry = "><"[not big], b"".join
    value = struct.pack(order + number, orientation).ljust(4, b"\0")
    entries = entry(struct.pack(order + "HHI", tag, 3, 1) + b"\1\0\1\0" for tag in (0x0100, 0x0101))
    entries += struct.pack(order + "HHI", 0x0112, {"H": 3, "I": 4}[number], 1) + value
    header = (b"MM\0*" if big else b"II*\0") + struct.pack(order + "I", 8)
    return b"Exif\0\0" + header + struct.pack(order + "H", 3) + entries + bytes(4)


XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
TURNED = {
    f"{kind} {name} {orientation}": saved(kind, exif=data)
    for kind in ("JPEG", "PNG")
    for orientation in range(10)
    for name, data in (
        ("little", exif(orientation)),
        ("big", exif(orientation, True)),
        ("big, four bytes", exif(orientation, True, "I")),
    )
}
PICTURES = {
    "1-bit": png(GREY, 1),
    "2-bit grey": png(GREY, 2),
    "4-bit grey": png(GREY, 4),
    "grey": png(GREY, 8),
    "grey, one value transparent": png(GREY, 8, before=chunk(b"tRNS", b"\0\7")),
    "16-bit grey": png(GREY, 16),
    "grey + alpha": png(GREY_ALPHA, 8),
    "16-bit grey + alpha": png(GREY_ALPHA, 16),
    "RGB": png(RGB, 8),
    "16-bit RGB": png(RGB, 16),
    "RGBA": png(RGBA, 8),
    "16-bit RGBA": png(RGBA, 16),
    "1-bit palette": png(PALETTE, 1),
    "4-bit palette": png(PALETTE, 4),
    "palette": png(PALETTE, 8),
    "palette + transparency": png(PALETTE, 8, before=chunk(b"tRNS", bytes(range(200)))),
    "interlaced": png(RGB, 8, interlaced=True),
    "interlaced, 16-bit": png(GREY, 16, interlaced=True),
    "gamma, physical size, text": png(
        GREY, 8, before=chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"a\0b")
    ),
    "EXIF at the end": png(RGB, 8, after=chunk(b"eXIf", exif(6)[6:])),
    "XMP in PNG": png(RGB, 8, before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.encode())),
    "JPEG": saved("JPEG", quality=90),
    "JPEG, all colours": saved("JPEG", subsampling=0, quality=95),
    "JPEG, half the colours": saved("JPEG", subsampling=1, quality=40),
    "progressive JPEG": saved("JPEG", progressive=True),
    "grey JPEG": saved("JPEG", "L"),
    "XMP in JPEG": saved("JPEG", xmp=XMP.encode()),
    "EXIF before XMP": saved("JPEG", xmp=XMP.encode(), exif=exif(3)),
    "EXIF without orientation": saved("JPEG", xmp=XMP.encode(), exif=exif(3).replace(b"\x12\x01", b"\x13\x01")),
    "a padded segment": saved("JPEG", exif=exif(8)).replace(b"\xff\xe1", b"\xff\xff\xff\xe1", 1),
    "a comment that speaks of EXIF": saved("JPEG", comment=b"\xff\xe1 " + exif(6)),
    "JPEG turned": TURNED["JPEG little 6"],
    "PNG turned": TURNED["PNG big 5"],
}
MIXED = "grey", "16-bit grey", "palette", "JPEG", "16-bit RGBA"
DAMAGED = {
    "empty": (b"", "not a PNG or JPEG file"),
    "no picture": (b"hello", "not a PNG or JPEG file"),
    "BMP": (saved("BMP"), "not a PNG or JPEG file"),
    "GIF": (saved("GIF"), "not a PNG or JPEG file"),
    "WebP": (saved("WEBP"), "not a PNG or JPEG file"),
    "TIFF": (saved("TIFF"), "not a PNG or JPEG file"),
    "CMYK": (saved("JPEG", "CMYK"), "in CMYK colours, which depend on a profile; convert it to RGB"),
    "animation": (saved("PNG", save_all=True, append_images=[Image.new("RGB", SIZE[::-1])]), "of several pictures"),
    "half a PNG": (png(RGB, 8)[:500], "Invalid PNG"),
    "half a JPEG": (saved("JPEG")[:700], "Invalid JPEG"),
    "start of a PNG": (png(RGB, 8)[:8], "Invalid PNG"),
    "start of a JPEG": (saved("JPEG")[:4], "Invalid JPEG"),
    "a pixel": (png(GREY, 8, (1, 1)), "at least 2x2"),
}


@pytest.fixture(scope="module")
def decode():
    """`pictures` as a graph, for a net that normalises and one that does not."""
    files = tf.TensorSpec([None], tf.string)
    return {
        deep: tf.function(lambda x, deep=deep: pictures(x, 3, deep), autograph=False).get_concrete_function(files)
        for deep in (True, False)
    }


@pytest.mark.parametrize("name", [*PICTURES, *TURNED])
def test_faults_files_are_decoded_to_the_last_bit_as_in_python(name, decode):
    data = {**PICTURES, **TURNED}[name]
    expected = pixels_of(io.BytesIO(data))
    assert expected.std() > 1
    deep, plain = (decode[bits](tf.constant([data])).numpy()[0] for bits in (True, False))
    np.testing.assert_array_equal(deep, expected)
    np.testing.assert_array_equal(plain, expected / np.float32(257 if expected.dtype == np.uint16 else 1))


def test_faults_turned_pictures_are_turned_in_each_way():
    """The table would prove nothing if both doors took EXIF for a comment."""
    seen = {pixels_of(io.BytesIO(TURNED[f"PNG big {turn}"])).tobytes() for turn in range(1, 9)}
    assert len(seen) == 8
    assert pixels_of(io.BytesIO(PICTURES["EXIF at the end"])).shape[:2] == SIZE[::-1]


@pytest.fixture(scope="module", params=["percentiles", pytest.param("none", marks=pytest.mark.slow)])
def served(request, tmp_path_factory):
    """A net, and what one server answers to all pictures of the table, to a mixed batch, and to what is no request."""
    model = tiny_segmenter(normalization=request.param)
    folder = tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    batches = [[data] for data in PICTURES.values()] + [[PICTURES[name] for name in MIXED]]
    batches += [[data] for data, _ in DAMAGED.values()] + [[png(GREY, 8), saved("JPEG", size=(40, 52))]]
    shapes = ((1, 0, 0, 3), (2, 1, 9, 3), (0, 33, 47, 3))
    requests = [("encoded", {"image_bytes": batch}) for batch in batches]
    requests += [("serving_default", {"image": np.zeros(shape, np.uint8)}) for shape in shapes]
    return model, ask(folder, [*requests, ("encoded", {"image_bytes": np.zeros(0, "S1")})])


def test_faults_odd_pictures_through_both_doors(served):
    model, answers = served
    for name, data, answer in zip(PICTURES, PICTURES.values(), answers, strict=False):
        assert "error" not in answer, (name, str(answer["error"]))
        np.testing.assert_array_equal(answer["labels"][0], model.segment(io.BytesIO(data)), err_msg=name)
    mixed = answers[len(PICTURES)]
    for name, labels, confidence in zip(MIXED, mixed["labels"], mixed["confidence"], strict=True):
        np.testing.assert_array_equal(labels, model.segment(io.BytesIO(PICTURES[name])), err_msg=name)
        outputs = np.asarray(model.averaged_outputs(pixels_of(io.BytesIO(PICTURES[name]))[None]))[0]
        np.testing.assert_allclose(confidence, outputs.max(axis=-1), atol=1e-5, err_msg=name)


def test_faults_requests_that_are_refused_or_empty(served):
    *refused, none, no_files = served[1][len(PICTURES) + 1 :]
    words = (
        [words for _, words in DAMAGED.values()] + ["pictures of different sizes"] + 2 * ["image: needs at least 2x2"]
    )
    for expected, answer in zip(words, refused, strict=True):
        assert any(expected in line for line in str(answer.get("error")).splitlines()), (expected, answer)
    assert none["labels"].shape == none["confidence"].shape == (0, 33, 47)
    assert no_files["labels"].ndim == no_files["confidence"].ndim == 3 and not no_files["labels"].size


@pytest.mark.parametrize("name", ["empty", "no picture", "CMYK", "animation", "half a PNG", "half a JPEG", "a pixel"])
def test_faults_python_refuses_them_too(name):
    with pytest.raises(InputError):
        tiny_segmenter().segment(io.BytesIO(DAMAGED[name][0]))


def test_faults_bit_depth_and_gain_do_not_change_what_is_served():
    """8-bit values in 16 bits, 12 bits in 16, and a fifth as bright, served to a net that normalises."""
    serve = Signatures(tiny_segmenter(normalization="percentiles")).signatures()["encoded"]
    values = numbers(8)[..., 0]
    files = []
    for picture in (values, values.astype(np.uint16), values.astype(np.uint16) * 16):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        files.append(file.getvalue())
    answer = serve(image_bytes=tf.constant(files))
    labels, confidence = answer["labels"].numpy(), answer["confidence"].numpy()
    assert len(np.unique(labels[0])) > 1
    np.testing.assert_array_equal(labels, labels[:1].repeat(3, 0))
    np.testing.assert_array_equal(confidence, confidence[:1].repeat(3, 0))


def test_faults_nets_of_other_bands():
    grey = tiny_segmenter(channels=1)
    signatures = Signatures(grey).signatures()
    for name in ("grey", "16-bit grey + alpha", "grey JPEG", "1-bit"):
        labels = signatures["encoded"](image_bytes=tf.constant([PICTURES[name]]))["labels"].numpy()
        np.testing.assert_array_equal(labels, [grey.segment(io.BytesIO(PICTURES[name]))])
    with pytest.raises(tf.errors.InvalidArgumentError, match="a picture in colours; the model takes grey ones"):
        signatures["encoded"](image_bytes=tf.constant([PICTURES["RGB"]]))
    with pytest.raises(InputError, match="3 bands"):
        grey.segment(io.BytesIO(PICTURES["RGB"]))
    five = Signatures(tiny_segmenter(channels=5))
    assert set(five.signatures()) == set(five.examples()) == {"serving_default"}
    image = five.examples()["serving_default"]["image"]
    assert five.signatures()["serving_default"](image=tf.constant(image))["labels"].shape == (1, 64, 64)
