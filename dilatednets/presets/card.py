"""What a preset's `card.json` says, as the README.md of its folder."""

import json
from collections.abc import Mapping
from typing import Any

HEAD = {"class": "Class", "parameters": "Parameters"}
TAIL = {
    "data": "Data",
    "data_licence": "Licence of the data",
    "weights_licence": "Licence of the weights",
    "training": "Training",
    "hardware": "Hardware",
    "wall_time": "Wall time",
    "seed": "Seed",
    "sha256": "SHA-256 of model.weights.h5",
}
"""Facts that all cards have, by key, before and after those of the model."""


def readme(card: dict[str, Any], facts: Mapping[str, str]) -> str:
    """README.md of a preset, with Hugging Face model-index metadata; made from the card alone.

    Args:
        card: The record of the preset.
        facts: Titles of what the model counts of itself, by key, as `ZooModel.facts` has them.

    Example:
    >>> readme({"name": "tiny", "class": "WaveNet", "parameters": 12}, {}).splitlines()[-1]
    'Made from card.json by `dilatednets`; change that file, not this one.'
    """
    metrics = card.get("metrics", [])
    lines = ["---", "library_name: keras"]
    if "weights_licence_id" in card:
        lines.append(f"license: {card['weights_licence_id']}")
    if metrics:
        lines += ["model-index:", f"- name: {card.get('name', '')}", "  results:"]
        for metric in metrics:
            data, split = (_quoted(metric[key]) for key in ("data", "split"))
            lines += [
                f"  - task: {{type: {_quoted(card.get('task', 'other'))}}}",
                f"    dataset: {{name: {data}, type: {data}, split: {split}}}",
                f"    metrics: [{{type: {_quoted(metric['name'])}, value: {metric['value']}}}]",
            ]
    lines += ["---", "", f"# {card.get('name', '')}", ""]
    if "description" in card:
        lines += [card["description"], ""]
    if "example" in card:
        lines += ["```python", *card["example"], "```", ""]
    lines += ["| | |", "| --- | --- |"]
    lines += [f"| {title} | {_number(card[key])} |" for key, title in {**HEAD, **facts, **TAIL}.items() if key in card]
    for table in (metrics_table(card), measurements_table(card)):
        lines += ["", *table] if table else []
    for picture in card.get("pictures", []):
        lines += ["", f"![{picture['caption']}]({picture['file']})", "", picture["caption"]]
    for note in card.get("notes", []):
        lines += ["", note]
    lines += ["", "Made from card.json by `dilatednets`; change that file, not this one."]
    return "\n".join(lines) + "\n"


def metrics_table(card: dict[str, Any]) -> list[str]:
    """The card's `metrics`, figures on data, as lines of a Markdown table; none if there are none."""
    rows = [
        f"| {m['name']} | {m['data']} | {m['split']} | {_number(m['value'])} | {_number(m.get('tolerance', ''))} "
        f"| {_code(m.get('command', ''))} |"
        for m in card.get("metrics", [])
    ]
    return rows and [
        "| metric | data | split | value | tolerance | how |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]


def measurements_table(card: dict[str, Any]) -> list[str]:
    """The card's `measurements`, such as speeds: {"what", "value", "goal", "command"}; as `metrics_table`."""
    rows = [
        f"| {m['what']} | {m['value']} | {m.get('goal', '')} | {_code(m['command'])} |"
        for m in card.get("measurements", [])
    ]
    return rows and ["| what | measured | to reach | how |", "| --- | --- | --- | --- |", *rows]


def _code(command: str) -> str:
    return f"`{command}`" if command else ""


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _quoted(value: Any) -> str:
    """Words as YAML reads them whatever they are: "no" and 12 as words, a comma as a comma."""
    return json.dumps(str(value), ensure_ascii=False)
