"""A family of models in one module of under 80 lines: all that has to be written to add one."""

# fmt: off
# ruff: noqa: E704
from dataclasses import dataclass, field
from typing import Annotated, Any

import keras
import numpy as np

from dilatednets import pages, registry
from dilatednets.rules import arguments_of, keep_arguments, positive
from dilatednets.training import loop, recipe
from dilatednets.training.batches import Batches
from dilatednets.training.epoch_end import Goal
from dilatednets.zoo.zoo_model import ZooModel

VERB, HELP = "weigh", "tell what a handful of pebbles weighs"


@keras.saving.register_keras_serializable("toy")
class Scale(ZooModel):
    unit, facts = "pebbles", {"receptive_field": "Receptive field, pebbles"}

    def __init__(self, pebbles: Annotated[int, positive] = 3, **kwargs: Any):
        super().__init__(**kwargs)
        keep_arguments(self, locals())
        self.ounces = keras.layers.Dense(1, name="ounces")
        self.ounces.build((None, pebbles))
        self.built = True

    def call(self, handful): return self.ounces(handful)

Net: Any = recipe.net_table(arguments_of(Scale))
@dataclass(frozen=True)
class Training(recipe.Optimization, recipe.Schedule): ...

@dataclass(frozen=True)
class Recipe(recipe.Recipe):
    training: Training = field(default_factory=Training)
    net: Net = field(default_factory=Net)


class Task(loop.Task, Batches):
    goal, steps_per_epoch = Goal("ounces_off", "ounces off"), 5

    def __init__(self, recipe, data_dir):
        super().__init__(recipe)
        self.rows, self.held_out = read(data_dir, "train"), read(data_dir, "validation")

    def model(self, schedule, previous): return Scale(**vars(self.recipe.net))
    def batches(self, model, schedule): return self
    def objective(self, model, schedule): return {"loss": "mse"}
    def evaluate(self, model): return off(model, self.held_out)
    def epoch(self, number): return iter(5 * [(self.rows[:, :-1], self.rows[:, -1:])])


def read(folder, split): return np.loadtxt(f"{folder}/{split}.pebbles", np.float32, ndmin=2)
def off(model, rows): return {"ounces_off": float(np.abs(np.asarray(model(rows[:, :-1])) - rows[:, -1:]).mean())}
def evaluate(model, data_dir, split, reader=None): return {**off(model, read(data_dir, split)), "split": split}
def describe(model): return {"parameters": model.count_params(), "receptive_field": model.pebbles}
def lines(model, facts): return [f"weighs {facts['receptive_field']} pebbles at once"]
def golden_inputs(model): return {"handful": np.eye(model.pebbles, dtype=np.float32)}
def page(model, handle): return pages.Page("Weighs pebbles.", [pages.Text("pebbles", "Pebbles")], lambda pebbles: [pages.Words("Ounces", str(float(model(np.array([pebbles.split()], float))[0, 0])))])  # noqa: E501
def add_arguments(parser): parser.add_argument("model"), parser.add_argument("pebble", nargs="+", type=float)
def run(options): print(float(registry.from_preset(options.model)(np.array([options.pebble]))[0, 0]), "ounces")

def draw(model, title):
    from dilatednets.plots import curves, figure
    picture, (ax,) = figure.figure([300])
    curves.draw_curves(ax, {title: list(enumerate(np.ravel(model.ounces.kernel)))}, "pebble", "ounces")
    return picture

def Signatures(model):
    from dilatednets.serving.graphs import ServedModel, graph, spec
    served = ServedModel(model)
    served.signatures = lambda: {"serving_default": graph(lambda handful: {"ounces": model(handful)}, {"handful": spec("handful", [None, model.pebbles])})}  # noqa: E501
    served.examples = lambda: {"serving_default": golden_inputs(model)}
    return served
