"""Layout, versions and refusals of exported models, and the requests that docs/serving.md shows."""

import base64
import json
import re
import shlex
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_segmenter
from served import ask

pytest.importorskip("tensorflow")

from dilatednets import registry
from dilatednets.cli.main import main
from dilatednets.errors import InputError, Note
from dilatednets.serving import export, warm_up
from dilatednets.zoo.context_segmenter import ContextSegmenter

PAGE = (CHECKOUT / "docs" / "serving.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"```json (\w+)\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.fixture
def quick(monkeypatch):
    """What is written is small: the layout does not depend on it."""
    monkeypatch.setattr(ContextSegmenter, "signatures", Constant)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A preset that all tests may read."""
    folder = tmp_path_factory.mktemp("saved") / "mine"
    tiny_segmenter().save_to_preset(folder)
    return folder


def Constant(model):
    import tensorflow as tf

    module = tf.Module()
    function = tf.function(lambda x: {"y": x}, autograph=False).get_concrete_function(
        tf.TensorSpec([], tf.float32, "x")
    )
    module.signatures = lambda: {"serving_default": function}
    module.examples = lambda: {"serving_default": {"x": np.float32(1)}}
    return module


def test_versions_count_on(quick, tmp_path):
    model = tiny_segmenter()
    folders = [export.export_version(model, "mine", tmp_path / "models")[0] for _ in range(2)]
    assert [folder.name for folder in folders] == ["1", "2"]
    assert all((folder / "saved_model.pb").is_file() for folder in folders)
    export.export_version(model, "another", tmp_path / "models", version=7)
    (tmp_path / "models" / "no model").mkdir()
    names = re.findall(r'name: "(.*?)" base_path: "/models/(.*?)"', (tmp_path / "models" / "models.config").read_text())
    assert names == [("another", "another"), ("mine", "mine")]
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [
        "another",
        "mine",
        "models.config",
        "no model",
    ]


@pytest.mark.parametrize("text", ["garbage", 'model_config_list { config { name: "other" base_path: "/data" } }', ""])
def test_a_list_of_models_that_somebody_wrote_stays_faults(quick, tmp_path, text):
    config = tmp_path / "models.config"
    config.write_text(text)
    with pytest.warns(Note, match=r"changed by hand and stays as it is; add to it: config \{ name: \"mine\""):
        export.export_version(tiny_segmenter(), "mine", tmp_path)
    config.write_text(text + export.models_config(["mine"]))
    export.export_version(tiny_segmenter(), "mine", tmp_path)
    assert config.read_text() == text + export.models_config(["mine"])


@pytest.mark.parametrize("folder", [None, 3, ""])
def test_what_is_no_folder_is_refused_faults(quick, folder):
    model = tiny_segmenter()
    for write in (model.export, model.save_to_preset, lambda folder: export.export_version(model, "mine", folder)):
        with pytest.raises(InputError, match="not the name of a file or folder"):
            write(folder)


def test_warm_up_requests_are_those_of_the_examples(quick, tmp_path):
    import tensorflow as tf

    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    folder, warm = export.export_version(tiny_segmenter(), "mine", tmp_path)
    [record] = tf.data.TFRecordDataset(str(folder / warm_up.FILE)).as_numpy_iterator()
    request = logs.PredictionLog.FromString(record).predict_log.request
    assert warm and request.model_spec.name == "mine" and request.model_spec.signature_name == "serving_default"
    assert tf.make_ndarray(request.inputs["x"]) == 1


def test_without_the_extra_there_are_no_warm_up_requests(quick, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    folder, warm = export.export_version(tiny_segmenter(), "mine", tmp_path)
    assert not warm and not (folder / warm_up.FILE).exists()


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("a/b", None, "name: 'a/b' is no name"),
        ("", None, "name: '' is no name"),
        ("..", None, "is no name"),
        ("mine", 0, "version: must be at least 1"),
        ("mine", 2**63, "version: must be at least 1 and at most"),
        ("mine", 1, "next is 2"),
    ],
)
def test_names_and_versions_that_a_server_could_not_take(name, version, words, quick, tmp_path):
    export.export_version(tiny_segmenter(), "mine", tmp_path)
    with pytest.raises(InputError, match=words):
        export.export_version(tiny_segmenter(), name, tmp_path, version)


def test_all_exports_at_once_are_kept_faults(quick, tmp_path, monkeypatch):
    """Each begins before any has ended."""
    save, waiting, done = export._save, ["b", "a"], []

    def meanwhile(*arguments):
        if waiting:
            done.append(export.export_version(tiny_segmenter(), waiting.pop(), tmp_path))
        return save(*arguments)

    monkeypatch.setattr(export, "_save", meanwhile)
    done.append(export.export_version(tiny_segmenter(), "a", tmp_path))
    assert sorted(f"{folder.parent.name}/{folder.name}" for folder, _ in done) == ["a/1", "a/2", "b/1"]
    assert all((folder / "saved_model.pb").is_file() for folder, _ in done)
    assert re.findall(r'name: "(.*?)"', (tmp_path / "models.config").read_text()) == ["a", "b"]
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"1", "2"}


@pytest.mark.slow
def test_threads_export_at_once_faults(tmp_path):
    import tensorflow as tf

    models = {"a": tiny_segmenter(), "b": tiny_chunker(), "c": tiny_segmenter()}
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda name: export.export_version(models[name], name, tmp_path)[0], models))
    for name, folder in zip(models, done, strict=True):
        assert folder == tmp_path / name / "1" and tf.saved_model.load(folder).signatures["serving_default"]


def test_two_exports_of_one_version_do_not_replace_each_other_faults(quick, tmp_path, monkeypatch):
    save, waiting = export._save, [5]

    def meanwhile(*arguments):
        if waiting:
            export.export_version(tiny_segmenter(), "a", tmp_path, waiting.pop())
        return save(*arguments)

    monkeypatch.setattr(export, "_save", meanwhile)
    with pytest.raises(InputError, match="5 is there already"):
        export.export_version(tiny_segmenter(), "a", tmp_path, 5)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["5"]


def test_numbers_that_something_else_has_are_passed_over_faults(quick, tmp_path):
    (tmp_path / "mine" / "4").mkdir(parents=True)
    (tmp_path / "mine" / "4" / "notes.txt").write_text("kept")
    assert export.export_version(tiny_segmenter(), "mine", tmp_path)[0].name == "5"
    assert (tmp_path / "mine" / "4" / "notes.txt").read_text() == "kept"


@pytest.mark.parametrize("change", ["name", "version", "folder", "limit"])
def test_what_keeps_from_exporting_is_said_before_the_work_faults(quick, saved, tmp_path, monkeypatch, capsys, change):
    (tmp_path / "file").touch()
    (tmp_path / "models" / "mine" / "3").mkdir(parents=True)
    monkeypatch.setattr(registry, "from_preset", lambda *arguments: pytest.fail("the model was loaded"))
    more = {"name": ["--name", "a b"], "version": ["--version", "3"], "limit": ["--version", str(10**30)]}.get(
        change, []
    )
    folder = tmp_path / "file" / "models" if change == "folder" else tmp_path / "models"
    assert main(["export", str(saved), str(folder), *more]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and (more[:1] or [str(folder)])[0] in said


def test_missing_warm_up_requests_are_said_before_the_work_faults(quick, saved, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    monkeypatch.setattr(registry, "from_preset", lambda *arguments: print(capsys.readouterr().err))
    with pytest.raises(AttributeError):  # of no model
        main(["export", str(saved), str(tmp_path / "models")])
    assert capsys.readouterr().out.startswith("note: without warm-up requests, which need tensorflow-serving-api; pip")


def test_what_export_prints_can_be_pasted_faults(quick, saved, tmp_path, capsys):
    folder = tmp_path / "it's a $(folder)"
    assert main(["export", str(saved), str(folder)]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Try: ")]
    assert f"{folder}:/models" in shlex.split(line)


def test_a_full_disk_leaves_what_was_there_faults(quick, tmp_path):
    resource = pytest.importorskip("resource")
    model = tiny_segmenter()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(InputError, match=r"1: cannot write there \(File too large\); make room, or choose another"):
            model.export(tmp_path / "1")
        with pytest.raises(InputError, match=r"mine/version: cannot write there \(File too large\)"):
            export.export_version(model, "mine", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_no_saved_model_is_not_replaced(quick, tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(InputError, match="no SavedModel"):
        tiny_segmenter().export(tmp_path)
    assert (tmp_path / "kept.txt").read_text() == "kept"
    tiny_segmenter().export(tmp_path / "new")
    tiny_segmenter().export(tmp_path / "new")  # again
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.txt", "new"]


def test_a_crash_leaves_nothing(quick, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(warm_up, "write", fail)
    with pytest.raises(InputError, match=r"cannot write there \(No space left on device\); make room, or choose"):
        tiny_segmenter().export(tmp_path / "models" / "1")
    assert not list((tmp_path / "models").iterdir())


def test_another_backend_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(InputError, match="KERAS_BACKEND=tensorflow"):
        tiny_segmenter().export(tmp_path / "1")


def test_command(quick, saved, tmp_path, capsys):
    assert main(["export", str(saved), str(tmp_path / "models"), "--version", "3"]) == 0
    assert (tmp_path / "models" / "mine" / "3" / "saved_model.pb").is_file()
    assert "docker run" in capsys.readouterr().out
    assert main(["export", str(saved), str(tmp_path / "models"), "--version", "3"]) == 2
    assert "the next is 4" in capsys.readouterr().err


@pytest.mark.slow
def test_faults_models_of_two_runs_are_two_on_a_server(quick, tmp_path, monkeypatch):
    model = tiny_segmenter()
    for run in ("first", "second"):
        model.save_to_preset(tmp_path / run / "best")
        assert main(["export", str(tmp_path / run / "best"), str(tmp_path / "models")]) == 0
    monkeypatch.chdir(tmp_path / "second")
    assert main(["export", "./best", str(tmp_path / "models")]) == 0
    versions = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("saved_model.pb"))
    assert versions == ["models/first/1", "models/second/1", "models/second/2"]


def test_the_page_shows_requests_of_all_kinds():
    assert {name for name, _ in REQUESTS} == {"wavenet_digits", "context_segmenter_nuclei", "tcn_chunker_conll2000"}
    assert PAGE.count("```json") == len(REQUESTS)


def decoded(value):
    """JSON as TensorFlow Serving reads it: {"b64": ...} is bytes."""
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return [decoded(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The presets of the page, exported when first asked for."""
    folder, done = tmp_path_factory.mktemp("models"), {}

    def get(name):
        if name not in done:
            done[name] = export.export_version(registry.from_preset(name), name, folder)[0]
        return done[name]

    return get


def typed(name, inputs):
    """Numbers as the server makes them of JSON, by the signature's types."""
    types = {"seed": np.int32, "temperature": np.float32, "audio": np.float32}
    return {key: np.array(decoded(value), types.get(key)) for key, value in inputs.items()}


@pytest.mark.slow
def test_requests_of_the_page_are_answered(served):
    for name in dict.fromkeys(name for name, _ in REQUESTS):
        asked = [json.loads(text) for other, text in REQUESTS if other == name]
        requests = [(one.get("signature_name", "serving_default"), typed(name, one["inputs"])) for one in asked]
        for answer in ask(served(name), requests):
            assert "error" not in answer, str(answer["error"])
            assert all(len(value) for key, value in answer.items() if np.ndim(value))


@pytest.mark.slow
def test_code_of_the_page_streams(served, monkeypatch):
    import tensorflow as tf

    predict = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    service = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2_grpc")

    class Stub:
        def __init__(self, channel):
            pass

        def Predict(self, request):
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            inputs = {name: value.astype("S") if value.dtype == object else value for name, value in inputs.items()}
            [answer] = ask(served(request.model_spec.name), [(request.model_spec.signature_name, inputs)])
            assert "error" not in answer, str(answer["error"])
            response = predict.PredictResponse()
            for name, value in answer.items():
                if name != "seconds":
                    response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return response

    monkeypatch.setattr(service, "PredictionServiceStub", Stub)
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    page = types.ModuleType("page")
    exec(code, page.__dict__)
    model = registry.from_preset("wavenet_digits")
    audio = model.generate(text="four two", speaker="jackson", seed=1, engine="xla")
    np.testing.assert_allclose(page.audio, audio, atol=1e-4)


@pytest.mark.slow
def test_trained_chunker_tags_text_as_ever(served):
    model = registry.from_preset("tcn_chunker_conll2000")
    lines = (CHECKOUT / "datasets" / "conll2000" / "sample" / "train.txt").read_text(encoding="utf-8")
    sentences = [[line.split()[0] for line in block.splitlines()] for block in lines.strip().split("\n\n")]
    longest = max(map(len, sentences))
    rows = np.array([[*words, *[""] * (longest - len(words))] for words in sentences])
    [answer] = ask(served("tcn_chunker_conll2000"), [("serving_default", {"tokens": rows})])
    assert [row[row != ""].tolist() for row in answer["tags"]] == model.tag(sentences)
