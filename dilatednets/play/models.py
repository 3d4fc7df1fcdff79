"""The models of a page: each loaded when it is chosen, and one at a time computes."""

import functools
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from dilatednets import registry
from dilatednets.errors import InputError, Note, a
from dilatednets.pages import Page, Shown, Words
from dilatednets.play import forms
from dilatednets.presets import presets

MOST_LOADED = 4
"""Models in memory; of more, the one that was not asked for longest is dropped."""


class Models:
    """Pages of models, by the names under which they are found.

    Args:
        handles: Presets, or files that a family reads, by name.
        folder: Where files lie while they are answered; what is put there is removed again.
        load: Makes the page of a handle.
    """

    def __init__(self, handles: Mapping[str, str], folder: Path, load: Callable[[str], Page] | None = None) -> None:
        self.handles, self.folder = handles, folder
        self._turn = threading.Lock()
        self._loaded = functools.lru_cache(MOST_LOADED)(load or page_of)

    def summaries(self) -> list[tuple[str, str]]:
        """The name of each model and what it is, without loading it."""
        return [(name, _summary(handle)) for name, handle in self.handles.items()]

    def page(self, name: str) -> Page:
        """The page of a model.

        Raises:
            InputError: if it cannot be loaded, or its family shows nothing of it.
        """
        with self._turn:
            return self._loaded(self.handles[name])

    def answer(self, name: str, sent: Mapping[str, forms.Part]) -> list[Shown]:
        """What a model answers to a form, and notes, if there are any.

        Raises:
            InputError: for what it refuses, in the words of the page.
        """
        page = self.page(name)
        kept = tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True)
        with self._turn, kept as folder, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", Note)
            try:
                given = forms.values(page.fields, sent, Path(folder))
                shown = list(page.answer(**given))
            except (InputError, OSError) as error:
                raise InputError(in_words_of_the_page(str(error), page, folder)) from error
        notes = [str(one.message) for one in said if issubclass(one.category, Note)]
        lines = "\n".join(in_words_of_the_page(note, page, folder) for note in notes)
        return [Words("Note", lines), *shown] if lines else shown


def page_of(handle: str) -> Page:
    """The page of a model, which is loaded.

    Raises:
        InputError: if it cannot be, or its family shows nothing of it.
    """
    family = registry.family_of_preset(handle)
    if not family.has("page"):
        raise InputError(f"{handle}: there is no page for {a(family.model)}; see dilatednets --help for what it does")
    page: Page = family.part("page").page(registry.from_preset(handle), handle)
    return page


def in_words_of_the_page(message: str, page: Page, folder: str) -> str:
    """What is wrong, in one line: of an argument it says the field's label, of a file the name that it was sent under."""
    for field in page.fields:
        message = message.replace(f"{folder}/{field.name}/", "")
    labels = {field.name: field.label for field in page.fields}
    return re.sub("^[^:,]*", lambda name: labels.get(name[0], name[0]), " ".join(message.split()))


def _summary(handle: str) -> str:
    try:
        return str(presets.card(handle).get("description", ""))
    except InputError as error:
        return str(error)


def named(handle: str | None) -> dict[str, str]:
    """Handles by name: of one model, or of all presets."""
    if handle is None:
        return {name: name for name in sorted(presets.available())}
    name = Path(handle.partition("#")[0]).name
    return {name if name.strip(".") else "model": handle}
