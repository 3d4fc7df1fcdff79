"""The rooms import in one direction, and TensorFlow only when it is needed; read off the source, whatever is installed."""

import ast
import sys
from collections.abc import Iterator

import pytest
from conftest import CHECKOUT

# What a room may import of the package, and from elsewhere, besides the standard library; the second pair adds what it
# may import inside a function only: a task's verb reads data, and a backend is touched when it runs.
BASE = {"errors", "files"}
MODEL_ROOMS = BASE | {"layers", "generation", "zoo"}
BACKENDS = {"tensorflow", "jax"}
MODEL_LIBRARIES = {"keras", "numpy"}
ANY_LIBRARY = MODEL_LIBRARIES | {"scipy", "PIL"}
RULES = {
    "": (set(), set(), set(), set()),
    "errors": (set(), set(), set(), set()),
    "files": ({"errors"}, set(), set(), set()),
    "layers": (BASE | {"layers"}, MODEL_LIBRARIES, set(), BACKENDS),
    "generation": (BASE | {"layers", "generation"}, MODEL_LIBRARIES, {"data"}, BACKENDS),
    "zoo": (MODEL_ROOMS, MODEL_LIBRARIES, {"data", "serving"}, BACKENDS | {"huggingface_hub"}),
    "data": (BASE | {"data"}, ANY_LIBRARY, set(), {"tensorflow", "tensorflow_io"}),
    "training": (MODEL_ROOMS | {"data", "training"}, ANY_LIBRARY, set(), BACKENDS),
    "serving": (MODEL_ROOMS | {"data", "serving"}, ANY_LIBRARY | {"tensorflow"}, set(), {"tensorflow_serving"}),
    # Comparisons train both sides on the same data.
    "benchmarks": (MODEL_ROOMS | {"data", "training", "serving", "benchmarks"}, ANY_LIBRARY | {"torch"}, set(), BACKENDS),
    "cli": (
        MODEL_ROOMS | {"data", "training", "serving", "benchmarks", "cli"}, ANY_LIBRARY, set(), BACKENDS,
    ),
}  # fmt: skip


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
    room = path.removesuffix("/__init__.py").removesuffix(".py").split("/")[1:2]
    assert violations("".join(room), (CHECKOUT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source", "expected"),
    [
        ("layers", "import keras, math\nimport numpy.linalg", []),
        ("layers", "import scipy.signal", ["scipy.signal"]),
        ("layers", "from dilatednets.zoo.wavenet import WaveNet", ["dilatednets.zoo.wavenet"]),
        ("generation", "from dilatednets import errors, zoo", ["dilatednets.zoo"]),
        ("zoo", "if True:\n    import tensorflow as tf", ["tensorflow"]),
        ("zoo", "class A:\n    def f(self):\n        import tensorflow as tf", []),
        ("zoo", "from dilatednets.data import audio", ["dilatednets.data"]),
        ("zoo", "def f():\n    from dilatednets.data import audio", []),
        ("zoo", "def f():\n    from dilatednets.cli import main", ["dilatednets.cli"]),
        ("data", "try:\n    import tensorflow_io\nexcept ImportError:\n    pass", ["tensorflow_io"]),
        ("training", "from ..zoo import wavenet", ["..zoo"]),
    ],
)
def test_the_rule_tells_right_from_wrong(room, source, expected):
    assert violations(room, source) == expected
