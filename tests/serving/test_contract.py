"""Every signature, run as TensorFlow Serving runs it, against the Keras model."""

import io

import keras
import numpy as np
import pytest
from helpers import tiny_chunker, tiny_effect, tiny_segmenter, tiny_tcn
from PIL import Image

from dilatednets.serving.saved_model_runner import ask
from dilatednets.zoo.wavenet.linear_prediction import excitation
from dilatednets.zoo.wavenet.mel_front_end import MelFrontEnd
from dilatednets.zoo.wavenet.model import WaveNet
from dilatednets.zoo.wavenet.noise import uniform
from dilatednets.zoo.wavenet.request import resolve

pytestmark = pytest.mark.tensorflow


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def exported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "1"
    model.export(folder)
    return model, folder


def right_answer(answer):
    assert "error" not in answer, str(answer["error"])
    return answer


# Chunker


@pytest.fixture(scope="module", params=["crf", "softmax"])
def chunker(request, tmp_path_factory):
    return exported(tiny_chunker(decoder=request.param), tmp_path_factory)


SENTENCES = [
    ["It", "works", "."],
    [],
    ["the", "dog", "in", "2024", "w\u00f6rks", "\U0001f415", "a" * 30, "A", "dog"],
    ["dog"],
]


def rows(sentences):
    longest = max(map(len, sentences))
    return np.array([[*words, *[""] * (longest - len(words))] for words in sentences])


def check_tokens(model, sentences, answer):
    tags = right_answer(answer)["tags"]
    assert [row[row != ""].tolist() for row in tags] == model.tag(sentences)
    for words, confidence in zip(sentences, answer["confidence"], strict=True):
        if words:
            scores = model(model.encode([words]))["tags"]
            likely = numbers(keras.ops.softmax(scores) if model.crf is None else model.crf.marginals(scores))[0]
            path = model._decoded([numbers(scores)[0]])[0]
            expected = likely[np.arange(len(words)), path]
            np.testing.assert_allclose(confidence[: len(words)], expected, atol=1e-4)
        assert not confidence[len(words) :].any()


@pytest.mark.slow
def test_chunker(chunker):
    model, folder = chunker
    texts = ["It works, the dog (too).", "", "the dog's in"]
    batches = [SENTENCES, SENTENCES[:1], SENTENCES[2:3] * 4]
    requests = [("serving_default", {"tokens": rows(batch)}) for batch in batches]
    bad = np.array([["", "dog"]])
    *answers, split, refused = ask(
        folder, [*requests, ("sentences", {"sentence": texts}), ("serving_default", {"tokens": bad})]
    )
    for batch, answer in zip(batches, answers, strict=True):
        check_tokens(model, batch, answer)
    for text, tokens, tags in zip(texts, right_answer(split)["tokens"], split["tags"], strict=True):
        known = [
            (token.text, tag)
            for one in model.chunk_stream([text])
            for token, tag in zip(one.tokens, one.tags, strict=True)
        ]
        assert list(zip(tokens[tokens != ""], tags[tags != ""], strict=True)) == known
    assert "an empty one before others" in str(refused["error"])


@pytest.mark.slow
def test_chunker_with_parts_of_speech(tmp_path_factory):
    model, folder = exported(tiny_chunker(pos="input"), tmp_path_factory)
    sentences, pos = [["the", "dog", "works"], ["dog"]], [["DT", "NN", "VB"], ["??"]]
    [answer] = ask(folder, [("serving_default", {"tokens": rows(sentences), "pos": rows(pos)})])
    assert [row[row != ""].tolist() for row in right_answer(answer)["tags"]] == model.tag(sentences, pos)


# Segmenter


def png(image, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind)
    return file.getvalue()


@pytest.mark.slow
def test_segmenter(rng, tmp_path_factory):
    model, folder = exported(tiny_segmenter(scales=(0.75, 1.0), flip=True), tmp_path_factory)
    batches = [
        rng.integers(0, 256, (count, *size, 3), np.uint8) for count, size in ((1, (33, 47)), (4, (40, 24)), (1, (2, 2)))
    ]
    requests = [("serving_default", {"image": batch}) for batch in batches]
    smooth = np.asarray(Image.fromarray(batches[0][0]).resize((60, 44), Image.Resampling.BICUBIC))
    requests.append(("encoded", {"image_bytes": [png(image) for image in batches[1]]}))
    requests.append(("encoded", {"image_bytes": [png(smooth, "JPEG"), png(smooth)]}))
    *answers, encoded, jpeg = ask(folder, requests)
    for batch, answer in zip(batches, answers, strict=True):
        assert right_answer(answer)["labels"].dtype == np.int32
        for image, labels, confidence in zip(batch, answer["labels"], answer["confidence"], strict=True):
            np.testing.assert_array_equal(labels, model.segment(image))
            outputs = numbers(model.averaged_outputs(image[None]))[0]
            np.testing.assert_allclose(confidence, outputs.max(axis=-1), atol=1e-4)
    np.testing.assert_array_equal(right_answer(encoded)["labels"], answers[1]["labels"])
    decoded = [model.segment(Image.open(io.BytesIO(png(smooth, "JPEG")))), model.segment(smooth)]
    np.testing.assert_array_equal(right_answer(jpeg)["labels"], decoded)


@pytest.mark.slow
def test_regression(rng, tmp_path_factory):
    model, folder = exported(tiny_segmenter(num_classes=2, head="regression"), tmp_path_factory)
    image = rng.integers(0, 256, (1, 30, 20, 3), np.uint8)
    [answer] = ask(folder, [("serving_default", {"image": image})])
    np.testing.assert_allclose(right_answer(answer)["values"][0], model.regress(image[0]), atol=1e-4)


