"""Every signature of a WaveNet, run as TensorFlow Serving runs it, against the Keras model."""

import keras
import numpy as np
import pytest
from served import ask, exported, numbers, right_answer

from dilatednets.zoo.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.linear_prediction import excitation, filters_of
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.noise import uniform
from dilatednets.zoo.wavenet.request import resolve

pytestmark = pytest.mark.tensorflow


def check_audio(model, request, answer):
    """Each sample is what the model draws after those before it.

    Rounding tips a draw over now and then, and audio after that is other audio: it cannot just be compared with `generate`.
    """
    audio = right_answer(answer)["audio"]
    asked = resolve(model, **request)
    assert audio.shape == (asked.batch, asked.num_samples)
    if model.mel_front_end is not None and model.mel_front_end.prediction:
        filters = filters_of(model.mel_front_end, asked.frames)
        audio = excitation(audio, filters, model.condition_hop).astype(np.float32)
    inputs = {"audio": audio, "speaker": asked.speaker, "condition": asked.frames}
    parameters = model({name: value for name, value in inputs.items() if value is not None})
    shape = (*audio.T.shape, model.distribution.noise_size)
    noise = uniform(asked.seed, 0, np.prod(shape)).reshape(shape).swapaxes(0, 1)
    drawn = numbers(model.distribution.sample(parameters, noise, asked.temperature))
    other = np.abs(drawn - audio) > 1e-4
    assert other.mean() < 1e-3, f"{other.sum()} of {other.size} samples, the first is {np.argmax(other)}"


@pytest.mark.slow
def test_wavenet(tiny_model, tmp_path_factory):
    model, folder = exported(tiny_model, tmp_path_factory)
    texts, speakers = ["four two", "9", "one-2 3", "Seven!"], ["ann", "bob", "bob", "ann"]
    batches = [(texts, speakers, 1.0, 5), (texts[:1], speakers[:1], 0.7, 0), (texts[1:3], ["bob"], 1.3, 2**31 - 1)]
    asked = [
        {"text": text, "speaker": who, "temperature": np.float32(t), "seed": np.int32(s)} for text, who, t, s in batches
    ]
    audio = np.random.default_rng(0).uniform(-1, 1, (4, 900)).astype(np.float32)
    requests = [("serving_default", one) for one in asked] + [("stream", asked[0]), ("generate_compiled", asked[1])]
    requests += [("score", {"audio": audio, "text": texts, "speaker": speakers})]
    wrong = [
        {"text": ["ten"]},
        {"text": [""]},
        {"speaker": ["eve"]},
        {"temperature": np.float32(0)},
        {"seed": np.int32(-1)},
    ]
    requests += [("serving_default", {**asked[1], **one}) for one in wrong]
    answers = ask(folder, requests)
    for (text, who, temperature, seed), answer in zip(batches, answers, strict=False):
        who = who if len(who) == len(text) else who * len(text)
        check_audio(model, {"text": text, "speaker": who, "temperature": temperature, "seed": seed}, answer)
        lengths = [model.generate(text=one, speaker=name, seed=0).shape[1] for one, name in zip(text, who, strict=True)]
        assert answer["num_samples"].tolist() == lengths and answer["sample_rate"] == 8000
    np.testing.assert_array_equal(right_answer(answers[3])["audio"], answers[0]["audio"])
    assert answers[3]["chunks"].tolist() == [2000] * (len(answers[3]["chunks"]) - 1) + [
        answers[0]["audio"].shape[1] % 2000
    ]
    assert "XLA compilation disabled" in str(answers[4]["error"])
    check_score(model, audio, texts, speakers, answers[5])
    for answer, words in zip(
        answers[6:], ("cannot say ten", "nothing to say", "ann, bob", "temperature: ", "seed: "), strict=True
    ):
        assert words in str(answer["error"])


@pytest.mark.slow
def test_compiled_generation_of_a_server_with_xla(tiny_model, tmp_path_factory):
    model, folder = exported(tiny_model, tmp_path_factory)
    asked = [(["four two", "9"], ["ann", "bob"]), (["seven"], ["bob"])]
    requests = [
        ("generate_compiled", {"text": text, "speaker": who, "temperature": np.float32(1), "seed": np.int32(4)})
        for text, who in asked
    ]
    for (text, who), answer in zip(asked, ask(folder, requests, xla=True), strict=True):
        check_audio(model, {"text": text, "speaker": who, "seed": 4}, answer)


