"""Pages as HTML, whole: what is heard and seen stands in them, so that nothing has to be kept for a second request."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, cast
from urllib.parse import quote

from dilatednets.data.sound_formats import encode
from dilatednets.pages import Choice, Download, Field, File, Number, Page, Picture, Shown, Sound, Table, Text, Words
from dilatednets.plots import figure

MOST_ROWS = 200
"""Rows of a table that are shown."""


def index(models: Iterable[tuple[str, str]]) -> str:
    """The page that lists models, by name and description."""
    rows = "".join(
        f'<li><a href="/models/{quote(name, safe="")}">{escape(name)}</a> {escape(said)}</li>' for name, said in models
    )
    words = "Choose a model to try. The first takes some seconds to load, since Keras loads with it."
    return document("dilatednets", f"<h1>dilatednets</h1>\n<p>{words}</p>\n<ul>{rows}</ul>")


def model(
    name: str,
    page: Page,
    limit: str,
    given: Mapping[str, str] | None = None,
    shown: Sequence[Shown] = (),
    wrong: str = "",
) -> str:
    """The page of a model.

    Args:
        name: The model's.
        page: What its family says.
        limit: What is said of the size of files.
        given: What was filled in, by name, to stay there.
        shown: What was answered.
        wrong: Or else, what is wrong with what was given.
    """
    fields = "\n".join(_field(field, (given or {}).get(field.name), limit) for field in page.fields)
    answer = "".join(map(_shown, shown)) + (f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "")
    return document(
        name,
        f'<p><a href="/">All models</a></p>\n<h1>{escape(name)}</h1>\n<p>{escape(page.words)}</p>\n'
        f'<form method="post" enctype="multipart/form-data">\n{fields}\n<button>Go</button>\n</form>\n'
        f'<section id="answer" aria-live="polite">{answer}</section>',
    )


def message(words: str) -> str:
    """A page that says one thing."""
    return document(
        "dilatednets", f'<p class="wrong" role="alert">{escape(words)}</p>\n<p><a href="/">All models</a></p>'
    )


def document(title: str, body: str) -> str:
    """A whole page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width">\n<link rel="icon" href="data:,">\n'
        '<link rel="stylesheet" href="/page.css">\n<script src="/page.js" defer></script>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _field(field: Field, given: str | None, limit: str) -> str:
    name, note = f'name="{escape(field.name)}"', ""
    match field:
        case File():
            accept = ",".join(field.suffixes)
            entry = f'<input type="file" {name} accept="{escape(accept)}">'
            example = " Without one, a sample that comes along is taken." if field.example else ""
            note = f"<small>Drop a file here, or choose one; {escape(limit)}.{example}</small>"
        case Choice():
            chosen = field.choices[0] if given is None and field.choices else given
            options = (f"<option{' selected' * (one == chosen)}>{escape(one)}</option>" for one in field.choices)
            entry = f"<select {name}>{''.join(options)}</select>"
        case Number():
            text = given if given is not None else "" if field.value is None else f"{field.value:g}"
            step = "any" if isinstance(field.value, float) else "1"
            entry = f'<input type="number" step="{step}" {name} value="{escape(text)}">'
        case Text(rows=1):
            entry = f'<input type="text" {name} value="{escape(field.value if given is None else given)}">'
        case _:
            text = cast(Text, field).value if given is None else given
            entry = f'<textarea {name} rows="{cast(Text, field).rows}">\n{escape(text)}</textarea>'
    return f"<label>{escape(field.label)} {entry}{note}</label>"


def _shown(one: Shown) -> str:
    title = escape(one.title)
    match one:
        case Sound():
            data = _data("audio/wav", encode(one.audio, one.sample_rate, ".wav"))
            inner = f'<audio controls src="{data}"></audio>'
        case Picture():
            inner = f'<img alt="{title}" src="{_data("image/png", figure.encoded(one.picture))}">'
        case Table():
            inner = _table(one.rows)
        case Download():
            data = _data("application/octet-stream", one.data)
            return f'<p><a download="{title}" href="{data}">Save {title}</a></p>'
        case _:
            inner = f"<pre>{escape(cast(Words, one).text)}</pre>"
    kind = ' class="wide"' if isinstance(one, Table | Words) else ""
    return f"<figure{kind}><figcaption>{title}</figcaption>{inner}</figure>\n"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(str(name))}</th>" for name in rows[0])
    cells = ("".join(f"<td>{escape(_cell(value))}</td>" for value in row.values()) for row in rows[:MOST_ROWS])
    more = f"<p>The first {MOST_ROWS} of {len(rows)}.</p>" if len(rows) > MOST_ROWS else ""
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>{more}"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
