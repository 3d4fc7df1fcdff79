"""The front end in a graph does what the front end in Python does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spellings import SPELLINGS, UNKNOWN

from dilatednets.errors import InputError

pytestmark = pytest.mark.tensorflow
TEXT = st.text(alphabet="0123456789 ,-\u2003", max_size=12)


@pytest.fixture(scope="module")
def graph(front_end):
    import tensorflow as tf

    from dilatednets.zoo.wavenet.word_frames import WordFrames

    frames = WordFrames(front_end, ["ann", "bob"])
    signature = [tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int32)]
    return tf.function(lambda texts, speakers: frames(frames.timeline(texts, speakers)), input_signature=signature)


@given(st.lists(st.tuples(TEXT, st.booleans()), min_size=1, max_size=3))
def test_frames_equal_those_of_the_front_end(front_end, graph, voices):
    texts, speakers = [text for text, _ in voices], [int(second) for _, second in voices]
    try:
        rows = [
            front_end.frames(text, "ann" if number == 0 else "bob")
            for text, number in zip(texts, speakers, strict=True)
        ]
    except InputError:
        with pytest.raises(Exception, match="nothing to say"):
            graph(texts, speakers)
        return
    frames = graph(texts, speakers).numpy()
    assert frames.shape[1] == max(map(len, rows))
    for frame, row in zip(frames, rows, strict=True):
        np.testing.assert_allclose(frame[: len(row)], row, atol=1e-6)
        np.testing.assert_array_equal(frame[len(row) :], front_end.features([], len(frame) - len(row)))


@pytest.mark.parametrize(("text", "word"), [("ten", "ten"), ("four2", "four2"), ("\u2163", "iv")])
def test_a_word_that_it_cannot_say_is_named(graph, text, word):
    with pytest.raises(Exception, match=f"cannot say {word}; .* words are zero, one"):
        graph([text, "one"], [0, 0])


def test_faults_texts_are_read_as_python_reads_them(front_end, graph):
    texts = list(SPELLINGS)
    frames = graph(texts, [0] * len(texts)).numpy()
    for frame, text in zip(frames, texts, strict=True):
        row = front_end.frames(text, "ann")
        np.testing.assert_allclose(frame[: len(row)], row, atol=1e-6, err_msg=text)


@pytest.mark.parametrize(("text", "word"), UNKNOWN.items())
def test_faults_unknown_words_are_named_as_python_names_them(graph, text, word):
    with pytest.raises(Exception, match="cannot say ") as caught:
        graph([f"four ({text})"], [0])
    assert f"cannot say {word};" in str(caught.value).replace("\\'", "'")  # as TensorFlow writes it
