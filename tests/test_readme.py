"""README's Python examples run as they stand, in order, in one session, as a reader would type them."""

import re

import pytest
from conftest import CHECKOUT


@pytest.mark.slow
def test_python_examples_run(tmp_path, monkeypatch):
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    examples = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert examples, "README.md shows no Python"
    monkeypatch.chdir(tmp_path)
    session: dict[str, object] = {"__name__": "__main__"}
    for example in examples:
        lines_before = text.count("\n", 0, example.start(1))  # a traceback then names README's line
        exec(compile("\n" * lines_before + example[1], "README.md", "exec"), session)
