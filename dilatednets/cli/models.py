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
    from dilatednets.data.plots import save_png
    from dilatednets.files import check_writable
    from dilatednets.zoo import catalogue

    if options.plot:
        check_writable(options.plot)
    model = catalogue.from_preset(options.model)
    facts = model.describe()
    if options.plot:
        save_png(dilation_picture(model, str(options.model)), options.plot)
    if options.json:
        print(json.dumps({"model": str(options.model), **facts}))
        return
    print(f"{options.model}: {presets.card(options.model).get('description', type(model).__name__)}")
    for line in cost_lines(model, facts):
        print(f"  {line}")
    if options.plot:
        print(f"{options.plot}: what one output sees, and what that costs")


def dilation_picture(model: Any, title: str) -> Any:
    """What one output of a model sees, layer by layer, and what seeing far costs; a PIL image."""
    from dilatednets.cli.dilation_plot import dilation_plot, field_plot
    from dilatednets.cli.growth_plot import growth, growth_plot, stacked

    net = model.get_config()
    match type(model).__name__:
        case "WaveNet":
            seen = dilation_plot(model.dilations, model.kernel_size, title)
            grown, unit = growth(model.dilations, model.kernel_size, net["residual_channels"]), "samples"
        case "TCNChunker":
            seen = dilation_plot(model.dilations, net["kernel_size"], title, net["causal"], "words")
            grown, unit = growth(model.dilations, net["kernel_size"], net["width"]), "words"
        case _:
            seen, dilations = field_plot(model.context_dilations, title), model.context_dilations
            if not dilations:
                return seen
            grown, unit = growth(dilations, 3, net["num_classes"], dimensions=2), "pixels a side"
    return stacked([seen, growth_plot(grown, unit)])


def cost_lines(model: Any, facts: dict[str, Any]) -> list[str]:
    """What a model costs, in words."""
    if "macs_per_word" in facts:
        net = model.get_config()
        return [
            f"{facts['parameters']:,} parameters, {facts['macs_per_word']:,} multiply-accumulates a word",
            f"receptive field {facts['receptive_field']} words; dilations {' '.join(map(str, model.dilations))}",
            f"{facts['known_words']:,} known words; characters {'seen' if net['character_channels'] else 'not seen'}",
            f"labels: {', '.join(model.labels)}; parts of speech: {net['pos']}; decoder: {net['decoder']}",
        ]
    if "sample_rate" not in facts:
        return [
            f"{facts['parameters']:,} parameters, {facts['context_parameters']:,} of them in the context module",
            f"{facts['macs_per_pixel']:,} multiply-accumulates a pixel, {facts['context_macs_per_pixel']:,} of them in the "
            f"context module; {facts['macs_per_pixel'] * 360 * 480 / 1e9:.2f} billion for 360x480 pixels",
            f"receptive field {facts['receptive_field']} pixels a side; scores at stride {facts['stride']}",
            f"dilations of the context module: {' '.join(map(str, model.context_dilations)) or 'none'}",
            f"{model.head_name}: {', '.join(model.class_names) or model.num_classes}",
        ]
    rate = facts["sample_rate"]
    return [
        f"{facts['layers']} dilated layers: {' '.join(map(str, model.dilations))}",
        f"{facts['parameters']:,} parameters",
        f"{facts['macs_per_sample']:,} multiply-accumulates a sample, "
        f"{facts['macs_per_sample'] * rate / 1e9:.2f} billion a second of audio at {rate} Hz",
        f"receptive field {facts['receptive_field']} samples, {facts['receptive_field_ms']:.0f} ms",
        f"speakers: {', '.join(model.speakers) or 'none'}",
    ]
