"""The front page: its examples run, its tables say what the cards say, what it points at is there."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
from conftest import CHECKOUT


@pytest.mark.slow
def test_python_examples_run(tmp_path, monkeypatch):
    """In order, in one session, as a reader would type them."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    examples = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert examples, "README.md shows no Python"
    (tmp_path / "datasets").symlink_to(CHECKOUT / "datasets")
    monkeypatch.chdir(tmp_path)
    session: dict[str, object] = {"__name__": "__main__"}
    for example in examples:
        lines_before = text.count("\n", 0, example.start(1))  # a traceback then names README's line
        exec(compile("\n" * lines_before + example[1], "README.md", "exec"), session)


def test_tables_say_what_the_cards_say():
    loader = SourceFileLoader("update_readmes", str(CHECKOUT / "tools" / "update_readmes"))
    tool = module_from_spec(spec_from_loader("update_readmes", loader))
    loader.exec_module(tool)
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- end -->") >= 3 and "| wavenet_digits | WaveNet |" in text
    assert tool.front_page(text) == text, "make readmes"
    stale = text.replace("| wavenet_digits | WaveNet |", "| wavenet_digits | another |")
    assert tool.front_page(stale) == text


def test_links_lead_somewhere():
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in t]
    assert targets
    assert [target for target in targets if not (CHECKOUT / target).exists()] == []