# TCN


TCNS = {
    "classify": {"labels": ("a", "b", "c"), "features": 2},
    "regress": {"task": "regress", "pooling": "mean", "target_mean": (1, 2, 3), "skip_connections": True},
    "forecast": {"task": "forecast", "horizon": 2, "quantiles": (0.1, 0.9), "columns": ("x", "y"), "known": ("y",)},
    "tokens": {"task": "next"},
    "frames": {"frame": 4, "pooling": "none", "multi_label": True},
}


@pytest.mark.parametrize(
    "name", [name if name == "forecast" else pytest.param(name, marks=pytest.mark.slow) for name in TCNS]
)
def test_tcn(name, rng, tmp_path_factory):
    model, folder = exported(tiny_tcn(**TCNS[name]), tmp_path_factory)
    requests = []
    for batch, time in ((3, 24), (1, 8)):
        x = rng.normal(size=(batch, time, model.features)).astype(np.float32)
        x = rng.integers(0, 3, (batch, time), np.int32) if model.vocabulary else x
        asked = {"sequence": x, "lengths": np.array([time, 1, time - 3][:batch], np.int32)}
        if model.known:
            asked["known"] = rng.normal(size=(batch, 2, 1)).astype(np.float32)
        requests.append(asked)
    wrong = [{**asked, "lengths": np.full(1, length, np.int32)} for length in (0, 9)]
    bad = np.full_like(asked["sequence"], 3 if model.vocabulary else np.nan)
    wrong.append({**asked, "sequence": bad})
    words = ["lengths: ", "lengths: ", "sequence: must hold"]
    if model.known:
        wrong.append({**asked, "known": np.zeros((2, 2, 1), np.float32)})
        words.append("known: finite numbers, as many rows as sequences")
    answers = ask(folder, [("serving_default", one) for one in [*requests, *wrong]])
    for asked, answer in zip(requests, answers, strict=False):
        for key, expected in model.answer(asked).items():
            found = right_answer(answer)[key]
            assert np.all(found == expected) if key == "label" else np.allclose(found, expected, atol=1e-4)
    for answer, expected in zip(answers[2:], words, strict=True):
        assert expected in str(answer["error"])
    if model.streams:
        check_stream(model, folder, requests[0]["sequence"])


def check_stream(model, folder, x):
    """Blocks of a stream, each answered by a server that keeps nothing, against the whole sequence."""
    sizes = (len(x), *[0, -1] * 5)
    start, *none = ask(folder, [("stream_start", {"batch_size": np.int32(size)}) for size in sizes])
    assert all("batch_size: must be at least 1" in str(answer["error"]) for answer in none)
    names, answers = set(right_answer(start)) - {"seconds"}, []
    state = {name: start[name] for name in names}
    for block in np.split(x, [8], axis=1):
        [answer] = ask(folder, [("stream_next", {"sequence": block, **state})])
        state = {name: right_answer(answer)[name] for name in names}
        answers.append(answer)
    whole, _ = model.process(x, model.initial_state(len(x)))
    for key, expected in model.in_words(whole).items():
        if key != "label":
            found = np.concatenate([answer[key] for answer in answers], axis=1)
            np.testing.assert_allclose(found, numbers(expected), atol=1e-4)
    refused = [{"sequence": x[:, :0]}, {"sequence": x[:1, :4]}, *({name: state[name][:2]} for name in state)]
    for answer in ask(folder, [("stream_next", {"sequence": x[:, :4], **state, **one}) for one in refused * 3]):
        assert "sequence: " in str(answer["error"])


# AudioEffect


@pytest.mark.slow
@pytest.mark.parametrize("knobs", [(), ("gain",)])
def test_effect(knobs, rng, tmp_path_factory):
    model, folder = exported(tiny_effect(knobs=knobs), tmp_path_factory)
    dry = rng.uniform(-1, 1, (2, 60)).astype(np.float32)
    told = {"knobs": np.full((2, 1), 0.4, np.float32)} if knobs else {}
    wet = model.process(dry, knobs=dict.fromkeys(knobs, 0.4))
    asked = [("serving_default", {"dry": dry, **told}), ("stream_start", {"batch_size": np.int32(2), **told})]
    bad = [("serving_default", {"dry": one, **told}) for one in (dry * np.nan, dry * 3, dry[:, :0])]
    answer, state, *refused = ask(folder, [*asked, *bad])
    np.testing.assert_allclose(right_answer(answer)["wet"], wet, atol=1e-5)
    blocks, past = [], right_answer(state)["past"]
    for block in np.split(dry, [8], axis=1):
        [answer] = ask(folder, [("stream_next", {"dry": block, "past": past, **told})])
        blocks.append(right_answer(answer)["wet"])
        past = answer["past"]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), wet, atol=1e-5)
    for answer in refused:
        assert "dry: must hold samples, in [-1, 1]" in str(answer["error"])


# WaveNet


def check_audio(model, request, answer):
    """Each sample is what the model draws after those before it.

    Rounding tips a draw over now and then, and audio after that is other audio: it cannot just be compared with `generate`.
    """
    audio = right_answer(answer)["audio"]
    asked = resolve(model, **request)
    assert audio.shape == (asked.batch, asked.num_samples)
    if model.mel_front_end is not None and model.mel_front_end.prediction:
        filters = model.mel_front_end.predictors(asked.frames)
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
    left = excitation(audio, model.mel_front_end.predictors(frames), 80).astype(np.float32)
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
