"""The page of a WaveNet: what is typed is what is said."""

import numpy as np
import pytest
from sounds import wav_bytes
from visits import visit

from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import WaveNet
from dilatednets.zoo.wavenet.page import page

HOW = {"temperature": "1", "seed": "3"}


def test_a_text_is_said_faults(tiny_model):
    with visit(page(tiny_model, "tiny")) as visitor:
        assert "It knows zero, one" in visitor.get("/models/it")[1]
        _, answer = visitor.fill_in(text="4 2", speaker="ann", **HOW)
        [(audio, rate)] = answer.sounds
        expected = tiny_model.generate(text="4 2", speaker="ann", seed=3)[0]
        assert rate == 8000 and "ann: 4 2" in answer.text
        np.testing.assert_allclose(audio, expected, atol=1 / 32768)
        assert [picture.shape for picture in answer.pictures] == [(520, 900, 3)]
        for wrong, line in (
            ({"text": "xylophone"}, "Text: cannot say 'xylophone'"),
            ({"text": " "}, "Text: nothing to say"),
            ({"text": 500 * "1 "}, "Text: takes "),
            ({"speaker": "eve"}, "Speaker: there is no 'eve'; choose one of ann, bob"),
            ({"temperature": "0"}, "Temperature: must be above 0"),
            ({"seed": "-1"}, "Seed (empty: a new one): must be"),
        ):
            status, answer = visitor.fill_in(**{"text": "1", "speaker": "ann", **HOW, **wrong})
            assert status == 400 and answer.wrong.startswith(line), answer.wrong


def test_a_vocoder_says_a_recording_anew_faults(rng):
    mel = {"window": 400, "fft_size": 512, "f_max": 4000.0, "mels": 4, "hop": 80, "sample_rate": 8000}
    from dilatednets.zoo.mel_front_end import MelFrontEnd

    model = WaveNet((1, 2), 2, 4, 8, 4, mel=MelFrontEnd(**{k: v for k, v in mel.items() if k != "mels"}).get_config())
    with visit(page(model, "vocoder")) as visitor:
        heard = ("heard.wav", wav_bytes(rng.uniform(-0.5, 0.5, (800, 1)), 8000, "int16"))
        _, answer = visitor.fill_in(condition=heard, **HOW)
        (dry, _), (audio, rate) = answer.sounds
        assert len(dry) == 800 and rate == 8000 and len(answer.pictures) == 2
        expected = model.generate(condition=model.mel_front_end.frames(dry), seed=3)[0]
        np.testing.assert_allclose(audio, expected, atol=1 / 32768)
        silent = ("still.wav", wav_bytes(np.zeros((800, 1)), 8000, "int16"))
        assert "still.wav: is silent" in visitor.fill_in(condition=silent, **HOW)[1].text
        status, answer = visitor.fill_in(condition=("heard.wav", b"no sound"), **HOW)
        assert status == 400 and answer.wrong.startswith("heard.wav: not an audio file")
        assert "no file was chosen" in visitor.fill_in(**HOW)[1].wrong


def test_a_model_without_a_condition_goes_on_faults():
    with visit(page(WaveNet((1, 2), 2, 4, 8, 4, sample_rate=8000), "free")) as visitor:
        _, answer = visitor.fill_in(seconds="0.05", **HOW)
        assert len(answer.sounds[0][0]) == 400
        for seconds in ("0", "-1", "31", "1e300"):
            assert visitor.fill_in(seconds=seconds, **HOW)[1].wrong.startswith("Seconds: must be from 0.01 to 30")
    with pytest.raises(InputError, match="takes frames of its own"):
        page(WaveNet((1, 2), 2, 4, 8, 4, condition_features=3), "frames")
