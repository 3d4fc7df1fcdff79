"""The front page and docs/: recipes are read, tables say what the cards say, links lead somewhere.

The front page's examples run in test_packaging.py, from a wheel.
"""

import re
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest
from helpers import CHECKOUT

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
    text = (CHECKOUT / "docs" / "training.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    recipes = [parse_recipe(tomllib.loads(toml)) for toml in shown]
    assert [(recipe.name, recipe.model) for recipe in recipes] == [
        ("my_voice", "WaveNet"),
        ("my_segmenter", "ContextSegmenter"),
        ("my_chunker", "TCNChunker"),
    ]
