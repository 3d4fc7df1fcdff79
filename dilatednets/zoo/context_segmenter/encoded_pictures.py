"""PNG and JPEG decoded in a graph as `dilatednets.data.images` decodes them: every bit, and turned as EXIF says."""

from typing import Any

import tensorflow as tf

from dilatednets.serving.graphs import checked

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
EXIF = r"\C{4}(eXIf|Exif\x00\x00)\C*"
XMP = r"\C{4}(iTXtXML:com\.adobe\.xmp|http://ns\.adobe\.com/xap/1\.0/)\C*"
"""How chunks of PNG and segments of JPEG begin that say which side of a picture is up; `\\C` is any byte."""
ROOM = b"\0" * 64
"""Put after what is read, so that no number begins in a file and ends beyond it."""


def pictures(image_bytes: Any, channels: int, sixteen_bits: bool) -> tf.Tensor:
    """The pixels of files of one size.

    Args:
        image_bytes: The files, string (batch,).
        channels: 3, or 1 for grey ones.
        sixteen_bits: Whether pictures of 16 bits keep their range, to 65535; otherwise it becomes that of 8 bits.

    Returns:
        float32 (batch, height, width, channels); of no files (0, 2, 2, channels).
    """

    def flat(data: Any) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = _picture(data, channels, sixteen_bits)
        return tf.shape(pixels), tf.reshape(pixels, [-1])

    specs = tf.TensorSpec([3], tf.int32), tf.RaggedTensorSpec([None], tf.float32, 0)
    shapes, values = tf.map_fn(flat, image_bytes, fn_output_signature=specs)
    first = tf.concat([shapes, [[2, 2, channels]]], axis=0)[0]
    words = "image_bytes: pictures of different sizes; send those of each size as a request of its own"
    shape = tf.concat([tf.shape(image_bytes), checked(first, tf.reduce_all(shapes == first), words)], axis=0)
    return tf.ensure_shape(tf.reshape(values.flat_values, shape), [None, None, None, channels])


def _picture(data: Any, channels: int, sixteen_bits: bool) -> tf.Tensor:
    is_png, is_jpeg = (tf.strings.substr(data, 0, len(start)) == start for start in (PNG, JPEG))
    data = checked(data, is_png | is_jpeg, "image_bytes: not a PNG or JPEG file; send one of these")
    turn, frames = _notes(data, is_png)
    data = checked(data, frames <= 1, "image_bytes: an animation of several pictures; send each as a file of its own")
    pixels = tf.cond(is_png, lambda: tf.io.decode_png(data, 3, tf.uint16), lambda: _of_jpeg(data))
    all_bits = is_png & (tf.strings.substr(tf.strings.join([data, ROOM]), 24, 1) == b"\x10") & sixteen_bits
    pixels = tf.cast(pixels, tf.float32) / tf.where(all_bits, 1.0, 257.0)
    if channels == 1:
        grey = tf.reduce_all(pixels == pixels[..., :1])
        pixels = checked(pixels[..., :1], grey, "image_bytes: a picture in colours; the model takes grey ones")
    aside, down, across = (tf.reduce_any(turn == turns) for turns in ([5, 6, 7, 8], [3, 4, 7, 8], [2, 3, 6, 7]))
    pixels = tf.transpose(pixels, tf.where(aside, [1, 0, 2], [0, 1, 2]))
    return pixels[:: tf.where(down, -1, 1), :: tf.where(across, -1, 1)]


def _of_jpeg(data: Any) -> tf.Tensor:
    """RGB as PNG of 8 bits is decoded to 16: times 257."""
    cmyk = tf.io.extract_jpeg_shape(data)[2] == 4
    data = checked(data, ~cmyk, "image_bytes: in CMYK colours, which depend on a profile; convert it to RGB first")
    # As exactly as Pillow does it.
    return tf.cast(tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"), tf.uint16) * 257


def _notes(data: Any, is_png: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """The EXIF orientation, from 1 to 8, and the number of frames that a file speaks of, chunk by chunk."""
    size = tf.cast(tf.strings.length(data), tf.int64)
    data = tf.strings.join([data, ROOM])
    head, tail = tf.where(is_png, _long(8), _long(4)), tf.where(is_png, _long(4), _long(0))

    def more(at: Any, *_: Any) -> tf.Tensor:
        pixels = tf.strings.substr(data, at, 2) == b"\xff\xda"
        return (at < size) & (is_png | (tf.strings.substr(data, at, 1) == b"\xff") & ~pixels)

    def step(at: Any, exif: Any, xmp: Any, frames: Any) -> tuple[tf.Tensor, ...]:
        length = tf.where(is_png, _number(data, at, 4), tf.maximum(_number(data, at + 2, 2) - 2, 0))
        body, start = tf.strings.substr(data, at + head, length), tf.strings.substr(data, at, 64)
        exif, xmp = (
            tf.strings.join([note, tf.where(tf.strings.regex_full_match(start, kind), body, b"")])
            for note, kind in ((exif, EXIF), (xmp, XMP))
        )
        animation = is_png & (tf.strings.substr(data, at + 4, 4) == b"acTL")
        frames = tf.maximum(frames, tf.where(animation, _number(data, at + 8, 4), 1))
        padding = tf.strings.substr(data, at, 2) == b"\xff\xff"
        return tf.minimum(tf.where(padding, at + 1, at + head + length + tail), size), exif, xmp, frames

    first = tf.where(is_png, _long(len(PNG)), _long(2))
    _, exif, xmp, frames = tf.while_loop(more, step, (first, tf.constant(b""), tf.constant(b""), _long(1)))
    return _orientation(exif, xmp), frames


def _orientation(exif: Any, xmp: Any) -> tf.Tensor:
    exif = tf.strings.join([tf.strings.regex_replace(exif, r"^(Exif\x00\x00)+", ""), ROOM])
    little = tf.strings.substr(exif, 0, 1) == b"I"  # of Intel, the low byte first
    at = tf.minimum(_number(exif, 4, 4, little), tf.cast(tf.strings.length(exif), tf.int64) - 2)
    entries = tf.io.decode_raw(tf.strings.substr(exif, at + 2, 12 * _number(exif, at, 2, little)), tf.uint8)
    entries = tf.cast(tf.reshape(entries[: tf.size(entries) // 12 * 12], [-1, 12]), tf.int32)
    even, odd = entries[:, ::2], entries[:, 1::2]
    tag, kind, _, _, short, end = tf.unstack(tf.where(little, even + 256 * odd, 256 * even + odd), axis=1)
    found = tf.boolean_mask(tf.where(~little & (kind == 4), end, short), tag == 0x0112)  # 4: a number of four bytes
    words = tf.strings.join([xmp, b'tiff:Orientation="1'])
    digit = tf.strings.regex_replace(words, r'^\C*?tiff:Orientation(?:="|>)([0-9])\C*$', r"\1")
    return tf.concat([found, [tf.strings.to_number(digit, tf.int32)]], axis=0)[0]


def _number(data: Any, at: Any, count: int, little: Any = False) -> tf.Tensor:
    """An unsigned number of so many bytes."""
    digits = tf.cast(tf.io.decode_raw(tf.strings.substr(data, at, count), tf.uint8), tf.int64)
    powers = tf.constant([256**power for power in reversed(range(count))], tf.int64)
    return tf.reduce_sum(digits * tf.where(little, powers[::-1], powers))


def _long(number: int) -> tf.Tensor:
    return tf.constant(number, tf.int64)
