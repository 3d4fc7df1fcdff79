"""Models of the page: loaded when they are chosen, few of them kept, and a page for each that is trained."""

import pytest

from dilatednets.errors import InputError
from dilatednets.pages import Page, Words
from dilatednets.play.models import MOST_LOADED, Models, named


def test_models_are_loaded_when_chosen_and_few_are_kept(tmp_path):
    loaded = []

    def load(handle):
        loaded.append(handle)
        return Page(handle, [], lambda: [Words("Name", handle)])

    names = "abcdefg"[: MOST_LOADED + 1]
    models = Models({name: name for name in names}, tmp_path, load)
    assert [name for name, _ in models.summaries()] == list(names) and not loaded
    for name in names:
        assert [models.answer(name, {})[0].text for _ in range(2)] == [name, name]
    assert loaded == list(names)
    assert models.page(names[-1]).words == names[-1] and loaded == list(names)
    assert models.page(names[0]).words == names[0] and loaded == [*names, names[0]]


def test_a_model_that_cannot_be_loaded_is_tried_again_faults(tmp_path):
    models = Models({"gone": str(tmp_path / "gone")}, tmp_path)
    assert "neither a preset nor a folder" in models.summaries()[0][1]
    for _ in range(2):
        with pytest.raises(InputError, match="gone: neither a preset nor a folder"):
            models.page("gone")


@pytest.mark.slow
@pytest.mark.parametrize("name", named(None))
def test_each_trained_model_has_a_page_that_says_what_to_do(name, tmp_path):
    page = Models(named(None), tmp_path).page(name)
    assert page.fields and page.words.endswith(".")
