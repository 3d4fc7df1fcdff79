"""The families of models. This is the one place that lists them, and it imports none: that would take Keras some seconds.

A family is a folder (or, for a small one, a module). These are the names that shared rooms look for in it:

    model.py       the class that the registry names, a `dilatednets.zoo.zoo_model.ZooModel`
    describe.py    describe(model), its cost; lines(model, facts), the same in words; golden_inputs(model);
                   draw(model, title), a figure of what one output sees
    recipe.py      Recipe, a `dilatednets.training.recipe.Recipe`
    training.py    Task(recipe, data_dir), what `dilatednets.training.loop.train` trains;
                   evaluate(model, data_dir, split, reader=None, **options), figures by name
    signatures.py  Signatures(model), what a server can ask
    verb.py        without Keras. VERB, HELP, add_arguments(parser), run(options): its own command; or else, or beside it,
                   add_generation_arguments(parser), generation_options(options), the chosen ones by name, and
                   generate(options): its part of the command `generate`. Perhaps add_evaluation_arguments(parser) and
                   evaluation_options(options), the chosen ones by name.
    fine_tuning.py fine_tuning(preset, data_dir, held_out), what `benchmark fine-tuning` teaches; may be left out
    programs.py    example_batch, objective and verb_program, what `benchmark lowering` lowers; may be left out
    archive.py     Mapper, how an archive goes through a model by `dilatednets map`; may be left out. FIELD, the name of a
                   record's content; SUFFIXES, of files that are a record each; ALSO, other columns that are read; AT_ONCE,
                   records answered together; FILE, the column that may be a file, and its suffix. Mapper(handle, **settings)
                   loads; read(record) checks, size(item) says what is alike, answer(items) gives a row each, example() one
                   for its types, as_file(column) the bytes of the file. For `benchmark map`, or left out: RECORDS,
                   example_archive(folder, records), whose path it gives, and plain_command(handle, path, output)
    page.py        page(model, handle), a `dilatednets.pages.Page`: what `dilatednets play` asks for and shows; may be left
                   out
    demo.py        demo(output), what `dilatednets demo` shows, and NEXT, a command to try then; may be left out
"""

import functools
import importlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from dilatednets.errors import InputError, a, did_you_mean
from dilatednets.presets import presets
from dilatednets.presets.layout import CONFIG, RECIPE
from dilatednets.training import recipe as recipes


