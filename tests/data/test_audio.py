"""Audio files in, audio files out."""

import io
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sounds import KINDS, encoded, sine, strongest_frequency, wav_bytes

from dilatednets.data.audio import is_silent, normalize_level, read_audio, resample, trim_silence, write_audio
from dilatednets.errors import InputError, Note


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


@pytest.mark.parametrize(("kind", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_flac_and_ogg(path, kind, subtype):
    audio = np.stack([sine(440, 44100), np.zeros(22050)], axis=1)
    path.write_bytes(encoded(kind, subtype, audio, 44100))
    if kind == "FLAC":
        np.testing.assert_allclose(read_audio(path), audio.mean(axis=1), atol=1e-4)
    read = read_audio(path, 8000)
    assert len(read) == pytest.approx(4000, abs=20) and np.abs(read).max() == pytest.approx(0.25, abs=0.02)
    assert strongest_frequency(read, 8000) == pytest.approx(440, abs=0.5)


@pytest.mark.parametrize("head", [b"ID3\x03\0\0\0\0\0\0", b"\xff\xfb\x90\x00", b"OggS", b"fLaC"])
def test_compressed_file_of_a_header_alone_is_refused(reason, head):
    assert "damaged" in reason(head + bytes(100))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"This is no sound.", "not an audio file"),
        (b"RI", "not an audio file"),
        (wav_bytes(np.zeros((0, 1)), 8000, "int16"), "no samples"),
        (wav_bytes(np.zeros((0, 2)), 8000, "float32"), "no samples"),
        (wav_bytes(np.array([[0.0], [np.nan]]), 8000, "float32"), "NaN or infinity"),
        (wav_bytes(np.array([[0.0], [-np.inf]]), 8000, "float64"), "NaN or infinity"),
        (wav_bytes(np.zeros((9, 1)), 0, "int16"), "damaged WAV"),
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
    path.write_bytes(wav_bytes(np.array([[1.5], [-1.9], [0.25]]), 8000, "float32"))
    assert read_audio(path).tolist() == [1.0, -1.0, 0.25]


@pytest.mark.filterwarnings("ignore:.*is cut at 1")
@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-2, 2, width=32)))
def test_written_wav_reads_back_clipped_to_full_scale(audio):
    with tempfile.TemporaryDirectory() as folder:
        write_audio(f"{folder}/new/a.wav", audio, 8000)
        assert Path(folder, "new", "a.wav").stat().st_size == 44 + 2 * len(audio)
        np.testing.assert_allclose(read_audio(f"{folder}/new/a.wav"), np.clip(audio, -1, 1), atol=1.6 / 32768)


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, path, monkeypatch):
    write_audio(path, np.zeros(10), 8000)
    before = path.read_bytes()

    def disk_full(path, data):
        with open(path, "wb") as file:
            file.write(b"RIFF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", disk_full)
    with pytest.raises((InputError, OSError), match="No space"):
        write_audio(path, np.ones(10), 8000)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"] and path.read_bytes() == before


@pytest.mark.parametrize(
    ("audio", "says"),
    [(np.zeros((2, 10)), "of shape"), (np.array([0.0, np.nan]), "holds NaN"), (np.float32(0.0), "of shape")],
)
def test_refuses_to_write_what_is_no_audio(tmp_path, audio, says):
    with pytest.raises(InputError, match=rf"a\.wav: .*{says}"):
        write_audio(tmp_path / "a.wav", audio, 8000)
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_write_where_it_cannot(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "a.wav", tmp_path):
        with pytest.raises(InputError, match=r"cannot write there .*choose another output"):
            write_audio(path, np.zeros(10), 8000)


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


@pytest.mark.parametrize("scale", [32767.0, 128.0, 8388607.0])
def test_faults_float_wav_in_the_range_of_integers_is_refused(reason, scale):
    said = reason(wav_bytes(scale * sine(440, 8000)[:, None], 8000, "float32"))
    assert "floats must be in [-1, 1]" in said


def test_faults_files_in_text_mode_and_other_sources_are_refused(refusal):
    assert "binary mode" in refusal(read_audio, io.StringIO("RIFF"))
    for source in (None, 3, b"a.wav", [1, 2]):
        assert refusal(read_audio, source).startswith("path: must be a path or a file")
    assert "cannot be read" in refusal(read_audio, "a\0.wav")


@pytest.mark.parametrize("rate", [0, -8000, 8000.5, "8000", None, 10**12])
def test_faults_rates_that_are_none_are_refused(path, refusal, rate):
    assert refusal(write_audio, path, np.zeros(9), rate).startswith("sample_rate: must be")
    assert not path.exists()
    if rate is not None:
        write_audio(path, np.zeros(9), 8000)
        assert refusal(read_audio, path, rate).startswith("sample_rate: must be")


def test_faults_what_is_cut_is_told(path):
    with pytest.warns(Note, match=r"a.wav: reaches 1.50 and is cut at 1; make it softer"):
        write_audio(path, [0.0, -1.5], 8000)


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8", "int64"])
def test_faults_integers_are_written_as_the_audio_they_are(path, dtype):
    half = {"int16": 16384, "int32": 2**30, "uint8": 192, "int64": 2**62}[dtype]
    zero = 128 if dtype == "uint8" else 0
    write_audio(path, np.array([zero, half, 2 * zero - half], dtype), 8000)
    assert read_audio(path).tolist() == [0.0, 0.5, -0.5]


@pytest.mark.parametrize("samples", [[0, 12000, -12000], np.array([0, 2**30])])
def test_faults_integers_whose_range_nobody_knows_are_not_written_as_silence(path, refusal, samples):
    assert "but int64 must be in [-1, 1]; divide by the largest possible value" in refusal(
        write_audio, path, samples, 8000
    )
    write_audio(path, [0, 1, -1], 8000)
    np.testing.assert_allclose(read_audio(path), [0, 1, -1], atol=1e-4)


def test_faults_sound_of_16_bits_is_kept_to_the_bit(path):
    codes = np.arange(-32768, 32768).astype(np.int16)
    write_audio(path, codes, 8000)
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], codes)


@pytest.mark.parametrize(("suffix", "kind"), [(".flac", "FLAC"), (".ogg", "OGG"), (".MP3", "MP3"), (".WAV", "WAV")])
def test_faults_a_file_has_the_format_that_its_suffix_names(tmp_path, suffix, kind):
    path = tmp_path / f"a{suffix}"
    write_audio(path, sine(440, 8000), 8000)
    assert soundfile.info(path).format == kind
    assert strongest_frequency(read_audio(path), 8000) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("name", ["a.m4a", "a", "-", "a.wav.txt"])
def test_faults_formats_that_cannot_be_written_are_refused(tmp_path, refusal, name):
    assert "names ending in .wav, .flac, .ogg, .mp3" in refusal(write_audio, tmp_path / name, np.zeros(9), 8000)
    assert list(tmp_path.iterdir()) == []


def test_faults_a_rate_that_a_format_lacks_is_refused(tmp_path, refusal):
    assert "cannot be written at 12345 Hz" in refusal(write_audio, tmp_path / "a.mp3", np.zeros(9), 12345)


@pytest.mark.parametrize("level", [2.5e-5, 1e-4, 3e-4])
def test_faults_dithered_silence_is_not_brought_to_the_level_of_speech(rng, level):
    dither = (level * rng.standard_normal(8000)).astype(np.float32)
    np.testing.assert_array_equal(normalize_level(dither), dither)
    assert is_silent(dither) and not is_silent(10 * dither + 1e-3)
