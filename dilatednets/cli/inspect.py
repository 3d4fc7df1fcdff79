"""The commands `models` and `describe`."""

import json
from argparse import Namespace
from typing import Any

from dilatednets.zoo import presets


def models(options: Namespace) -> None:
    """`dilatednets models`."""
    print(table())
    print("\nTry: dilatednets describe wavenet_digits --plot dilations.png")


def table() -> str:
    """The zoo as a Markdown table, made from the cards."""
    lines = ["| preset | model | parameters | metric | value | data, split |", "| --- | --- | --- | --- | --- | --- |"]
    for name in sorted(presets.available()):
        card = presets.card(name)
        for metric in [m for m in card.get("metrics", []) if m.get("headline")]:
            lines.append(
                f"| {name} | {card['class']} | {card['parameters']:,} | {metric['name']} | {metric['value']:.4g} "
                f"| {metric['data']}, {metric['split']} |"
            )
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
