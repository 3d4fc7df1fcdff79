"""Pictures of audio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dilatednets.data.plots import save_png, spectrogram_db, waveform_and_spectrogram
from dilatednets.errors import InputError

LEFT, RIGHT, WAVE, SPECTRUM = 64, 884, (34, 184), (198, 458)  # where the two plots lie in the picture


def tone(frequency, rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def pixels(image, rows):
    return np.asarray(image, np.float64)[rows[0] + 2 : rows[1] - 2, LEFT + 2 : RIGHT - 2].mean(axis=2)


def test_picture_has_its_size_and_is_not_blank(rng):
    image = waveform_and_spectrogram(rng.uniform(-1, 1, 4000), 8000, "some noise")
    assert image.size == (900, 498) and image.mode == "RGB"
    for rows in ((0, WAVE[0]), WAVE, SPECTRUM, (SPECTRUM[1], 498)):  # title, wave, spectrum, seconds
        assert len(np.unique(pixels(image, rows))) > 1


@given(st.integers(1, 3000), st.sampled_from([8000, 44100]))
def test_audio_of_any_length_is_drawn(samples, rate):
    assert waveform_and_spectrogram(np.linspace(-1, 1, samples), rate).size == (900, 498)
    assert np.isfinite(spectrogram_db(np.zeros(samples), rate)).all()


@pytest.mark.parametrize("rate", [8000, 22050])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.7])
def test_tone_lights_up_the_row_of_its_frequency(rate, part):
    audio = tone(part * rate / 2, rate)
    decibel = spectrogram_db(audio, rate)
    assert decibel.max() == 0 and decibel.min() == -70
    middle = decibel.shape[1] // 2
    assert np.argmax(decibel[:, middle]) == pytest.approx(part * (len(decibel) - 1), abs=1)
    brightness = pixels(waveform_and_spectrogram(audio, rate), SPECTRUM)
    row = np.argmax(brightness.mean(axis=1)) + 2
    assert row == pytest.approx((1 - part) * (SPECTRUM[1] - SPECTRUM[0]), abs=3)
    assert brightness.mean(axis=1).max() > 2 * np.median(brightness)


def test_time_runs_from_left_to_right_in_both_plots():
    image = waveform_and_spectrogram(np.concatenate([np.zeros(4000), tone(1000, 8000, 0.5)]), 8000)
    for rows, ink in ((WAVE, 255 - pixels(image, WAVE)), (SPECTRUM, pixels(image, SPECTRUM))):
        half = ink.shape[1] // 2
        assert ink[:, half + 20 :].mean() > 2 * ink[:, : half - 20].mean(), rows


def test_wave_shows_the_sign():
    image = 255 - pixels(waveform_and_spectrogram(np.abs(tone(5, 8000)), 8000), WAVE)
    middle = image.shape[0] // 2
    assert image[: middle - 2].sum() > 0 and image[middle + 4 :].sum() == 0


@pytest.mark.parametrize("audio", [np.zeros(0), np.zeros((2, 10)), np.float32(0.0)])
def test_refuses_what_is_no_audio(audio):
    with pytest.raises(InputError, match="audio: need samples of shape"):
        waveform_and_spectrogram(audio, 8000)


def test_saved_picture_is_the_picture(tmp_path):
    image = waveform_and_spectrogram(tone(440, 8000), 8000)
    save_png(image, tmp_path / "new" / "a.png")
    with Image.open(tmp_path / "new" / "a.png") as read:
        assert read.format == "PNG"
        np.testing.assert_array_equal(np.asarray(read), np.asarray(image))


def test_failed_save_leaves_the_old_picture_and_nothing_else(tmp_path, monkeypatch):
    image = Image.new("RGB", (3, 2), "red")
    path = tmp_path / "a.png"
    save_png(image, path)
    before = path.read_bytes()

    def disk_full(self, name, format):
        name.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", disk_full)
    with pytest.raises(OSError, match="No space"):
        save_png(image, path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"] and path.read_bytes() == before


def test_refuses_to_save_where_it_cannot(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "a.png", tmp_path):
        with pytest.raises(InputError, match=r"cannot write there .*choose another output"):
            save_png(Image.new("RGB", (3, 2)), path)
