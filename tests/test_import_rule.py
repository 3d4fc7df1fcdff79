"""The rooms import in one direction, and TensorFlow only when it is needed; read off the source, whatever is installed."""

import ast
import re
import sys
from collections.abc import Iterator

import pytest
from helpers import CHECKOUT

# What a room may import of the package, and from elsewhere, besides the standard library; the second pair adds what it
# may import inside a function only: a task's verb reads data, and a backend is touched when it runs.
GROUND = {"errors", "files", "folders", "targets", "rules", "arguments", "arrays", "pages", "progress"}
MODEL_ROOMS = GROUND | {"backend", "layers", "native", "presets", "registry", "zoo"}
SHARED = MODEL_ROOMS | {"data", "training", "plots"}
BACKENDS = {"tensorflow", "jax"}
MODEL_LIBRARIES = {"keras", "numpy"}
PEERS = {"skimage", "onnxruntime", "librosa", "pesq", "pystoi"}
ANY_LIBRARY = MODEL_LIBRARIES | {"scipy", "PIL"}
RULES = {
    "": (set(), set(), {"registry"}, set()),
    "__main__": ({"cli"}, set(), set(), set()),
    "errors": (set(), set(), set(), set()),
    "files": ({"errors"}, set(), set(), set()),
    "folders": ({"errors"}, set(), set(), set()),
    "targets": ({"errors", "files"}, set(), set(), set()),
    "rules": ({"errors"}, set(), set(), set()),
    "arguments": ({"errors"}, set(), set(), set()),
    "arrays": ({"errors"}, {"numpy"}, set(), set()),
    "progress": (set(), set(), set(), {"tqdm"}),
    "pages": (set(), set(), set(), set()),
    "backend": ({"errors"}, {"keras"}, set(), BACKENDS),
    "layers": (GROUND | {"backend", "layers"}, MODEL_LIBRARIES, set(), BACKENDS),
    "native": ({"backend", "errors", "native"}, MODEL_LIBRARIES | {"numba"}, set(), set()),
    "presets": (GROUND | {"presets"}, MODEL_LIBRARIES, set(), {"h5py", "pooch", "requests", "huggingface_hub"}),
    "data": (GROUND | {"data"}, ANY_LIBRARY | {"soundfile"}, set(), {"tensorflow", "tensorflow_io", "tifffile"}),
    "plots": (GROUND | {"plots"}, {"numpy"}, {"layers"}, {"matplotlib", "PIL"}),
    "training": (GROUND | {"training"}, MODEL_LIBRARIES, set(), BACKENDS),
    "serving": (GROUND | {"serving"}, MODEL_LIBRARIES | {"tensorflow"}, set(), {"tensorflow_serving", "tf2onnx"}),
    # The families: it names their folders, and imports what is in them when asked. Without Keras.
    "registry": (GROUND | {"presets", "training"}, set(), set(), set()),
    # Ray is imported when it is asked for; what the records are, a family says.
    "archives": (GROUND | {"presets", "registry", "archives"}, set(), {""}, {"ray", "pyarrow"}),
    # The page's server; what a page asks for and shows, a family says.
    "play": (GROUND | {"data", "plots", "presets", "registry", "play"}, set(), set(), set()),
    "zoo": (MODEL_ROOMS, MODEL_LIBRARIES, {"serving"}, BACKENDS),
    # In a family, the model and what it needs to run; a verb reads data, a description draws.
    "family": (MODEL_ROOMS, MODEL_LIBRARIES, {"data", "plots"}, BACKENDS | {"scipy"}),
    "family/training": (SHARED, ANY_LIBRARY, set(), BACKENDS),
    "family/signatures": (MODEL_ROOMS | {"data", "serving"}, MODEL_LIBRARIES | {"tensorflow"}, set(), set()),
    # A verb is known without Keras, a demonstration runs everything.
    "family/verb": (GROUND | {"registry"}, set(), SHARED, ANY_LIBRARY),
    # Comparisons train both sides on the same data.
    "benchmarks": (SHARED | {"serving", "archives", "benchmarks"}, ANY_LIBRARY | {"torch"}, set(), BACKENDS | PEERS),
    "cli": (GROUND | {"registry", "presets", "cli"}, set(), SHARED | {"serving", "benchmarks", "archives", "play"}, set()),
}  # fmt: skip
KINDS = {
    "verb": "family/verb",
    "demo": "family/verb",
    "signatures": "family/signatures",
    "encoded_pictures": "family/signatures",
    **dict.fromkeys(
        ("folded_wavenet", "speech_graph", "word_frames", "split_words", "word_numbers"), "family/signatures"
    ),
    **dict.fromkeys(
        ("training", "recipe", "tasks", "counting", "watershed", "fine_tuning", "programs"), "family/training"
    ),
    **dict.fromkeys(
        ("windows", "clip_windows", "spectra_windows", "image_batches", "augmentation", "sentence_batches"),
        "family/training",
    ),
    **dict.fromkeys(("native_voices", "pair_windows"), "family/training"),
    **dict.fromkeys(("archive", "page"), "family/training"),
    **dict.fromkeys(("examples", "table_examples", "spoken_examples", "prediction", "listening"), "family/training"),
}
"""Files of a family's folder that are not the model's, and so may import more."""


