"""Audio files in, audio files out. Truncated FLAC is left out: tensorflow-io's native reader can wait on it for ever."""

import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dilatednets.data.audio import normalize_level, read_audio, resample, trim_silence, write_wav
from dilatednets.errors import InputError

KINDS = {"uint8": (1, 8), "int16": (1, 16), "int24": (1, 24), "int32": (1, 32), "float32": (3, 32), "float64": (3, 64)}


def sine(frequency, rate, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def strongest_frequency(audio, rate):
    return np.argmax(np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 10 * rate))) / 10


def wav_bytes(audio, rate, kind):
    """A WAV file of `audio` (frames, channels), made without the library that reads it."""
    form, bits = KINDS[kind]
    if form == 3:
        data = audio.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.round(audio * 127 + 128).astype(np.uint8).tobytes()
    else:
        codes = np.round(audio * (2 ** (bits - 1) - 1)).astype("<i8")
        data = codes[..., None].view(np.uint8)[..., : bits // 8].tobytes()
    frame = audio.shape[1] * bits // 8
    form = struct.pack("<HHIIHH", form, audio.shape[1], rate, rate * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    body += bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"


@pytest.fixture
def reason(path, refusal):
    """Why a file with such content, or none, is refused."""

    def reason(content):
        if content is not None:
            path.write_bytes(content)
        name, reason = refusal(read_audio, path).split(": ", 1)
        assert name == str(path)
        return reason

    return reason


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_wav_of_any_depth_gives_the_mean_over_channels(path, rng, kind, channels):
    audio = rng.uniform(-1, 1, (300, channels))
    path.write_bytes(wav_bytes(audio, 8000, kind))
    read = read_audio(path)
    assert read.dtype == np.float32 and read.shape == (300,)
    np.testing.assert_allclose(read, audio.mean(axis=1), atol=1.6 / 2 ** min(KINDS[kind][1] - 1, 22))


def test_resampling_keeps_duration_and_pitch(path):
    path.write_bytes(wav_bytes(sine(440, 44100)[:, None], 44100, "int16"))
    read = read_audio(path, 8000)
    assert read.dtype == np.float32 and len(read) == 4000
    assert strongest_frequency(read, 8000) == pytest.approx(440, abs=0.5)
    assert np.abs(read[400:-400]).max() == pytest.approx(0.5, abs=0.01)


def test_resampling_removes_what_the_lower_rate_cannot_hold():
    assert np.abs(resample(sine(6000, 44100), 44100, 8000)[400:-400]).max() < 0.01


@given(st.integers(1, 2000), st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]))
def test_resampled_length_is_the_duration_rounded_up(samples, rate):
    assert len(resample(np.zeros(samples, np.float32), rate, 8000)) == -(-samples * 8000 // rate)


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_flac_and_ogg_through_tensorflow_io(path, kind):
    tfio = pytest.importorskip("tensorflow_io")
    audio = np.stack([sine(440, 44100), np.zeros(22050)], axis=1)
    if kind == "flac":
        encoded = tfio.audio.encode_flac(np.round(audio * 32767).astype(np.int16), rate=44100)
    else:
        encoded = tfio.audio.encode_vorbis(audio.astype(np.float32), rate=44100)
    path.write_bytes(encoded.numpy())
    if kind == "flac":
        np.testing.assert_allclose(read_audio(path), audio.mean(axis=1), atol=1e-4)
    read = read_audio(path, 8000)
    assert len(read) == pytest.approx(4000, abs=20) and np.abs(read).max() == pytest.approx(0.25, abs=0.02)
    assert strongest_frequency(read, 8000) == pytest.approx(440, abs=0.5)


@pytest.mark.tensorflow
@pytest.mark.parametrize("head", [b"ID3\x03\0\0\0\0\0\0", b"\xff\xfb\x90\x00", b"OggS"])
def test_compressed_file_of_a_header_alone_is_refused(reason, head):
    pytest.importorskip("tensorflow_io")
    assert "damaged" in reason(head + bytes(100))


@pytest.mark.parametrize("head", [b"fLaC", b"OggS", b"ID3\x03", b"\xff\xfb\x90\x00"])
def test_without_tensorflow_io_the_extra_is_named(reason, monkeypatch, head):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    assert "pip install 'dilatednets[io]'" in reason(head + bytes(20))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"This is no sound.", "not an audio file"),
        (b"RI", "not an audio file"),
        (wav_bytes(np.zeros((0, 1)), 8000, "int16"), "no samples"),
        (wav_bytes(np.zeros((0, 2)), 8000, "float32"), "no samples"),
        (wav_bytes(np.array([[0.0], [np.nan]]), 8000, "float32"), "no numbers"),
        (wav_bytes(np.array([[0.0], [-np.inf]]), 8000, "float64"), "no numbers"),
        (wav_bytes(np.zeros((9, 1)), 0, "int16"), "sample rate of 0"),
    ],
)
def test_bad_file_is_refused_with_its_name(reason, content, says):
    assert says in reason(content)


