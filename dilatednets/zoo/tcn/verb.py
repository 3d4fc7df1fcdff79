"""The command `predict`: what a TCN says of a file."""

import csv
import io
import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from dilatednets import registry
from dilatednets.arguments import PRESET, add_json, add_model, refuse_in_the_end
from dilatednets.errors import InputError

VERB, HELP = "predict", "forecast or classify what is in a table, an archive of arrays or a recording"


def add_arguments(parser: ArgumentParser) -> None:
    """MODEL, the file, and where the answers go."""
    add_model(parser, f"a TCN: {PRESET}")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a CSV file, an .npz archive with x, a recording, a picture of a digit, or - to listen to standard input",
    )
    parser.add_argument("--output", metavar="FILE.csv", help="write the answers there (default: standard output)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the forecast: .png, .svg or .pdf")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.csv and FILE.png if they are there")
    parser.add_argument(
        "--every", type=float, metavar="MS", help="listening: a line each MS (default: when the answer changes)"
    )
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets predict MODEL FILE [--output FILE.csv] [--plot FILE.png] [--overwrite] [--every MS] [--json]`.

    A series that cannot be forecast leaves the others to be: the errors come at the end.
    """
    from dilatednets.files import atomic_path
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.targets import check_target

    if options.output is not None:
        if not options.output.lower().endswith(".csv"):
            raise InputError(f"output: {options.output}: a table is written as .csv; choose such a name")
        check_target("output", options.output, options.overwrite, options.file)
    if options.plot is not None:
        check_suffix(options.plot)
        check_target("plot", options.plot, options.overwrite, options.file)
    model = registry.from_preset(options.model, "TCN")
    if options.plot and model.task != "forecast":
        raise InputError(f"plot: is for forecasts, and {options.model} does {model.task}; leave it out")
    from dilatednets.zoo.tcn import listening
    from dilatednets.zoo.tcn.prediction import predict_file

    heard = listening.hears(model, options.file)
    if options.every is not None and not heard:
        raise InputError(
            f"every: is for listening to standard input or recordings, not for {options.file}; leave it out"
        )
    if heard and not (options.output or options.json):
        for number, row in enumerate(listening.rows(model, options.file, options.every)):
            text = as_csv([row])
            print(text if number == 0 else text.partition("\n")[2], end="", flush=True)
        return
    left_out: list[InputError] = []
    rows, forecasts = (
        (list(listening.rows(model, options.file, options.every)), [])
        if heard
        else predict_file(model, options.file, left_out)
    )
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
    sys.stdout.flush()
    refuse_in_the_end(left_out)


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


def add_generation_arguments(parser: ArgumentParser) -> None:
    """How much music."""
    parser.add_argument("--steps", type=int, help="music: the most quarter notes (default 64); a piece may end before")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="music: replace NAME.mid and NAME.wav where --output is NAME, or the other",
    )


def generation_options(options: Namespace) -> dict[str, Any]:
    """Those that were given."""
    given = {"steps": options.steps, "overwrite": options.overwrite or None}
    return {name: value for name, value in given.items() if value is not None}


def generate(options: Namespace) -> None:
    """`dilatednets generate MODEL [--steps N] ... --output NAME [--plot FILE.png]`: NAME.mid and NAME.wav."""
    from dilatednets.plots.figure import check_suffix, save
    from dilatednets.plots.piano_roll import piano_roll
    from dilatednets.targets import check_target
    from dilatednets.zoo.tcn import music

    for path in music.music_files(options.output):
        check_target("output", path, options.overwrite or str(path) == options.output)
    if options.plot is not None:
        check_suffix(options.plot)
        check_target("plot", options.plot, True)
    model = registry.from_preset(options.model, "TCN")
    how = {} if options.steps is None else {"steps": options.steps}
    roll = music.make_music(model, **how, temperature=options.temperature, seed=options.seed)
    lowest = music.lowest_key(model)
    midi, sound = music.write_music(options.output, roll, lowest)
    print(f"{midi}: {len(roll)} steps for any synthesiser or notation program")
    print(f"{sound}: the same in plain tones")
    if options.plot is not None:
        save(piano_roll(roll, str(options.model), lowest), options.plot)
        print(f"{options.plot}: its piano roll")
