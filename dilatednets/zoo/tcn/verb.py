"""The command `predict`: what a TCN says of a file."""

import csv
import io
import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets import registry
from dilatednets.arguments import PRESET, add_json, add_model
from dilatednets.errors import InputError

VERB, HELP = "predict", "forecast or classify what is in a table, an archive of arrays or a recording"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the file, and where the answers go."""
    add_model(parser, f"a TCN: {PRESET}")
    parser.add_argument("file", metavar="FILE", help="a CSV file, an .npz archive with x, or a recording")
    parser.add_argument("--output", metavar="FILE.csv", help="write the answers there (default: standard output)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the forecast: .png, .svg or .pdf")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets predict MODEL FILE [--output FILE.csv] [--plot FILE.png] [--json]`."""
    from dilatednets.files import atomic_path, check_writable
    from dilatednets.plots.figure import check_suffix, save

    if options.output is not None:
        if not options.output.lower().endswith(".csv"):
            raise InputError(f"output: {options.output}: a table is written as .csv; choose such a name")
        check_writable(options.output)
    if options.plot is not None:
        check_suffix(options.plot)
        check_writable(options.plot)
    model = registry.from_preset(options.model, "TCN")
    if options.plot and model.task != "forecast":
        raise InputError(f"plot: is for forecasts, and {options.model} does {model.task}; leave it out")
    from dilatednets.zoo.tcn.prediction import predict_file

    rows, forecasts = predict_file(model, options.file)
    if options.plot and not forecasts:
        raise InputError(f"plot: {options.file}: has no series to draw a forecast after; give a CSV file")
    if options.plot:
        save(picture(model, forecasts, str(options.model)), options.plot)
    if options.output:
        with atomic_path(options.output) as path:
            path.write_text(as_csv(rows), encoding="utf-8")
    elif not options.json:
        sys.stdout.write(as_csv(rows))
    if options.json:
        print(json.dumps({"predictions": rows}))


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV, a line of names first.

    Example:
    >>> print(as_csv([{"day": "2024-01-01", "sold": 3.5}]), end="")
    day,sold
    2024-01-01,3.5
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{x:.7g}" if isinstance(x, float) else x for name, x in row.items()} for row in rows)
    return text.getvalue()


def picture(model: Any, forecasts: list[Any], title: str) -> Any:
    """The first series with their forecasts, one below the other."""
    from dilatednets.plots.figure import figure
    from dilatednets.plots.forecast import MOST_SHOWN, draw_forecast

    shown = [(one, number) for one in forecasts for number in range(model.outputs)][:MOST_SHOWN]
    drawing, axes = figure([300] * len(shown))
    for ax, (one, number) in zip(axes, shown, strict=True):
        past = one.past.series.times, one.past.targets[:, number]
        words = ": ".join(filter(None, (title, one.past.series.name, model.labels[number])))
        draw_forecast(ax, past, one.times, one.values[:, number], model.quantiles, words)
    return drawing
