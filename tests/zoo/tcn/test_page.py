"""The page of a TCN: music, and what it says of tables, recordings and arrays."""

import io

import numpy as np
import pytest
from helpers import tiny_tcn
from PIL import Image
from sounds import sine, wav_bytes
from visits import visit

from dilatednets.data import mnist, polymusic
from dilatednets.errors import InputError
from dilatednets.zoo.tcn import music
from dilatednets.zoo.tcn.page import page

MUSIC = {"reader": "polymusic", "set": "JSB_Chorales", "voices": 2}


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_piece_is_heard_seen_and_kept_faults():
    model = tiny_tcn(2 * polymusic.TOKENS, task="next", data=MUSIC)
    with visit(page(model, "composer")) as visitor:
        _, answer = visitor.fill_in(steps="3", temperature="1", seed="2")
        roll = music.make_music(model, 3, 1.0, 2)
        [(audio, rate)] = answer.sounds
        assert rate == music.SAMPLE_RATE
        np.testing.assert_allclose(audio, music.tones(roll, lowest=music.lowest_key(model)), atol=1 / 32768)
        assert answer.files[0].startswith(b"MThd") and answer.pictures[0].shape == (360, 900, 3)
        for wrong in ({"steps": "0"}, {"steps": "257"}, {"temperature": "-1"}, {"seed": "-1"}):
            status, answer = visitor.fill_in(**{"steps": "3", "temperature": "1", "seed": "", **wrong})
            assert status == 400 and answer.wrong
    with pytest.raises(InputError, match="goes on with sequences of its own"):
        page(tiny_tcn(4, task="next"), "tokens")


def test_a_table_is_forecast_faults():
    data = {"reader": "csv", "targets": ["sold"], "features": ["sold"], "window": 3}
    model = tiny_tcn(1, task="forecast", columns=("sold",), labels=("sold",), data=data)
    with visit(page(model, "sales")) as visitor:
        _, answer = visitor.fill_in(file=("a.csv", b"sold\n1\n2\n3\n4\n"))
        value = float(np.ravel(model.answer({"sequence": np.array([[[2.0], [3.0], [4.0]]], "float32")})["values"])[0])
        assert f"{value:.4g}" in answer.text and len(answer.pictures) == 1
        assert float(answer.files[0].decode().splitlines()[1].split(",")[1]) == pytest.approx(value, abs=1e-5)
        for file, line in ((b"bought\n1\n2\n3\n", "a.csv: "), (b"sold\n1\n", "a.csv: "), (b"\xff\xfe", "a.csv")):
            status, answer = visitor.fill_in(file=("a.csv", file))
            assert status == 400 and answer.wrong.startswith(line), answer.wrong


def test_a_recording_is_heard_faults():
    data = {"reader": "audio_folder", "sample_rate": 800}
    model = tiny_tcn(2, task="classify", pooling="last", labels=("no", "yes"), data=data)
    sound = sine(100, 800, 0.1)
    with visit(page(model, "words")) as visitor:
        assert "It tells apart no, yes." in visitor.get("/models/it")[1]
        _, answer = visitor.fill_in(file=("a.wav", wav_bytes(sound[:, None], 800, "float32")))
        [said] = model.answer(sound[None, :, None].astype("float32"))["label"]
        assert f"a.wav  {model.labels[int(said)] if str(said).isdigit() else said}" in answer.text
        assert len(answer.sounds[0][0]) == 80 and len(answer.pictures) == 1
        assert visitor.fill_in(file=("a.wav", b"RIFF"))[1].wrong.startswith("a.wav: ")


def test_a_picture_of_a_digit_is_read_faults():
    data = {"reader": "mnist", "order": "permuted"}
    model = tiny_tcn(10, pooling="last", labels=tuple("0123456789"), data=data)
    one = np.full((90, 60), 255, np.uint8)
    one[20:70, 25:30] = 0
    with visit(page(model, "digits")) as visitor:
        _, answer = visitor.fill_in(image=("one.png", png(one)))
        digit = mnist.of_picture(one)
        [probabilities] = model.answer({"sequence": mnist.permuted(digit[None])[..., None].astype("float32")})[
            "probabilities"
        ]
        first = int(np.argmax(probabilities))
        assert f"digit probability {first} {probabilities[first]:.4g}" in " ".join(answer.text.split())
        np.testing.assert_array_equal(answer.pictures[0][4::8, 4::8, 0], digit.reshape(28, 28))
        for wrong, line in ((b"no picture", "one.png: "), (png(0 * one), "Picture: is of one shade")):
            status, answer = visitor.fill_in(image=("one.png", wrong))
            assert status == 400 and answer.wrong.startswith(line), answer.wrong


def test_arrays_are_answered_faults():
    buffer = io.BytesIO()
    np.savez(buffer, x=np.ones((2, 9, 1), "float32"))
    with visit(page(tiny_tcn(3, pooling="last"), "arrays")) as visitor:
        _, answer = visitor.fill_in(file=("a.npz", buffer.getvalue()))
        assert len(answer.files[0].splitlines()) == 3
        for file in (b"", b"PK", buffer.getvalue()[:50]):
            status, answer = visitor.fill_in(file=("a.npz", file))
            assert status == 400 and answer.wrong.startswith("a.npz: ")
