"""Every signature, run as TensorFlow Serving runs it, against the Keras model."""

import io

import keras
import numpy as np
import pytest
from helpers import tiny_chunker, tiny_effect, tiny_segmenter, tiny_tcn, tiny_vocoder
from PIL import Image
from served import ask, exported, numbers, right_answer

pytestmark = pytest.mark.tensorflow


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


# MelVocoder


@pytest.mark.slow
def test_a_vocoder(rng, tmp_path_factory):
    model, folder = exported(tiny_vocoder(), tmp_path_factory)
    batches = [rng.normal(-4, 1, size).astype(np.float32) for size in ((2, 9, 20), (1, 2, 20))]
    wrong = [np.zeros((1, 1, 20), np.float32) - 3, np.stack([batches[0][0], np.exp(batches[0][1])])]
    asked = [("serving_default", {"condition": mels}) for mels in (*batches, *wrong)]
    *answers, short, loud = ask(folder, [*asked[:2], ("spectrum", {"condition": batches[0]}), *asked[2:]])
    for mels, answer in zip(batches, answers, strict=False):
        np.testing.assert_allclose(right_answer(answer)["audio"], model.generate(mels), atol=2e-3)
    np.testing.assert_allclose(answers[2]["spectrum"], numbers(model(batches[0])), atol=1e-4)
    assert "2 to 32,768 frames" in str(short["error"]) and "this model wants 20 bands" in str(loud["error"])
