"""Files for other runtimes, run by these, against the Keras model."""

import keras
import numpy as np
import pytest
from helpers import tiny_effect, tiny_segmenter, tiny_tcn

from dilatednets.cli.main import main
from dilatednets.errors import InputError

pytestmark = [
    pytest.mark.tensorflow,
    # TensorFlow 2.21 still has it.
    pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning"),
    # tf2onnx 1.17 on NumPy 1.26, and onnx 1.17 on protobuf 4.
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning"),
]
TCNS = {
    "sound": {"frame": 4, "filters": 3, "pooling": "none", "scale": (0.1,)},
    "mean": {"pooling": "mean", "features": 2, "normalization": "batch", "gated": True},
    "tokens": {"task": "next", "skip_connections": True},
}


def litert(path):
    import tensorflow as tf

    return tf.lite.Interpreter(str(path)).get_signature_runner()


def onnx(path):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda **given: dict(zip(names, session.run(names, given), strict=True))


@pytest.mark.parametrize(
    ("format", "suffix", "run", "batch"), [("litert", "tflite", litert, 1), ("onnx", "onnx", onnx, 2)]
)
@pytest.mark.parametrize(
    "name", ["sound", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mean", "tokens"))]
)
def test_a_stream_equals_the_model(name, format, suffix, run, batch, rng, tmp_path, capsys):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    model = tiny_tcn(labels=("x", "y", "z"), **TCNS[name])
    model.save_to_preset(tmp_path / "net")
    assert main(["export", str(tmp_path / "net"), str(tmp_path / "out"), "--format", format]) == 0
    path = tmp_path / "out" / f"net.{suffix}"
    assert capsys.readouterr().out.startswith(f"{path}: sequence, past, ")
    runner, x = run(path), rng.normal(size=(batch, 24, model.features)).astype(np.float32)
    x = rng.integers(0, 3, (batch, 24)).astype(np.int32) if model.vocabulary else x
    state = {name: np.zeros(one.shape, one.dtype.name) for name, one in model.initial_state(batch).items()}
    found = []
    for block in np.split(x, [4, 8, 20], axis=1):
        answer = runner(sequence=block, **state)
        state = {name: answer[f"next_{name}"] for name in state}
        found.append(answer["probabilities"])
    expected = model.in_words(model.process(x, model.initial_state(batch))[0])["probabilities"]
    np.testing.assert_allclose(np.concatenate(found, axis=1), keras.ops.convert_to_numpy(expected), atol=1e-4)


@pytest.mark.slow
def test_an_effect_begins_after_silence(rng, tmp_path):
    """Also where its state of zeros is not what the net itself remembers of silence."""
    from dilatednets.serving.portable import export_file

    model, dry = tiny_effect(), rng.uniform(-1, 1, (1, 60)).astype(np.float32)
    assert export_file(model, tmp_path / "a.tflite", "litert")["inputs"] == ["dry", "past"]
    runner, past, found = litert(tmp_path / "a.tflite"), np.zeros((1, model.past_size), np.float32), []
    for block in np.split(dry, [7, 40], axis=1):
        answer = runner(dry=block, past=past)
        past = answer["next_past"]
        found.append(answer["wet"])
    np.testing.assert_allclose(np.concatenate(found, axis=1), model.process(dry), atol=1e-5)


def test_a_model_with_a_known_future_answers_to_whole_sequences(rng, tmp_path):
    from dilatednets.serving.portable import export_file

    model = tiny_tcn(1, task="forecast", horizon=2, columns=("x", "y"), known=("y",))
    assert export_file(model, tmp_path / "a.tflite", "litert")["inputs"] == ["sequence", "known"]
    given = {"sequence": rng.normal(size=(1, 9, 2)), "known": rng.normal(size=(1, 2, 1))}
    given = {name: x.astype(np.float32) for name, x in given.items()}
    found = litert(tmp_path / "a.tflite")(**given)["values"]
    np.testing.assert_allclose(found, model.answer(given)["values"], atol=1e-4)


def test_faults_of_exports(tmp_path, monkeypatch):
    from dilatednets.serving import portable

    with pytest.raises(InputError, match="format: a ContextSegmenter is served as a SavedModel alone"):
        portable.export_file(tiny_segmenter(), tmp_path / "a.tflite", "litert")
    with pytest.raises(InputError, match="format: 'torch' is none of litert, onnx"):
        portable.export_file(tiny_tcn(), tmp_path / "a.pt", "torch")
    monkeypatch.setattr(portable.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'dilatednets\[onnx\]'"):
        portable.export_file(tiny_tcn(), tmp_path / "a.onnx", "onnx")
    assert not any(tmp_path.iterdir())


def test_faults_of_options(tmp_path, capsys):
    tiny_tcn().save_to_preset(tmp_path / "net")
    assert main(["export", str(tmp_path / "net"), str(tmp_path / "out"), "--format", "litert", "--version", "2"]) == 2
    assert "--version: is for TensorFlow Serving" in capsys.readouterr().err
