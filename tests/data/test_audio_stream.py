"""Sound in blocks, against whole files."""

import io
import os
import resource
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from dilatednets.data import audio_stream
from dilatednets.data.audio import read_audio, resample, write_audio
from dilatednets.data.audio_stream import resampled, sound_reader, sound_writer
from dilatednets.errors import InputError


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(audio_stream, "BLOCK", 1000)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_files_come_back(suffix, tmp_path):
    audio = np.stack([np.sin(np.arange(4321) / step) / 2 for step in (9, 40)]).astype(np.float32)
    path = str(tmp_path / f"a{suffix}")
    with sound_writer(path, 44100, 2) as write:
        for block in np.split(audio, [7, 3000], axis=1):
            write(block)
    with sound_reader(path, 8000) as sound:
        assert (sound.sample_rate, sound.channels, sound.frames) == (44100, 2, 4321)
        blocks = list(sound.blocks)
    assert max(block.shape[1] for block in blocks) <= 1000
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), audio, atol=0.05 if suffix == ".ogg" else 2**-23)


@pytest.mark.parametrize(
    ("from_rate", "to_rate"), [(44100, 48000), (48000, 44100), (8000, 44100), (96000, 48000), (8000, 8000)]
)
def test_resampling_of_blocks_equals_that_of_the_whole(from_rate, to_rate, rng):
    audio = np.float32(0.3 * np.convolve(rng.normal(size=20000), np.ones(9) / 9, "same"))
    blocks = iter(np.split(audio[None], [1, 700, 9000], axis=1))
    made = np.concatenate(list(resampled(blocks, from_rate, to_rate)), axis=1)[0]
    np.testing.assert_allclose(made, resample(audio, from_rate, to_rate), atol=1e-6)


def test_pipes(rng, monkeypatch):
    audio = rng.uniform(-1, 1, 3000).astype(np.float32)
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(audio.tobytes())))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=output))
    with sound_reader("-", 48000) as sound, sound_writer("-", 48000, 1) as write:
        assert (sound.sample_rate, sound.channels) == (48000, 1)
        for block in sound.blocks:
            write(block)
    assert output.getvalue() == audio.tobytes()


def test_faults_of_files(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), 8000)
    whole = (tmp_path / "a.wav").read_bytes()
    for name, content, words in (
        ("cut.wav", whole[:-1000], "truncated file, "),
        ("text.wav", b"nothing that sounds", "not an audio file of a known format"),
        ("empty.wav", b"", r"the file is empty \(0 bytes\)"),
        ("none.wav", whole[:40] + bytes(4), "holds no samples"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words), sound_reader(str(tmp_path / name), 8000) as sound:
            list(sound.blocks)
    with (
        pytest.raises(InputError, match=r"^'': not the name of a file"),
        sound_reader("", 1),
    ):
        pass
    with (
        pytest.raises(InputError, match=r"nothing.wav: cannot be read"),
        sound_reader(str(tmp_path / "nothing.wav"), 1),
    ):
        pass
    with pytest.raises(InputError, match="sound is written to names"), sound_writer(str(tmp_path / "a.txt"), 8000, 1):
        pass
    with (
        pytest.raises(InputError, match="output: MP3 cannot be written"),
        sound_writer(str(tmp_path / "a.mp3"), 1234, 1),
    ):
        pass
    with pytest.raises(InputError, match="output: - takes mono sound"), sound_writer("-", 8000, 2):
        pass
    for piped, words in (
        (bytes(9), "ends within a sample"),
        (b"", "holds no samples"),
        (whole, "begins with the header of a file; pipe samples alone"),
        (b"ID3\4" + bytes(96), "begins with the header of a file; pipe samples alone"),
        (b"RF64" + bytes(96), "begins with the header of a file; pipe samples alone"),
    ):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(piped)))
        with pytest.raises(InputError, match=f"standard input: {words}"), sound_reader("-", 8000) as sound:
            list(sound.blocks)


@pytest.mark.parametrize("rate", [1, 3_000_017, 2**31 - 1])
def test_faults_a_damaged_header_takes_no_memory(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8000)
    whole = bytearray((tmp_path / "a.wav").read_bytes())
    whole[24:28] = rate.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(whole)
    with (
        pytest.raises(InputError, match=f"a.wav: damaged file, a sample rate of {rate}; export"),
        sound_reader(str(tmp_path / "a.wav"), 8000),
    ):
        pass
    with pytest.raises(InputError, match=f"a.wav: damaged file, a sample rate of {rate}; export"):
        read_audio(tmp_path / "a.wav", 8000)


def test_blocks_from_a_low_rate_stay_small():
    blocks = resampled([np.zeros((1, 900), np.float32)], 10, 44100)
    sizes = [block.shape[1] for block in blocks]
    assert sum(sizes) == 900 * 4410 and max(sizes) < 100_000


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_faults_a_full_disk_leaves_no_piece_of_a_recording(suffix, tmp_path, rng):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    path, noise = tmp_path / f"a{suffix}", np.float32(rng.normal(0, 0.1, (1, 3000)))
    for size in (0, 60, 1500):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            refused = pytest.raises(InputError, match=r"cannot write there \(File too large\); make room")
            with refused, sound_writer(str(path), 8000, 1) as write:
                write(noise)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(tmp_path.iterdir()) == []


def test_faults_a_wav_is_never_longer_than_its_header_can_say(tmp_path, rng, monkeypatch):
    audio = rng.uniform(-1, 1, (2, 3000)).astype(np.float32)
    monkeypatch.setattr(audio_stream, "WAV_BYTES", 6000)
    known, live, flac = (str(tmp_path / name) for name in ("known.wav", "live.wav", "live.flac"))
    for path, frames in ((known, 3000), (flac, None)):
        with sound_writer(path, 8000, 2, frames) as write:
            for block in np.split(audio, 3, axis=1):
                write(block)
        with sound_reader(path, 8000) as sound:
            np.testing.assert_allclose(np.concatenate(list(sound.blocks), axis=1), audio, atol=2**-23)
    assert (tmp_path / "known.wav").read_bytes().startswith(b"RF64")
    refused = pytest.raises(InputError, match=r"live.wav: holds the first 1,000 of 3,000 samples.* write .flac")
    with refused, sound_writer(live, 8000, 2) as write:
        write(audio[:, :700])
        write(audio[:, 700:])
    with sound_reader(live, 8000) as sound:
        np.testing.assert_allclose(np.concatenate(list(sound.blocks), axis=1), audio[:, :1000], atol=2**-23)


def test_faults_a_wav_whose_size_has_wrapped_is_refused(tmp_path):
    write_audio(tmp_path / "a.wav", np.zeros(500, np.float32), 8000)
    with open(tmp_path / "a.wav", "r+b") as file:
        file.truncate(2**32 + (tmp_path / "a.wav").stat().st_size)  # a hole, which takes no room
    with (
        pytest.raises(InputError, match=r"a.wav: longer than a WAV's header can say; convert it to FLAC"),
        sound_reader(str(tmp_path / "a.wav"), 8000),
    ):
        pass


def test_a_named_pipe_is_read(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    audio = np.linspace(-0.5, 0.5, 500, dtype=np.float32)
    write_audio(tmp_path / "b.wav", audio, 8000)
    writer = threading.Thread(target=(tmp_path / "a.wav").write_bytes, args=[(tmp_path / "b.wav").read_bytes()])
    writer.start()
    with sound_reader(str(tmp_path / "a.wav"), 8000) as sound:
        np.testing.assert_allclose(np.concatenate(list(sound.blocks), axis=1)[0], audio, atol=2**-15)
    writer.join()