def check_score(model, audio, texts, speakers, answer):
    from dilatednets.zoo.wavenet.word_front_end import Segment, WordFrontEnd

    front_end = WordFrontEnd.from_config(model.text)
    for row, (text, name) in enumerate(zip(texts, speakers, strict=True)):
        segments = front_end.align(front_end.units(text), name)
        tempo = audio.shape[1] / (segments[-1].end + round(front_end.margin * front_end.sample_rate))
        segments = [Segment(one.unit, one.start * tempo, one.end * tempo) for one in segments]
        frames = front_end.features(segments, -(-audio.shape[1] // front_end.hop))
        speaker = np.array([model.speakers.index(name)])
        parameters = model({"audio": audio[row : row + 1], "speaker": speaker, "condition": frames[None]})
        bits = numbers(model.distribution.bits(audio[row : row + 1], parameters)).mean()
        np.testing.assert_allclose(right_answer(answer)["bits_per_sample"][row], bits, atol=1e-4)


@pytest.mark.slow
def test_a_vocoder_with_linear_prediction(rng, tmp_path_factory):
    mels = {"sample_rate": 8000, "hop": 80, "bands": 20, "window": 256, "fft_size": 256, "f_max": 4000.0}
    mel = MelFrontEnd(**mels, prediction=8).get_config()
    model, folder = exported(WaveNet((1, 2, 4), 2, 8, 16, 8, mel=mel), tmp_path_factory)
    frames = rng.uniform(-9, -6, (2, 30, 20)).astype(np.float32)  # softly: what is cut at 1 cannot be filtered back
    audio = rng.normal(0, 1e-3, (2, 2350)).astype(np.float32)
    asked = {"condition": frames, "temperature": np.float32(0.9), "seed": np.int32(3)}
    requests = [("serving_default", asked), ("stream", asked), ("score", {"audio": audio, "condition": frames})]
    whole, stream, score = ask(folder, requests)
    check_audio(model, {"condition": frames, "temperature": 0.9, "seed": 3}, whole)
    np.testing.assert_allclose(right_answer(stream)["audio"], whole["audio"], atol=1e-6)
    left = excitation(audio, filters_of(model.mel_front_end, frames), 80).astype(np.float32)
    bits = numbers(model.distribution.bits(left, model({"audio": left, "condition": frames}))).mean(axis=1)
    np.testing.assert_allclose(right_answer(score)["bits_per_sample"], bits, atol=1e-4)
    [start] = ask(folder, [("stream_start", asked)])
    start["past"] = np.full_like(start["past"], np.nan)
    [refused] = ask(folder, [("stream_next", start)])
    assert "past: holds NaN or infinity" in str(refused["error"])
    [compiled] = ask(folder, [("generate_compiled", asked)], xla=True)
    check_audio(model, {"condition": frames, "temperature": 0.9, "seed": 3}, compiled)


@pytest.mark.slow
@pytest.mark.parametrize("output", ["logistics", "gaussian"])
def test_wavenet_without_text(output, rng, tmp_path_factory):
    keras.utils.set_random_seed(0)
    condition = {"condition_features": 3, "condition_hop": 40, "condition_channels": 4} if output == "logistics" else {}
    taps = 3 if output == "logistics" else 2
    model, folder = exported(
        WaveNet((1, 2, 4), taps, 8, 16, 8, output=output, sample_rate=8000, **condition), tmp_path_factory
    )
    asked = {"temperature": np.float32(0.9), "seed": np.int32(3)}
    if condition:
        frames = rng.normal(size=(2, 60, 3)).astype(np.float32)
        [answer] = ask(folder, [("serving_default", {**asked, "condition": frames})])
        check_audio(model, {"condition": frames, "temperature": 0.9, "seed": 3}, answer)
    else:
        answer, stream, score = ask(folder, [
            ("serving_default", {**asked, "num_samples": np.array([2500, 100], np.int32)}),
            ("stream", {**asked, "num_samples": np.array([2500], np.int32)}),
            ("score", {"audio": np.zeros((2, 50), np.float32)}),
        ])  # fmt: skip
        assert right_answer(answer)["audio"].shape == (2, 2500)
        check_audio(model, {"num_samples": 2500, "temperature": 0.9, "seed": 3}, stream)
        bits = model.distribution.bits(np.zeros((2, 50), np.float32), model(np.zeros((2, 50), np.float32)))
        np.testing.assert_allclose(right_answer(score)["bits_per_sample"], numbers(bits).mean(axis=1), atol=1e-4)
