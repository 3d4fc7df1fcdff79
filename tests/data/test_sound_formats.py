"""Sound of any format: read, or named with the cure."""

import io
import struct

import numpy as np
import pytest
from sounds import encoded, sine, strongest_frequency, wav_bytes

from dilatednets.data.audio import read_audio


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "ULAW"),
        ("WAV", "ALAW"),
        ("WAV", "MS_ADPCM"),
        ("WAVEX", "PCM_24"),
        ("RF64", "PCM_16"),
        ("W64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AIFF", "ALAW"),
        ("AU", "PCM_16"),
        ("CAF", "ALAC_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_faults_sound_of_any_kind_is_read_and_never_shortened(path, reason, kind, subtype):
    whole = encoded(kind, subtype, sine(440, 8000), 8000)
    path.write_bytes(whole)  # whatever its name says
    read = read_audio(path)
    assert len(read) == 4000 and strongest_frequency(read, 8000) == pytest.approx(440, abs=1)
    np.testing.assert_array_equal(read_audio(io.BytesIO(whole)), read)
    for cut in (len(whole) // 2, len(whole) - 3):
        assert "truncated" in reason(whole[:cut])


def piped(container, size):
    """A file whose writer could not go back to its head."""
    whole = bytearray(encoded(container, "PCM_16", sine(440, 8000), 8000))
    order, name = ("<", b"data") if container == "WAV" else (">", b"SSND")
    for place in (4, whole.index(name) + 4):
        whole[place : place + 4] = struct.pack(f"{order}I", size)
    return bytes(whole)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0])
def test_faults_wav_from_a_pipe_is_read_to_its_end(path, size):
    path.write_bytes(piped("WAV", size))
    np.testing.assert_allclose(read_audio(path), sine(440, 8000), atol=1e-4)


def test_faults_flac_from_a_pipe_is_read_to_its_end(path, reason):
    whole = bytearray(encoded("FLAC", "PCM_16", sine(440, 8000), 8000))
    whole[21] &= 0xF0
    whole[22:26] = bytes(4)  # the number of samples
    path.write_bytes(whole)
    np.testing.assert_allclose(read_audio(path), sine(440, 8000), atol=1e-4)
    assert "truncated" in reason(bytes(whole[: len(whole) // 2]))


def test_faults_mp3_cut_out_of_a_longer_one_is_read(path):
    whole = encoded("MP3", "MPEG_LAYER_III", sine(440, 8000, 3), 8000)
    frames = [place for place in range(len(whole) - 1) if whole[place : place + 2] == whole[:2]]
    path.write_bytes(whole[frames[5] :])  # without the frame that counts them all
    read = read_audio(path)
    assert 20000 < len(read) < 24000 and strongest_frequency(read, 8000) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"\0\0\0\x20ftypM4A ", "MP4"),
        (b"\xff\xf1\x50\x80", "AAC"),
        (b"\x30\x26\xb2\x75\x8e\x66", "Windows Media"),
        (b"#!AMR\n", "AMR"),
        (b"OggS" + bytes(24) + b"Speex   ", "Speex"),
        (
            wav_bytes(np.zeros((9, 1)), 8000, "int16").replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x10\0\0\0\x61\x01"),
            "0x0161",
        ),
    ],
)
def test_faults_codecs_that_cannot_be_read_are_named_with_the_cure(reason, head, codec):
    said = reason(head + bytes(100))
    assert codec in said and "cannot be read" in said and "convert it: ffmpeg -i" in said


def test_faults_command_that_converts_can_be_pasted(tmp_path, refusal):
    path = tmp_path / "my song.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(40))
    assert refusal(read_audio, path).endswith(f"ffmpeg -i '{path}' 'my song.wav'")
    path.rename(tmp_path / "its.wav")
    assert refusal(read_audio, tmp_path / "its.wav").endswith(" pcm-its.wav")
