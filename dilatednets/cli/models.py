"""The commands `models` and `describe`: what there is, and what it costs."""

import json
from argparse import Namespace
from typing import Any

from dilatednets.zoo import presets


def models(options: Namespace) -> None:
    """`dilatednets models`."""
    names = sorted(presets.available())
    print(table())
    if names:
        print(f"\nTry: dilatednets describe {names[0]} --plot dilations.png")


def table() -> str:
    """The zoo as a Markdown table, made from the cards: a row for each metric that its card calls a headline."""
    lines = ["| preset | model | parameters | metric | value | data, split |", "| --- | --- | --- | --- | --- | --- |"]
    for name in sorted(presets.available()):
        card = presets.card(name)
        start = f"| {name} | {card.get('class', '')} | {card.get('parameters', 0):,} |"
        headlines = [metric for metric in card.get("metrics", []) if metric.get("headline")]
        lines += [f"{start} {m['name']} | {m['value']:.4g} | {m['data']}, {m['split']} |" for m in headlines]
        lines += [] if headlines else [f"{start} | | |"]
    return "\n".join(lines)


def describe(options: Namespace) -> None:
    """`dilatednets describe MODEL [--plot FILE.png] [--json]`."""
    from dilatednets.cli.dilation_plot import dilation_plot
    from dilatednets.data.plots import save_png
    from dilatednets.files import check_writable
    from dilatednets.zoo.wavenet import WaveNet

    if options.plot:
        check_writable(options.plot)
    model = WaveNet.from_preset(options.model)
    facts = model.describe()
    if options.plot:
        save_png(dilation_plot(model.dilations, model.kernel_size, str(options.model)), options.plot)
    if options.json:
        print(json.dumps({"model": str(options.model), **facts}))
        return
    print(f"{options.model}: {presets.card(options.model).get('description', 'WaveNet')}")
    for line in cost_lines(model, facts):
        print(f"  {line}")
    if options.plot:
        print(f"{options.plot}: which samples one output sees")


def cost_lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """What a model costs, in words."""
    rate = facts["sample_rate"]
    return [
        f"{facts['layers']} dilated layers: {' '.join(map(str, model.dilations))}",
        f"{facts['parameters']:,} parameters",
        f"{facts['macs_per_sample']:,} multiply-accumulates a sample, "
        f"{facts['macs_per_sample'] * rate / 1e9:.2f} billion a second of audio at {rate} Hz",
        f"receptive field {facts['receptive_field']} samples, {facts['receptive_field_ms']:.0f} ms",
        f"speakers: {', '.join(model.speakers) or 'none'}",
    ]
