"""The front page and docs/: recipes are read, tables say what the cards say, links lead somewhere, and every block of code
is parsed by what would run it.

The front page's examples run in test_packaging.py, from a wheel.
"""

import ast
import importlib.util
import json
import re
import shlex
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import keras
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_segmenter

from dilatednets.cli.main import parser
from dilatednets.registry import parse_recipe

PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def test_tables_say_what_the_cards_say():
    loader = SourceFileLoader("update_readmes", str(CHECKOUT / "tools" / "update_readmes"))
    tool = module_from_spec(spec_from_loader("update_readmes", loader))
    loader.exec_module(tool)
    text = PAGES[0].read_text(encoding="utf-8")
    assert "| wavenet_digits | WaveNet |" in text
    assert tool.front_page(text) == text, "make readmes"
    stale = text.replace("| wavenet_digits | WaveNet |", "| wavenet_digits | another |")
    assert tool.front_page(stale) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert targets or page.name != "README.md"
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_linked_from_the_front_page():
    text = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"({page.relative_to(CHECKOUT)})" not in text] == []


def test_recipes_shown_are_valid():
    pages = [CHECKOUT / "docs" / f"{name}.md" for name in ("training", "recordings")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    shown = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    recipes = [parse_recipe(tomllib.loads(toml)) for toml in shown]
    assert [(recipe.name, recipe.model) for recipe in recipes] == [
        ("my_voice", "WaveNet"),
        ("my_segmenter", "ContextSegmenter"),
        ("my_chunker", "TCNChunker"),
        ("my_words", "WaveNet"),
        ("my_vocoder", "MelVocoder"),
        ("my_wavenet", "WaveNet"),
    ]


def blocks(page):
    """(language or "", text) of every block of code, fenced or indented."""
    text = page.read_text(encoding="utf-8")
    fenced = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
    yield from ((found[1], found[2]) for found in fenced.finditer(text))
    for found in re.finditer(r"(?<=\n\n)(?:    .*\n|\n(?=    ))+", fenced.sub("", text)):
        yield "", re.sub("^    ", "", found[0], flags=re.MULTILINE)


BLOCKS = [
    pytest.param(page, language, text, id=f"{page.relative_to(CHECKOUT)}-{number}")
    for page in [*PAGES, *sorted(CHECKOUT.glob("datasets/*/README.md"))]
    for number, (language, text) in enumerate(blocks(page))
]
PROGRAMS = (
    "arecord",
    "awk",
    "cd",
    "cp",
    "curl",
    "dilatednets",
    "docker",
    "echo",
    "export",
    "git",
    "hf",
    "make",
    "mkdir",
    "pip",
    "ray",
    "source",
) + (".venv/bin/pre-commit", "tools/make_sales", "tools/render_guitar", "tools/teach_chunks")
NO_CODE = ("cli  ", "preset  ", "max_batch_size {", "repository/", "dilatednets/", "[NP ", "kB of", "http")
"""How blocks begin that show a picture, a result or a file."""
NOT_INSTALLED = {"tritonclient", "ray"}


@pytest.mark.parametrize(("page", "language", "text"), BLOCKS)
def test_every_block_is_what_it_seems_faults(page, language, text):
    kind = language.partition(" ")[0]
    if kind == "json":
        json.loads(text)
    elif kind == "toml":
        tomllib.loads(text)
    elif kind == "yaml":
        pytest.importorskip("yaml").safe_load(text)
    elif kind == "pbtxt":
        assert text.count("{") == text.count("}") and text.count("[") == text.count("]")
    elif kind == "python" or text.startswith(("import ", "from ")):
        check_python(text)
    elif not text.lstrip().startswith(NO_CODE):
        for line in text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith(NO_CODE):
                check_shell(line)


def check_python(text):
    """It compiles, and what it imports is there."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.partition(".")[0] not in NOT_INSTALLED:
                module = importlib.import_module(name)
                for alias in getattr(node, "names", []) if isinstance(node, ast.ImportFrom) else []:
                    assert hasattr(module, alias.name) or importlib.util.find_spec(f"{name}.{alias.name}"), alias.name


def check_shell(line):
    """Its words are those of a shell, its programs are known, and the package's own command takes its arguments."""
    words = ["\n" if word in ("|", "&&") else shlex.quote(word) for word in shlex.split(line, comments=True)]
    for part in filter(str.strip, " ".join(words).split("\n")):
        command = shlex.split(part)
        while re.match(r"[A-Z_]+=", command[0]):  # a setting
            del command[0]
        command = command[: command.index(">")] if ">" in command else command
        assert command[0] in PROGRAMS, line
        if command[0] == "make":
            makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
            assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in command[1:]), line
        elif command[0] == "dilatednets":
            assert parser().parse_known_args(command[1:])[1] == [], line


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "text", [text for page in PAGES for language, text in blocks(page) if language.startswith("pbtxt")]
)
def test_configurations_of_triton_fit_the_signatures_faults(text):
    [name] = re.findall(r'^name: "(.*)"', text, re.MULTILINE)
    wanted = re.findall(r'"TF_SIGNATURE_DEF" value { string_value: "(.*?)"', text) or ["serving_default"]
    small = {"tcn_chunker_conll2000": tiny_chunker, "context_segmenter_nuclei": tiny_segmenter}[name]()
    signature = small.signatures().signatures()[wanted[0]]
    types = {"string": "TYPE_STRING", "uint8": "TYPE_UINT8", "int32": "TYPE_INT32", "float32": "TYPE_FP32"}
    inputs, outputs = text.split("output [")
    asked = {one.name: one for one in keras.tree.flatten(signature.structured_input_signature)}
    for shown, tensors in ((inputs, asked), (outputs, signature.structured_outputs)):
        fields = re.findall(r'name: "(\w+)" data_type: (\w+) dims: \[ (.*?) \]', shown)
        expected = {
            (key, types[one.dtype.name], ", ".join(str(length or -1) for length in one.shape.as_list()))
            for key, one in tensors.items()
        }
        assert set(fields) == expected
    assert 'platform: "tensorflow_savedmodel"' in text and "max_batch_size: 0" in text
