"""Eight threads on one loaded model, or on one SavedModel, get what one thread gets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import tiny_chunker, tiny_segmenter

THREADS = 8
pytestmark = pytest.mark.slow


def by_threads(ask, questions):
    """Answers to all questions, each asked by several threads at once, and then by one."""
    with ThreadPoolExecutor(THREADS) as pool:
        together = [list(pool.map(ask, questions)) for _ in range(2)]
    alone = [ask(question) for question in questions]
    return together, alone


def test_wavenet(tiny_model):
    questions = [
        {"text": text, "speaker": "ann", "seed": seed} for seed, text in enumerate(["1", "2", "three", "4"] * 4)
    ]
    together, alone = by_threads(lambda asked: tiny_model.generate(**asked), questions)
    for answers in together:
        for answer, expected in zip(answers, alone, strict=True):
            np.testing.assert_array_equal(answer, expected)


def test_segmenter(rng):
    model = tiny_segmenter(scales=(1.0, 0.5), flip=True)
    questions = [rng.integers(0, 256, (24 + 8 * (i % 3), 32, 3), np.uint8) for i in range(16)]
    together, alone = by_threads(model.segment, questions)
    for answers in together:
        for answer, expected in zip(answers, alone, strict=True):
            np.testing.assert_array_equal(answer, expected)


def test_chunker():
    model = tiny_chunker()
    questions = [
        [["the", "dog", "works", word] for word in ["it", "in", "2024", "A", "dog"][: 1 + i % 5]] for i in range(30)
    ]
    together, alone = by_threads(model.tag, questions)
    assert together == [alone, alone]


@pytest.mark.tensorflow
def test_saved_model(rng, tmp_path):
    import tensorflow as tf

    tiny_segmenter().export(tmp_path / "1")
    signature = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    questions = [rng.integers(0, 256, (1 + i % 2, 24 + 8 * (i % 3), 32, 3), np.uint8) for i in range(16)]
    together, alone = by_threads(lambda image: signature(image=tf.constant(image))["labels"].numpy(), questions)
    for answers in together:
        for answer, expected in zip(answers, alone, strict=True):
            np.testing.assert_array_equal(answer, expected)
