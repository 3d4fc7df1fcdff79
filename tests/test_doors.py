"""What is wrong is refused at every public door, in one line that names the argument.

Constructors, methods, readers, writers and options of the command are found by themselves; one without a row here fails.
"""

import importlib
import inspect
import re
import typing

import numpy as np
import pytest
from helpers import CHECKOUT, tiny_chunker, tiny_effect, tiny_segmenter, tiny_tcn, tiny_vocoder
from wrong_values import WRONG

from dilatednets import registry, rules
from dilatednets.cli.main import main, parser
from dilatednets.data.audio import write_audio
from dilatednets.data.samples import sample
from dilatednets.errors import InputError


def kind_of(annotation):
    """The kind of a constructor's argument, by its annotation; None if it may be anything."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    inner = typing.get_args(annotation)
    if len(inner) == 2 and inner[1] is type(None):
        annotation, inner = inner[0], typing.get_args(inner[0])
    base = typing.get_origin(annotation) or annotation
    if base in (int, float, bool, str):
        return base
    if isinstance(base, type) and issubclass(base, typing.Sequence) and inner:  # type: ignore[arg-type]
        return {int: "integers", float: "numbers", str: "names"}.get(inner[0])
    return "table" if base is dict and inner else None


def refusal(call, *arguments, **options):
    """The one line with which a call refuses; anything but a ValueError passes through."""
    with pytest.raises(ValueError) as caught:
        call(*arguments, **options)
    line = str(caught.value)
    assert line and (isinstance(caught.value, InputError) is False or "\n" not in line), line
    return line


@pytest.fixture(scope="module")
def models(request, front_end, tmp_path_factory):
    """A small model of each family."""
    import keras

    from dilatednets.zoo.wavenet import WaveNet

    keras.utils.set_random_seed(0)
    speech = {"speakers": ("ann", "bob"), "text": front_end.get_config(), "condition_channels": 4}
    wavenet = WaveNet((1, 2, 4), 2, 8, 16, 8, sample_rate=8000, **speech)
    small = {
        "ContextSegmenter": tiny_segmenter,
        "TCNChunker": tiny_chunker,
        "TCN": tiny_tcn,
        "AudioEffect": tiny_effect,
        "MelVocoder": tiny_vocoder,
    }
    return {"WaveNet": wavenet, **{name: make() for name, make in small.items()}}


CONSTRUCTED = [
    (family.model, name, value)
    for family in registry.FAMILIES.values()
    for name, argument in rules.arguments_of(family.cls).items()
    for value in WRONG.get(kind_of(argument.kind), ())
    if not (value is None and type(None) in typing.get_args(argument.kind))
]


@pytest.mark.parametrize("model, name, value", CONSTRUCTED, ids=str)
def test_constructors_refuse_what_is_wrong_faults(models, model, name, value):
    config = models[model].get_config()
    right = {each: config[each] for each in rules.arguments_of(type(models[model]))}
    line = refusal(type(models[model]), **{**right, name: value})
    assert name.split("_")[0] in line, line


METHODS = {
    "WaveNet.generate": ({"text": "1", "speaker": "ann"}, {
        "num_samples": "count", "text": "text", "speaker": "name", "prime": "audio", "temperature": "number",
        "condition": "audio", "seed": "seeds", "batch": "count",
    }),
    "WaveNet.stream": ({"text": "1", "speaker": "ann"}, {
        "num_samples": "count", "text": "text", "speaker": "name", "prime": "audio", "temperature": "number",
        "condition": "audio", "seed": "seeds", "batch": "count",
    }),
    "ContextSegmenter.segment": ({"image": np.zeros((8, 8), "uint8")}, {"image": "picture", "scales": "scales"}),
    "TCNChunker.tag": ({"sentences": [["it", "works"]]}, {"sentences": "sentences"}),
    "TCNChunker.annotate": ({"sentences": [["it", "works"]]}, {"sentences": "sentences"}),
    "TCNChunker.chunk": ({"text": "It works."}, {"text": "document"}),
    "TCN.answer": ({"given": np.zeros((1, 9))}, {"given": "features"}),
    "TCN.initial_state": ({"batch_size": 2}, {"batch_size": "batch"}),
    "TCN.process": ({"x": np.zeros((2, 9)), "state": None}, {"x": "steps", "state": "state"}),
    "TCN.generate": ({"steps": 4}, {
        "steps": "count", "prime": "tokens", "batch_size": "count", "temperature": "number", "seed": "seed",
    }),
    "AudioEffect.process": ({"audio": np.zeros((2, 9)), "state": None}, {
        "audio": "audio", "state": "stream", "knobs": "settings",
    }),
    "MelVocoder.generate": ({"condition": np.zeros((4, 20)) - 3}, {
        "condition": "audio", "seed": "seed", "iterations": "seed",
    }),
    "AudioEffect.initial_state": ({"batch_size": 2}, {"batch_size": "count", "knobs": "settings", "engine": "engine"}),
}  # fmt: skip
"""Public methods of models: arguments that are right, and the kind of those that are tried."""
OF_KERAS_OR_DEVELOPERS = {
    "WaveNet": {
        "call", "receptive_field", "global_condition", "local_condition", "initial_state", "state_after",
        "project_conditions", "step",
    },
    "ContextSegmenter": {
        "call", "dilations", "receptive_field", "compute_output_shape", "averaged_outputs", "pixel_outputs",
        "compiled_outputs", "regress",
    },
    "TCNChunker": {"call", "receptive_field"},
    "MelVocoder": {"call", "receptive_field", "bins", "sample_rate", "sound", "checked_mels"},
    "AudioEffect": {"call", "receptive_field", "past_size", "silence", "run", "from_nam", "save_nam"},
    "TCN": {
        "call", "receptive_field", "convolution_dilations", "streams", "objective", "program", "body", "encoded", "pooled",
        "answers", "compute_mask", "in_words",
    },
}  # fmt: skip
"""Methods that are tried in the tests of their modules: what Keras calls, and building stones."""


@pytest.mark.parametrize("door", METHODS)
def test_methods_refuse_what_is_wrong_faults(models, door):
    model, method = door.split(".")
    right, kinds = METHODS[door]
    owner = tiny_tcn(task="next") if door == "TCN.generate" else models[model]
    call = getattr(owner, method)
    if "state" in right:
        right = {**right, "state": owner.initial_state(2)}
    taken = call(**right)  # what is right is
    list(taken) if inspect.isgenerator(taken) else None
    for name, kind in kinds.items():
        for value in WRONG[kind]:
            if value is None and kind in ("count", "number", "seed", "text", "name", "audio", "scales", "tokens"):
                continue

            def used(value=value, name=name):
                result = call(**{**right, name: value})
                list(result) if inspect.isgenerator(result) else None
                print(f"{door}({name}={value!r}) was taken")

            refusal(used)


READERS = sorted(path.stem for path in (CHECKOUT / "dilatednets" / "data").glob("[a-z]*.py"))
KIND_OF_PARAMETER = {
    "data_dir": "folder", "split": "split", "path": "file", "image": "picture", "text": "document", "audio": "audio",
}  # fmt: skip
"""What the parameters of readers and writers are called."""
DOORS_OF_DATA = [
    (name, function.__name__, parameter)
    for name in READERS
    for module in [importlib.import_module(f"dilatednets.data.{name}")]
    for function in vars(module).values()
    if inspect.isfunction(function) and function.__module__ == module.__name__
    if re.match("load|read|write|open|as_rgb|pixels_of|pages_of|split$", function.__name__)
    for parameter in inspect.signature(function).parameters
    if parameter in KIND_OF_PARAMETER
]
RIGHT = {
    "data_dir": lambda: sample("nuclei"), "split": lambda: "train", "sample_rate": lambda: 8000,
    "image": lambda: np.zeros((8, 8), "uint8"), "audio": lambda: np.zeros(8),
    "text": lambda: "It works.", "length": lambda: 3, "name": lambda: "Nottingham", "steps_a_minute": lambda: 90,
    "roll": lambda: np.zeros((2, 88)),
}  # fmt: skip


@pytest.mark.parametrize("module, function, parameter", DOORS_OF_DATA)
def test_readers_and_writers_refuse_what_is_wrong_faults(module, function, parameter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    door = getattr(importlib.import_module(f"dilatednets.data.{module}"), function)
    needed = [
        p.name for p in inspect.signature(door).parameters.values() if p.default is p.empty and p.name != parameter
    ]
    kind = "output" if function.startswith("write") and parameter == "path" else KIND_OF_PARAMETER[parameter]
    for value in WRONG[kind]:

        def used(value=value):
            result = door(
                **{name: RIGHT[name]() if name != "path" else tmp_path / "a" for name in needed}, **{parameter: value}
            )
            list(result) if inspect.isgenerator(result) else None
            print(f"{module}.{function}({parameter}={value!r}) was taken")

        refusal(used)


NUMBERS = ["a", "", "nan", "inf", "-1"]
OPTIONS = {
    "models": ([], {}),
    "describe": (["VOICE"], {"--plot": ["", "x.txt", "plain", "/dev/null/x.png"]}),
    "train": (["RECIPE", "--data-dir", "DATA", "--output", "OUT"], {
        "--data-dir": ["", "nowhere"], "--output": ["", "/dev/null/x"], "--folds": ["", "1"],
        "--set": [
            "", "a", "a=1", "training.epochs=0", "training.learning_rate=inf", "training.seed=1.5", "name=''", "name='a/b'",
        ],
    }),
    "evaluate": (["VOICE", "--data-dir", "DATA"], {
        "--data-dir": ["", "nowhere"], "--split": ["", "nonsense"], "--reader": ["", "nonsense"],
        "--scales": [*NUMBERS, "1"], "--diameter": [*NUMBERS, "0", "9"], "--columns": ["", "a"], "--scheme": ["", "a"],
        "--pattern": ["", "a"],
    }),
    "generate": (["VOICE", "--text", "two", "--speaker", "ann", "--output", "OUT/a.wav"], {
        "--text": ["xylophone", "\x00"], "--speaker": ["", "nobody"], "--seconds": [*NUMBERS, "0", "1e300"],
        "--seed": [*NUMBERS, "1.5"], "--temperature": NUMBERS, "--steps": [*NUMBERS, "0", "9"],
        "--output": ["", "OUT", "OUT/a.xyz", "/dev/null/x.wav"], "--plot": ["", "x.txt", "/dev/null/x.png"],
        "--mel-of": ["", "IMAGE"], "--condition": ["", "IMAGE"], "--prime": ["", "nowhere.wav", "IMAGE"],
        "--takes": [*NUMBERS, "0", "1.5"],
    }),
    "segment": (["context_segmenter_nuclei", "IMAGE", "--output", "OUT"], {
        "--output": ["", "/dev/null/x"], "--scales": [*NUMBERS, "0", "100"], "--page": [*NUMBERS, "0", "7"],
        "--min-size": [*NUMBERS, "1.5"], "--diameter": [*NUMBERS, "0", "1e9"],
    }),
    "chunk": (["tcn_chunker_conll2000", "TEXT"], {
        "--format": ["", "xml"], "--input": ["", "pdf", "line"], "--columns": ["", "a"], "--scheme": ["", "a"],
    }),
    "map": (["tcn_chunker_conll2000", "TEXT", "--output", "OUT"], {
        "--output": ["", "/dev/null/x"], "--format": ["", "xml"], "--address": ["", "nowhere"],
        "--workers": [*NUMBERS, "0", "1.5"], "--column": [""], "--set": ["", "a", "a=1"],
    }),
    "export": (["VOICE", "OUT"], {
        "--version": [*NUMBERS, "0", "1.5", str(10**30)], "--name": ["", "a/b", "..", " "], "--format": ["", "pdf"],
    }),
    "compare": (["snips", "--data-dir", "DATA"], {
        "--data-dir": ["", "nowhere"], "--recipe": ["", "nowhere.toml"], "--epochs": [*NUMBERS, "0"],
        "--seeds": [*NUMBERS, "0"], "--set": ["", "a", "a=1"], "--cores": ["", "nobody", "lstm"],
        "--hours": [*NUMBERS, "0", "1"], "--output": ["", "/dev/null/x"],
    }),
    "fetch": (["mnist", "--output", "OUT"], {"--output": ["", "/dev/null/x"]}),
    "predict": (["FORECASTER", "TABLE"], {
        "--output": ["", "OUT/a.txt", "/dev/null/x.csv"], "--plot": ["", "x.txt", "/dev/null/x.png"],
        "--every": [*NUMBERS, "0"],
    }),
    "process": (["EFFECT", "SOUND", "--output", "OUT/a.wav"], {
        "--output": ["", "OUT", "OUT/a.xyz", "/dev/null/x.wav", "SOUND"], "--plot": ["", "x.txt", "/dev/null/x.png"],
        "--knob": ["", "gain", "gain=a", "gain=1"],
    }),
    "demo": ([], {"--output": ["", "/dev/null/x"]}),
    "play": ([], {"--port": [*NUMBERS, "1.5", "65536"]}),
}  # fmt: skip
"""Verbs: arguments that are right, and values of each option that are wrong. Kinds of `benchmark` have their own tests."""


@pytest.fixture
def place(tmp_path, save_tiny):
    """Stands for what is right in a command: a voice, an image, a text, a recipe, a table and its model, an empty output."""
    from PIL import Image

    Image.fromarray(np.zeros((16, 16), "uint8")).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("It works.\n")
    (tmp_path / "a.toml").write_text('name = "a"\nmodel = "WaveNet"\n')
    (tmp_path / "a.csv").write_text("sold\n1\n2\n3\n4\n")
    for folder in ("data", "out"):
        (tmp_path / folder).mkdir()
    names = {
        "VOICE": "voice",
        "IMAGE": "a.png",
        "TEXT": "a.txt",
        "RECIPE": "a.toml",
        "DATA": "data",
        "OUT": "out",
        "TABLE": "a.csv",
        "FORECASTER": "net",
        "EFFECT": "a.nam",
        "SOUND": "a.wav",
    }
    save_tiny(tmp_path / "voice")
    tiny_effect(sample_rate=8000).save_nam(tmp_path / "a.nam")
    write_audio(tmp_path / "a.wav", np.sin(np.arange(800)) / 2, 8000)

    def placed(argument):
        head, _, rest = argument.partition("/")
        if head == "FORECASTER" and not (tmp_path / "net").exists():
            data = {"reader": "csv", "targets": ["sold"], "features": ["sold"], "window": 3}
            tiny_tcn(1, task="forecast", columns=("sold",), labels=("sold",), data=data).save_to_preset(
                tmp_path / "net"
            )
        return str(tmp_path / names[head] / rest) if head in names else argument

    return placed


@pytest.mark.parametrize("verb", OPTIONS)
def test_the_command_refuses_what_is_wrong_faults(verb, place, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    right, wrong = OPTIONS[verb]
    for option, values in wrong.items():
        for value in values:
            given = [*map(place, right)]
            if option in given:
                given[given.index(option) + 1] = place(value)
            else:
                given.append(f"{option}={place(value)}")
            try:
                status = main([verb, *given])
            except SystemExit as left:  # argparse
                status = left.code
            printed = capsys.readouterr().err
            words = [line for line in printed.splitlines() if not line.startswith("note: ")]
            assert status == 2 and len(words) == 1 and words[0].startswith("dilatednets"), (
                verb,
                option,
                value,
                printed,
            )


def test_each_option_is_tried_faults():
    for verb, command in parser().commands.choices.items():
        if verb == "benchmark":
            continue
        options = {
            action.option_strings[-1] for action in command._actions if action.option_strings and action.nargs != 0
        }
        assert options - {"--no-flip"} <= OPTIONS[verb][1].keys(), verb
