"""The nets, without what is around them, as LiteRT runs them on phones and boards."""

import keras
import numpy as np
import pytest
from helpers import tiny_chunker, tiny_effect, tiny_segmenter

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21 still has it.
    pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning"),
]


def interpreted(model, signature, inputs, path):
    import tensorflow as tf

    model.export(path, format="litert", input_signature=[signature], verbose=False)
    interpreter = tf.lite.Interpreter(str(path))
    run = interpreter.get_signature_runner("serving_default")
    names = list(run.get_input_details())
    given = inputs if isinstance(inputs, dict) else {names[0]: inputs}
    return run(**{name: given[name] for name in names})


def spec(array, name=None):
    return keras.InputSpec(shape=array.shape, dtype=str(array.dtype), name=name)


def specs(inputs):
    return {name: spec(array, name) for name, array in inputs.items()}


@pytest.mark.slow
def test_segmenter(rng, tmp_path):
    model, image = tiny_segmenter(), rng.integers(0, 256, (1, 40, 56, 3), np.uint8)
    [scores] = interpreted(model, spec(image), image, tmp_path / "model.tflite").values()
    np.testing.assert_allclose(scores, model(image), atol=1e-4)


def test_chunker(tmp_path):
    model = tiny_chunker(pos="none")
    inputs = model.encode([["It", "works", "in", "the", "dog"]])
    [scores] = interpreted(model, specs(inputs), inputs, tmp_path / "model.tflite").values()
    np.testing.assert_allclose(scores, model(inputs)["tags"], atol=1e-4)


def test_wavenet(tiny_model, rng, tmp_path):
    audio = rng.uniform(-1, 1, (1, 800)).astype(np.float32)
    inputs = {
        "audio": audio,
        "speaker": np.array([1], np.int32),
        "condition": rng.normal(size=(1, 10, 42)).astype(np.float32),
    }
    [parameters] = interpreted(tiny_model, specs(inputs), inputs, tmp_path / "model.tflite").values()
    np.testing.assert_allclose(parameters, tiny_model(inputs), atol=1e-4)


def test_effect(rng, tmp_path):
    model, dry = tiny_effect(), rng.uniform(-1, 1, (1, 200)).astype(np.float32)
    [wet] = interpreted(model, spec(dry), dry, tmp_path / "model.tflite").values()
    np.testing.assert_allclose(wet, model(dry), atol=1e-5)