@dataclass(frozen=True)
class Family:
    """Where the code of a family is.

    Args:
        model: Name of the class of its models.
        package: Dotted name of the folder, or module, that holds its parts.
        files: How the names of files end that its class loads as it loads presets; empty for none.
    """

    model: str
    package: str
    files: str = ""

    @property
    def cls(self) -> Any:
        """The class of its models."""
        return getattr(self.part("model"), self.model)

    def reads(self, handle: Any) -> bool:
        """Whether a handle names such a file."""
        return bool(self.files) and isinstance(handle, str | os.PathLike) and str(handle).lower().endswith(self.files)

    def part(self, name: str) -> ModuleType:
        """One of its modules; of a family that is a single module, that.

        Raises:
            InputError: if it is one that may be left out, and is.
        """
        whole = importlib.import_module(self.package)
        if not self.has(name) and hasattr(whole, "__path__"):
            raise InputError(f"{self.model}: there is no {name.replace('_', '-')} of such a model; try another one")
        return importlib.import_module(f"{self.package}.{name}") if hasattr(whole, "__path__") else whole

    def has(self, name: str) -> bool:
        """Whether there is such a part; those for demonstrations and benchmarks may be left out."""
        whole = importlib.import_module(self.package)
        if not hasattr(whole, "__path__"):
            return hasattr(whole, name)
        return importlib.util.find_spec(f"{self.package}.{name}") is not None

    def benchmark(self, name: str) -> ModuleType:
        """One of the benchmarks that are its own.

        Raises:
            InputError: if it has none of that name.
        """
        if name not in self.benchmarks():
            others = f"; there are: {', '.join(self.benchmarks())}" if self.benchmarks() else "; try another model"
            raise InputError(f"{self.model}: there is no benchmark of its {name}{others}")
        return importlib.import_module(f"dilatednets.benchmarks.{self._folder}.{name}")

    def benchmarks(self) -> list[str]:
        """Names of the benchmarks that are its own."""
        folder = Path(__file__).parent / "benchmarks" / self._folder
        return sorted(path.stem for path in folder.glob("[!_]*.py") if not path.stem.startswith("torch_"))

    @property
    def _folder(self) -> str:
        return self.package.rpartition(".")[2]

    @functools.cache  # noqa: B019  a handful of families
    def verb(self) -> ModuleType:
        """Its command, loaded by its path: to import it by its name would first import the models, and with them Keras."""
        top, *rest = self.package.split(".")
        spec = importlib.util.find_spec(top)
        if spec is None or not spec.submodule_search_locations:
            return self.part("verb")
        path = Path(spec.submodule_search_locations[0], *rest, "verb.py")
        if not path.is_file():  # a family that is a single module
            return self.part("verb")
        spec = importlib.util.spec_from_file_location(f"{self.package}.verb", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


FAMILIES: dict[str, Family] = {
    family.model: family
    for family in (
        Family("WaveNet", "dilatednets.zoo.wavenet"),
        Family("ContextSegmenter", "dilatednets.zoo.context_segmenter"),
        Family("TCNChunker", "dilatednets.zoo.tcn_chunker"),
        Family("TCN", "dilatednets.zoo.tcn"),
        Family("MelVocoder", "dilatednets.zoo.mel_vocoder"),
        Family("AudioEffect", "dilatednets.zoo.audio_effect", files=".nam"),
    )
}
"""By name of the class of models."""


def family_of(model: Any) -> Family:
    """The family of a model; of a subclass, that of the class it derives from.

    Raises:
        InputError: for a model of no family.
    """
    for cls in type(model).__mro__:
        if cls.__name__ in FAMILIES:
            return FAMILIES[cls.__name__]
    raise InputError(f"{type(model).__name__}: no model of the zoo; models are {', '.join(FAMILIES)}")


def family_of_preset(handle: str | os.PathLike[str]) -> Family:
    """The family of a preset's model, or of a file's that a family reads.

    Raises:
        InputError: if there is no such preset, or it is of an unknown class.
    """
    for family in FAMILIES.values():
        if family.reads(handle):
            return family
    name = presets.class_name(handle)
    if name not in FAMILIES:
        near = did_you_mean(name, FAMILIES)
        raise InputError(
            f"{presets.find(handle) / CONFIG}: unknown class {name!r}; models are {', '.join(FAMILIES)}{near}"
        )
    return FAMILIES[name]


def from_preset(handle: str | os.PathLike[str], kind: str | None = None, **overrides: Any) -> Any:
    """Loads a trained model of whatever class its preset names.

    Args:
        handle: A preset's name, folder or handle, as `dilatednets.presets.presets.find` takes it.
        kind: Name of the class that the model must have, if only one will do.
        **overrides: Constructor arguments that replace the preset's.

    Raises:
        InputError: if the preset cannot be loaded, or is of an unknown class or of another than `kind`.

    Example:
    >>> type(from_preset("wavenet_digits")).__name__
    'WaveNet'
    """
    family = family_of_preset(handle)
    if kind is not None and family.model != kind:
        others = ", ".join(FAMILIES[kind].cls.presets) or "none yet"
        raise InputError(f"{handle}: is {a(family.model)}; this needs {a(kind)}, of which there are: {others}")
    return family.cls.from_preset(handle, **overrides)


def read_recipe(path: str | os.PathLike[str], settings: list[str] | None = None) -> Any:
    """Reads and checks a recipe of any family.

    Args:
        path: A TOML file, or a preset's name, folder or handle, whose recipe is meant.
        settings: Changes as `key=value`, the key dotted: `training.epochs=3`.

    Raises:
        InputError: for a file that is missing or no TOML, an unknown model or key (naming the nearest valid one), or a value
            that is wrong.
    """
    if not str(path).endswith(".toml") and not Path(path).is_file():
        path = presets.find(path) / RECIPE
    return parse_recipe(recipes.read_toml(path, settings), str(path))


def parse_recipe(content: dict[str, Any], origin: str = "recipe") -> Any:
    """Checks a recipe given as nested dictionaries. Its model may be left out where it starts from a preset.

    Example:
    >>> parse_recipe({"name": "mine", "model": "WaveNet", "training": {"epoch": 3}})
    Traceback (most recent call last):
    dilatednets.errors.InputError: recipe: unknown key training.epoch; did you mean training.epochs?
    """
    if not isinstance(content, dict):
        raise InputError(f"{origin}: must be a table of keys, not {type(content).__name__}")
    model, init = content.get("model"), content.get("init", "")
    if init and isinstance(init, str):
        try:
            from_one = family_of_preset(init).model
        except InputError as error:
            raise InputError(f"{origin}: key init: {error}") from error
        if model in FAMILIES and model != from_one:
            raise InputError(
                f"{origin}: key init: {init} is {a(from_one)}, but key model is {model}; change one of them"
            )
        model = from_one if model is None else model
    if not isinstance(model, str) or model not in FAMILIES:
        wrong = "missing" if model is None else f"{model!r} cannot be trained"
        raise InputError(
            f"{origin}: key model: {wrong}; models are {', '.join(FAMILIES)}{did_you_mean(model, FAMILIES)}"
        )
    return recipes.parse(FAMILIES[model].part("recipe").Recipe, {**content, "model": model}, origin)


def task(recipe: Any, data_dir: str | os.PathLike[str]) -> Any:
    """What `dilatednets.training.loop.train` trains by a recipe of any family; its data are read and checked."""
    return FAMILIES[recipe.model].part("training").Task(recipe, data_dir)


def train(recipe: Any, data_dir: str | os.PathLike[str], output: str | os.PathLike[str], resume: bool = False) -> Path:
    """Trains by a recipe of any family, as `dilatednets.training.loop.train` says; returns the folder of the best model."""
    from dilatednets.training import loop

    return loop.train(task(recipe, data_dir), Path(output), resume)