def room_of(path: str) -> str:
    """The name in RULES of the room that a file belongs to."""
    *folders, file = path.removesuffix(".py").split("/")[1:]
    if folders[:1] == ["zoo"] and len(folders) == 2:
        return KINDS.get(file, "family/training" if file == "__init__" else "family")
    return folders[0] if folders else file.replace("__init__", "")


def imports(node: ast.AST, lazy: bool = False) -> Iterator[tuple[str, bool]]:
    """(dotted name, whether only a call or a type checker imports it) of every import below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            prefix = "." * child.level + (child.module or "")
            names = [f"{prefix}.{alias.name}" for alias in child.names] if prefix == "dilatednets" else [prefix]
            yield from ((name, lazy) for name in names)
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            types_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from imports(child, lazy or function or types_only)


def violations(room: str, source: str) -> list[str]:
    """The imports in a room's source that its rule does not allow."""
    rooms, libraries, lazy_rooms, lazy_libraries = RULES[room]
    found = []
    for name, lazy in imports(ast.parse(source)):
        top, _, rest = name.partition(".")
        if top == "dilatednets":
            allowed = rest == "__version__" or rest.partition(".")[0] in (rooms | lazy_rooms if lazy else rooms)
        else:
            allowed = top in sys.stdlib_module_names or top in (libraries | lazy_libraries if lazy else libraries)
        if not allowed:
            found.append(name)
    return found


@pytest.mark.parametrize("path", [str(p.relative_to(CHECKOUT)) for p in CHECKOUT.glob("dilatednets/**/*.py")])
def test_imports_follow_the_arrows(path):
    assert violations(room_of(path), (CHECKOUT / path).read_text(encoding="utf-8")) == []


def test_families_do_not_import_each_other():
    families = sorted(path.parent.name for path in CHECKOUT.glob("dilatednets/zoo/*/model.py"))
    assert len(families) >= 3
    for family in families:
        for path in CHECKOUT.glob(f"dilatednets/zoo/{family}/*.py"):
            others = "|".join(
                other for other in families if other != family and (family, other) != ("tcn_chunker", "tcn")
            )
            assert not re.search(rf"dilatednets\.zoo\.({others})\b", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("room", ["training", "serving", "presets", "plots", "data", "cli", "benchmarks", "play"])
def test_shared_rooms_name_no_model(room):
    """But in examples, and in benchmarks of a single family, which stand in folders of their own or say so by their kind."""
    names = re.compile(r"WaveNet|ContextSegmenter|TCNChunker|AudioEffect|MelVocoder|\bTCN\b(?=[(.\"])")
    own = {"generation", "recognition", "vocoding", "context", "chunking", "effects"}
    for path in CHECKOUT.glob(f"dilatednets/{room}/**/*.py"):
        if path.parent.parent.name == "benchmarks" or (path.parent.name == "benchmarks" and path.stem in own):
            continue
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not re.match(r"\s*(>>>|#)", line)]
        assert not [line for line in lines if names.search(line)], path


@pytest.mark.parametrize(
    ("room", "source", "expected"),
    [
        ("layers", "import keras, math\nimport numpy.linalg", []),
        ("layers", "import scipy.signal", ["scipy.signal"]),
        ("layers", "from dilatednets.zoo.wavenet import WaveNet", ["dilatednets.zoo.wavenet"]),
        ("presets", "from dilatednets import errors, zoo", ["dilatednets.zoo"]),
        ("zoo", "if True:\n    import tensorflow as tf", ["tensorflow"]),
        ("zoo", "class A:\n    def f(self):\n        import tensorflow as tf", []),
        ("zoo", "from dilatednets.data import audio", ["dilatednets.data"]),
        ("family", "def f():\n    from dilatednets.data import audio", []),
        ("zoo", "def f():\n    from dilatednets.cli import main", ["dilatednets.cli"]),
        ("data", "try:\n    import tensorflow_io\nexcept ImportError:\n    pass", ["tensorflow_io"]),
        ("training", "from ..zoo import wavenet", ["..zoo"]),
        ("family/signatures", "import tensorflow as tf", []),
    ],
)
def test_the_rule_tells_right_from_wrong(room, source, expected):
    assert violations(room, source) == expected
