"""The command `compare`: the TCN beside other cores on tasks of sequences, and presets beside what one would use else."""

from argparse import ArgumentParser, Namespace

from dilatednets import registry
from dilatednets.arguments import add_json, add_settings, check_at_least_one, check_names, check_seconds, print_result
from dilatednets.errors import InputError, a, did_you_mean

VERB, HELP = "compare", "dilated nets beside recurrent nets, attention and linear recurrences: the same data and tuning"
PRESETS = {"speech": "wavenet_digits", "conll2000": "tcn_chunker_conll2000", "snips": "tcn_slots_snips"}
"""The preset whose recipe is compared, by task of a family's own comparison."""
SEQUENCE_TASKS = (
    *("adding_200", "adding_600", "copy_500", "copy_1000", "sequential_mnist", "permuted_mnist"),
    *("jsb_chorales", "nottingham", "characters", "spoken_digits"),
)
"""The names of `benchmarks.sequence_tasks.tasks.TASKS`, which the grammar knows without Keras."""
OF_PRESETS, OF_TASKS = ("recipe", "epochs", "set", "json"), ("cores", "hours", "report", "costs", "test", "output")
"""Options that one kind of comparison has and the other has not."""


def add_arguments(parser: ArgumentParser) -> None:
    """TASK, the data, and what to do."""
    names = ", ".join((*SEQUENCE_TASKS, "all", *PRESETS))
    parser.add_argument("task", metavar="TASK", help=f"{names}; all: those before it")
    parser.add_argument("--data-dir", help="the data set's folder; of several tasks, the folder that holds them")
    parser.add_argument("--seeds", type=int, help="runs of each net (default: what the task says; 1)")
    of_tasks = parser.add_argument_group("the TCN beside other cores")
    of_tasks.add_argument("--cores", nargs="+", metavar="NAME", help="cores to run (default: all)")
    of_tasks.add_argument("--hours", type=float, help="of training, after which a single run ends as it is")
    of_tasks.add_argument("--output", metavar="DIR", help="records and unfinished runs (default: compared)")
    of_tasks.add_argument("--report", action="store_true", help="print the tables of the records, and run nothing")
    of_tasks.add_argument(
        "--costs", action="store_true", help="measure times and memory of all cores on this backend, in a quiet run"
    )
    of_tasks.add_argument("--test", action="store_true", help="score the finished runs on the test part, at the end")
    of_presets = parser.add_argument_group(f"comparisons of presets: {', '.join(PRESETS)}")
    of_presets.add_argument(
        "--recipe", help="recipe or preset whose net and data are used (default: the task's preset)"
    )
    of_presets.add_argument("--epochs", type=int, help="epochs of all nets (default: the recipe's)")
    add_settings(parser, "training.batch_size=16")
    add_json(parser)


def run(options: Namespace) -> None:
    """`dilatednets compare TASK|all [--data-dir DIR] [--seeds N] [--cores NAME ...] [--report] ...`."""
    check_at_least_one("--seeds", options.seeds)
    known = (*SEQUENCE_TASKS, "all", *PRESETS)
    if options.task not in known:
        raise InputError(f"TASK: {options.task!r}: there are {', '.join(known)}{did_you_mean(options.task, known)}")
    wrong = OF_TASKS if options.task in PRESETS else OF_PRESETS
    for name in wrong:
        if getattr(options, name) not in (None, False, []):
            raise InputError(f"--{name}: means nothing to {options.task}; leave it out")
    if options.task in PRESETS:
        _of_preset(options)
    else:
        _of_tasks(options)


def _of_preset(options: Namespace) -> None:
    """A comparison that a family has of its own."""
    if options.data_dir is None:
        raise InputError(f"--data-dir: give the data set's folder; {options.task} needs it")
    name = options.recipe or PRESETS[options.task]
    epochs = [] if options.epochs is None else [f"training.epochs={options.epochs}"]
    recipe = registry.read_recipe(name, [*epochs, *options.set])
    family = registry.family_of_preset(PRESETS[options.task])
    if recipe.model != family.model:
        raise InputError(f"{name}: is a recipe of {a(recipe.model)}; the comparison needs {a(family.model)}'s")
    comparison = family.benchmark("comparison")
    result = comparison.run(recipe, options.data_dir, range(options.seeds or 1))
    print_result(options, result, comparison.report(result))


def _of_tasks(options: Namespace) -> None:
    """The TCN beside the other cores."""
    from pathlib import Path

    from dilatednets.benchmarks.sequence_tasks import costs, final_scores, plan, records, report
    from dilatednets.benchmarks.sequence_tasks.cores import CORES
    from dilatednets.benchmarks.sequence_tasks.tasks import TASKS

    check_names("--cores", options.cores, CORES)
    check_seconds(options.hours, "--hours")
    tasks = list(SEQUENCE_TASKS) if options.task == "all" else [options.task]
    if options.report:
        folder = records.STORED if options.output is None else Path(options.output) / "records"
        print(report.tables(tasks, folder))
        return
    output = Path(options.output or "compared")
    if options.costs:
        for task in tasks:
            print(report.cost_table(costs.measure(task, output / "records", cores=options.cores)), flush=True)
        return
    read = [task for task in tasks if TASKS[task].folders]
    if read and options.data_dir is None:
        raise InputError(f"--data-dir: give the folder of the data; {read[0]} needs it")
    if options.test:
        final_scores.score_all(tasks, options.data_dir, output)
        return
    options.when_stopped = "; go on by the same command"
    plan.run_all(tasks, options.data_dir, output, options.cores, options.seeds, options.hours)
    print(report.tables(tasks, output / "records"))
    print(f"Records are in {output / 'records'}; next: dilatednets compare {options.task} --costs --output {output}")