def test_folder_is_refused(path, reason):
    path.mkdir()
    assert "cannot be read" in reason(None)


@pytest.mark.parametrize(("kind", "channels"), [("uint8", 1), ("int16", 1), ("int24", 2), ("int32", 5), ("float32", 2)])
def test_wav_cut_anywhere_is_refused(reason, rng, kind, channels):
    whole = wav_bytes(rng.uniform(-1, 1, (7, channels)), 8000, kind)
    for cut in range(len(whole) - 7 * channels * KINDS[kind][1] // 8 % 2):  # a padding byte will not be missed
        assert reason(whole[:cut])


def test_unknown_chunks_do_no_harm(path):
    whole = wav_bytes(np.full((10, 1), 0.5), 8000, "int16")
    for chunk in (b"LIST\x04\0\0\0INFO", b"abcd\x02\0\0\0xy"):
        for body in (whole[8:] + chunk, whole[8:12] + chunk + whole[12:]):
            path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
            np.testing.assert_allclose(read_audio(path), np.full(10, 0.5), atol=1e-4)


@given(st.integers(0, 43), st.integers(0, 255), st.sampled_from(["uint8", "int16", "int24", "float32"]))
def test_damaged_header_is_read_or_refused(place, byte, kind):
    content = bytearray(wav_bytes(np.full((7, 2), 0.25), 8000, kind))
    content[place] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        path.write_bytes(content)
        try:
            assert np.all(np.abs(read_audio(path)) <= 1)
        except InputError as error:
            assert str(error).startswith(f"{path}: ")


def test_float_wav_beyond_full_scale_is_clipped(path):
    path.write_bytes(wav_bytes(np.array([[1.5], [-3.0], [0.25]]), 8000, "float32"))
    assert read_audio(path).tolist() == [1.0, -1.0, 0.25]


@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-2, 2, width=32)))
def test_written_wav_reads_back_clipped_to_full_scale(audio):
    with tempfile.TemporaryDirectory() as folder:
        write_wav(f"{folder}/new/a.wav", audio, 8000)
        assert Path(folder, "new", "a.wav").stat().st_size == 44 + 2 * len(audio)
        np.testing.assert_allclose(read_audio(f"{folder}/new/a.wav"), np.clip(audio, -1, 1), atol=1.6 / 32768)


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, path, monkeypatch):
    write_wav(path, np.zeros(10), 8000)
    before = path.read_bytes()

    def disk_full(name, rate, audio):
        Path(name).write_bytes(b"RIFF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scipy.io.wavfile.write", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_wav(path, np.ones(10), 8000)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"] and path.read_bytes() == before


@pytest.mark.parametrize("audio", [np.zeros((2, 10)), np.array([0.0, np.nan]), np.float32(0.0)])
def test_refuses_to_write_what_is_no_audio(tmp_path, audio):
    with pytest.raises(InputError, match=r"a\.wav: need finite audio"):
        write_wav(tmp_path / "a.wav", audio, 8000)
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_write_where_it_cannot(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "a.wav", tmp_path):
        with pytest.raises(InputError, match=r"cannot write there .*choose another output"):
            write_wav(path, np.zeros(10), 8000)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 80), st.sampled_from([0.0, 0.02, 0.5]))
def test_trimming_keeps_one_stretch_with_all_that_is_loud(loud, last, margin):
    rng = np.random.default_rng(0)
    audio = np.repeat(np.where(loud, 1.0, 1e-6), 80) * rng.uniform(0.3, 0.5, 80 * len(loud))
    audio = audio[: 80 * (len(loud) - 1) + last]
    trimmed = trim_silence(audio, 8000, margin=margin)
    if not any(loud):
        loud = [True] * len(loud)
    start = int(np.flatnonzero(audio == trimmed[0])[0])
    end = start + len(trimmed)
    np.testing.assert_array_equal(trimmed, audio[start:end])
    keep, frames = round(8000 * margin), np.flatnonzero(loud)
    assert start == max(80 * frames[0] - keep, 0) and end == min(80 * (frames[-1] + 1) + keep, len(audio))


def test_digital_silence_stays_as_it_is():
    silence = np.zeros(1000, np.float32)
    np.testing.assert_array_equal(trim_silence(silence, 8000), silence)
    np.testing.assert_array_equal(normalize_level(silence), silence)


@given(hnp.arrays(np.float32, 20, elements=st.floats(-1, 1, width=32, allow_subnormal=False)), st.floats(-40, 0))
def test_normalising_reaches_the_level_or_full_scale(audio, level):
    audio[0] = 0.5
    scaled = normalize_level(audio, level).astype(np.float64)
    wanted = 10 ** (level / 20)
    reached, peak = np.sqrt(np.mean(scaled**2)), np.abs(scaled).max()
    assert reached == pytest.approx(wanted, rel=1e-5) or (peak == pytest.approx(1.0) and reached < wanted)
    np.testing.assert_allclose(scaled * audio[0], audio.astype(np.float64) * scaled[0], atol=1e-6)
