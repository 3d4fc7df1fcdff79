"""Pictures of audio."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dilatednets.errors import InputError
from dilatednets.plots.audio import draw_spectrogram, draw_waveform, spectrogram_db, waveform_and_spectrogram
from dilatednets.plots.figure import figure


def tone(frequency, rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def pixels(picture, ax):
    """The grey levels inside axes, the top row first."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(picture)
    canvas.draw()
    image, box = np.asarray(canvas.buffer_rgba())[..., :3].mean(axis=2), ax.get_window_extent()
    height = len(image)
    return image[round(height - box.y1) + 2 : round(height - box.y0) - 2, round(box.x0) + 2 : round(box.x1) - 2]


@settings(max_examples=20)
@given(st.integers(1, 3000), st.sampled_from([8000, 44100]))
def test_audio_of_any_length_is_drawn(samples, rate):
    above, below, _ = waveform_and_spectrogram(np.linspace(-1, 1, samples), rate, "title").axes
    assert above.get_xlim() == below.get_xlim() == pytest.approx((0, samples / rate))
    assert above.get_title(loc="left") == "title"
    assert np.isfinite(spectrogram_db(np.zeros(samples), rate)).all()


@pytest.mark.parametrize("rate", [8000, 22050])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.7])
def test_tone_lights_up_the_row_of_its_frequency(rate, part):
    audio = tone(part * rate / 2, rate)
    decibel = spectrogram_db(audio, rate)
    assert decibel.max() == 0 and decibel.min() == -70
    middle = decibel.shape[1] // 2
    assert np.argmax(decibel[:, middle]) == pytest.approx(part * (len(decibel) - 1), abs=1)
    picture, (ax,) = figure([300])
    draw_spectrogram(ax, audio, rate)
    assert ax.get_ylim() == (0, rate / 2000)
    brightness = pixels(picture, ax).mean(axis=1)
    assert np.argmax(brightness) == pytest.approx((1 - part) * len(brightness), abs=3)
    assert brightness.max() > 2 * np.median(brightness)


def test_time_runs_from_left_to_right_in_both_plots():
    picture = waveform_and_spectrogram(np.concatenate([np.zeros(4000), tone(1000, 8000, 0.5)]), 8000)
    for ax, ink in zip(picture.axes, (lambda grey: 255 - grey, lambda grey: grey), strict=False):
        drawn = ink(pixels(picture, ax))
        half = drawn.shape[1] // 2
        assert drawn[:, half + 20 :].mean() > 2 * drawn[:, : half - 20].mean()


def test_of_long_sounds_each_column_is_the_mean_of_neighbours(rng):
    rate, window, hop = 1000, 25, 5
    audio = rng.uniform(-1, 1, 60 * rate) * np.linspace(0.01, 1, 60 * rate)
    padded = np.concatenate([np.zeros(window // 2), audio, np.zeros(window)])
    cut = [padded[at : at + window] * np.hanning(window) for at in range(0, len(audio) + 1, hop)]
    power = [np.abs(np.fft.rfft(frame, n=4 * window)) ** 2 for frame in cut]
    assert len(power) == 12_001
    means = np.stack([np.mean(power[at : at + 4], axis=0) for at in range(0, len(power), 4)])
    decibel = 10 * np.log10(means / means.max())
    np.testing.assert_allclose(spectrogram_db(audio, rate), np.maximum(decibel, -70).T, atol=1e-6)


def test_spectra_of_an_hour_do_not_lie_in_memory_together():
    audio = np.sin(np.arange(3600 * 400, dtype=np.float32))
    tracemalloc.start()
    spectrogram_db(audio, 400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # its 720,001 spectra of 21 complex numbers would be 240 MB


def test_wave_shows_the_sign():
    picture, (ax,) = figure([200])
    draw_waveform(ax, np.abs(tone(5, 8000)), 8000)
    ink = 255 - pixels(picture, ax)
    middle = len(ink) // 2
    assert ink[: middle - 2].sum() > 0 and ink[middle + 4 :].sum() == 0


def test_no_sample_of_long_audio_is_skipped():
    audio = np.zeros(100_000)
    audio[54_321] = -0.75
    _, (ax,) = figure([200])
    draw_waveform(ax, audio, 8000)
    drawn = ax.collections[0].get_paths()[0].vertices
    time, lowest = drawn[np.argmin(drawn[:, 1])]
    assert lowest == -0.75 and time == pytest.approx(54_321 / 8000, abs=100 / 8000)
    assert len(drawn) < 4000


@pytest.mark.parametrize(
    ("audio", "says"),
    [
        (np.zeros(0), "is empty"),
        (np.zeros((2, 10)), r"of shape \(samples,\)"),
        (np.float32(0.0), r"of shape \(samples,\)"),
    ],
)
@pytest.mark.parametrize("draw", [draw_waveform, draw_spectrogram])
def test_refuses_what_is_no_audio(audio, says, draw):
    with pytest.raises(InputError, match=f"audio: .*{says}"):
        draw(figure([200])[1][0], audio, 8000)


@pytest.mark.parametrize(
    ("audio", "rate", "says"),
    [
        (np.array([0.1, np.nan]), 8000, "audio: holds NaN"),
        (np.array([0.1, 9000.0]), 8000, "audio: reaches 9000"),
        ("a.wav", 8000, "audio: must be an array"),
        (np.zeros(9), 0, "sample_rate: must be above 0"),
        (np.zeros(9), "8000", "sample_rate: must be an integer"),
    ],
)
@pytest.mark.parametrize("draw", [draw_waveform, draw_spectrogram])
def test_faults_in_what_is_drawn_are_named(audio, rate, says, draw):
    with pytest.raises(InputError, match=says):
        draw(figure([200])[1][0], audio, rate)


def test_faults_integers_are_drawn_as_the_audio_they_are():
    audio = (tone(200, 8000, 0.1) * 32768).astype(np.int16)
    _, (ax,) = figure([200])
    draw_waveform(ax, audio, 8000)
    assert ax.get_ylim()[1] == pytest.approx(1.05 * 0.5, rel=1e-3)
