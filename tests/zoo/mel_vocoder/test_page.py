"""The page of a vocoder: a recording against what is made of its mels."""

import numpy as np
from helpers import tiny_vocoder
from sounds import sine, wav_bytes
from visits import visit

from dilatednets.zoo.mel_vocoder.page import page


def test_both_are_heard_and_seen_faults():
    model, sound = tiny_vocoder(), sine(440, 8000, 0.5)
    with visit(page(model, "tiny")) as visitor:
        _, answer = visitor.fill_in(recording=("a.wav", wav_bytes(sound[:, None], 8000, "float32")))
        (heard, _), (made, rate) = answer.sounds
        np.testing.assert_allclose(heard, sound, atol=1 / 32768)
        expected = model.generate(model.mel_front_end.frames(heard.astype(np.float32)))[0]
        assert rate == 8000 and len(answer.pictures) == 2
        np.testing.assert_allclose(made, expected, atol=1e-3)
        status, answer = visitor.fill_in(recording=("a.wav", b"RIFF"))
        assert status == 400 and answer.wrong.startswith("a.wav: ")
        silent = ("still.wav", wav_bytes(0 * sound[:, None], 8000, "float32"))
        assert "still.wav: is silent" in visitor.fill_in(recording=silent)[1].text
        short = ("short.wav", wav_bytes(sound[:9, None], 8000, "float32"))
        assert "sound is made of 2 to 32,768" in visitor.fill_in(recording=short)[1].wrong


def test_without_a_file_the_sample_is_heard():
    with visit(page(tiny_vocoder(), "tiny")) as visitor:
        _, answer = visitor.fill_in()
    (heard, _), (made, _) = answer.sounds
    assert len(heard) - len(made) < 64 and len(made) > 3 * 8000
