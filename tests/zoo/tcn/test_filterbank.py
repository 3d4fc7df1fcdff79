"""The filterbank against NumPy, and as any layer."""

import keras
import numpy as np
import pytest

from dilatednets.zoo.tcn.filterbank import Filterbank, mel_pairs


def test_energies_of_a_frame_and_the_one_before(rng):
    layer, x = Filterbank(3), rng.normal(size=(2, 5, 8)).astype(np.float32)
    y = keras.ops.convert_to_numpy(layer(x))
    kernel = keras.ops.convert_to_numpy(layer.conv.kernel)
    before = np.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    pairs = np.concatenate([before, x], axis=-1) @ kernel.reshape(16, 6)
    np.testing.assert_allclose(y, np.log(1 + pairs[..., :3] ** 2 + pairs[..., 3:] ** 2), atol=1e-5)
    assert not keras.ops.convert_to_numpy(layer(0 * x)).any()


@pytest.mark.parametrize("hertz", [300, 700, 1500, 3000])
def test_bands_begin_in_the_order_of_the_mel_scale(hertz):
    kernel = keras.ops.convert_to_numpy(mel_pairs((2, 80, 60))).reshape(160, 60)
    mel = 2595 * np.log10(1 + np.fft.rfftfreq(8000, 1 / 8000) / 700)
    centres = np.interp(np.linspace(mel[100], mel[-1], 32)[1:-1], mel, np.arange(4001))
    tone = np.sin(2 * np.pi * hertz * np.arange(160) / 8000)
    energies = np.sum((tone @ kernel).reshape(2, 30) ** 2, axis=0)
    assert abs(int(np.argmax(energies)) - int(np.argmin(abs(centres - hertz)))) <= 1


def test_blocks_equal_the_whole(rng):
    layer, x = Filterbank(3), rng.normal(size=(2, 7, 8)).astype(np.float32)
    whole, state, found = layer(x), layer.initial_state(2), []
    for block in np.split(x, [1, 4], axis=1):
        y, state = layer.process(block, state)
        found.append(keras.ops.convert_to_numpy(y))
    np.testing.assert_allclose(np.concatenate(found, axis=1), keras.ops.convert_to_numpy(whole), atol=1e-5)
