"""The command `models`: what there is."""

from argparse import ArgumentParser, Namespace

from dilatednets.errors import InputError
from dilatednets.presets import presets

VERB, HELP = "models", "table of trained models with their metrics"


def add_arguments(parser: ArgumentParser) -> None:
    """It takes none."""


def run(options: Namespace) -> None:
    """`dilatednets models`."""
    damaged: list[InputError] = []
    print(table(damaged))
    if damaged:
        raise damaged[0]
    names = sorted(presets.available())
    if names:
        print(f"\nTry: dilatednets describe {names[0]} --plot dilations.png")


def table(damaged: list[InputError] | None = None) -> str:
    """The zoo as a Markdown table, made from the cards: a row for each metric that its card calls a headline.

    Args:
        damaged: Gets what is wrong with presets that cannot be read, which then have no row; None raises it.
    """
    lines = ["| preset | model | parameters | metric | value | data, split |", "| --- | --- | --- | --- | --- | --- |"]
    for name in sorted(presets.available()):
        try:
            card = presets.card(name)
        except InputError as error:
            if damaged is None:
                raise
            damaged.append(error)
            continue
        start = f"| {name} | {card.get('class', '')} | {card.get('parameters', 0):,} |"
        headlines = [metric for metric in card.get("metrics", []) if metric.get("headline")]
        lines += [f"{start} {m['name']} | {m['value']:.4g} | {m['data']}, {m['split']} |" for m in headlines]
        lines += [] if headlines else [f"{start} | | |"]
    return "\n".join(lines)
