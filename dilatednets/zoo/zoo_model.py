"""What all models of the zoo have in common."""

import inspect
import warnings
from collections.abc import Mapping
from typing import Any, Self

import keras
import numpy as np

from dilatednets import registry, rules
from dilatednets.errors import InputError, Note, a, did_you_mean
from dilatednets.layers.kernel_and_bias import quantised_layer
from dilatednets.presets import presets, saving

_OF_KERAS = ("name", "trainable", "dtype", "autocast", "activity_regularizer")
"""Arguments that every Keras model has."""


class ZooModel(keras.Model):
    """A model that has presets, knows its cost, and is exported for TensorFlow Serving.

    A subclass keeps its constructor's arguments by `rules.keep_arguments(self, locals())`, and says what follows. The rest
    of what shared rooms ask of it lies in its family's folder, which `dilatednets.registry` describes.
    """

    unit = "steps"
    """What its receptive field is counted in."""
    facts: Mapping[str, str] = {}
    """Titles of what `describe` counts, by key and in order, for a preset's page."""
    rows_by_name: Mapping[str, tuple[str, int]] = {}
    """Arguments that are lists of names, with the embedding whose rows belong to the names, and its first such row."""
    fresh_by_argument: Mapping[str, tuple[str, ...]] = {}
    """Arguments whose change gives weights another meaning, with how the paths of these weights begin. A {} stands for the
    places where a list differs from the preset's, as in {"dilations": ("block_{}/conv",)}."""
    presets = presets.PresetNames()
    trained_on: Mapping[str, Any] = {}
    """The table `data` of the recipe by which it was trained, if it is as its preset has it."""

    def __init__(self, **kwargs: Any) -> None:
        for name in kwargs.keys() - set(_OF_KERAS):
            known = rules.arguments_of(type(self))
            raise InputError(f"{name}: {type(self).__name__} has no such argument{did_you_mean(name, known)}")
        super().__init__(**kwargs)

    @classmethod
    def from_preset(cls, handle: Any, **overrides: Any) -> Self:
        """Loads a trained model by its preset's name, folder or handle, as `dilatednets.presets.presets.load` does.

        Args:
            handle: The preset.
            **overrides: Constructor arguments that replace the preset's. Weights whose shape or meaning then differs start
                fresh, on the trained rest; a warning, `dilatednets.errors.Note`, says which.
        """
        model: Self = presets.load(cls, handle, cls.completed(overrides))
        if overrides.keys() <= {"dtype"}:
            model.trained_on = presets.recipe(handle).get("data", {})
        return model

    @classmethod
    def preset_config(cls, handle: Any) -> dict[str, Any]:
        """The constructor's arguments of a preset's model, without building it."""
        return presets.config(cls, handle)

    @classmethod
    def completed(cls, overrides: dict[str, Any]) -> dict[str, Any]:
        """The arguments that replace a preset's, with those that must change along with them."""
        return overrides

    @classmethod
    def fresh_layers(cls, config: dict[str, Any], overrides: dict[str, Any]) -> tuple[str, ...]:
        """How the paths of weights begin that mean something else under the arguments that replace a preset's."""
        layers: list[str] = []
        for name in cls.fresh_by_argument:
            if presets.changed(config, overrides, name):
                for layer in cls.fresh_by_argument[name]:
                    pairs = enumerate(zip(config[name], overrides[name], strict=False)) if "{}" in layer else ()
                    layers += [layer.format(place) for place, (old, new) in pairs if old != new]
                    layers += [] if "{}" in layer else [layer]
        return tuple(layers)

    def save_to_preset(self, folder: Any, card: dict[str, Any] | None = None, recipe: str | None = None) -> None:
        """Writes what `from_preset` reads.

        Args:
            folder: Where the preset is to be.
            card: What its `card.json` says beyond what is counted.
            recipe: Text of its `recipe.toml`.
        """
        saving.save(self, folder, card or {}, recipe)

    @property
    def loss(self) -> Any:
        """What `compile` was given. (Were `compile` another, Keras would not load it.)"""
        return self._given_loss

    @loss.setter
    def loss(self, value: Any) -> None:
        for one in keras.tree.flatten(value):
            if wrong := _of_probabilities(one):
                words = f"{wrong} takes probabilities, and {a(type(self).__name__)} gives scores (logits)"
                own = "leave it out, or " if hasattr(self, "objective") else ""
                raise InputError(f"loss: {words}; {own}give keras.losses.{wrong}(from_logits=True)")
        self._given_loss = value

    def describe(self) -> dict[str, Any]:
        """Parameters, multiply-accumulates an output, receptive field, and what else a model costs."""
        facts: dict[str, Any] = self._part("describe").describe(self)
        return facts

    def evaluate_on(
        self, data_dir: Any, split: str = "validation", reader: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Figures on a split of a data set, by name; which, the `evaluate` of the family's training says.

        Data of the reader by which a preset was trained are read and split as its recipe says, unless options say otherwise.

        Args:
            data_dir: The data set's folder.
            split: "train", "validation" or "test".
            reader: The data set, a module of dilatednets.data; None for that of the recipe, or by what the model knows.
            **options: Other arguments of the family's `evaluate`, such as `scales` of a segmenter.

        Raises:
            InputError: for bad data, data that do not fit the model, or an unknown option.
        """
        evaluate = self._part("training").evaluate
        known = list(inspect.signature(evaluate).parameters)[4:]
        for name in options.keys() - set(known):
            near = did_you_mean(name, known) or f"; options are: {', '.join(known) or 'none'}"
            raise InputError(f"{name}: no option of the evaluation of {a(type(self).__name__)}{near}")
        stored = self.trained_on
        if reader in (None, stored.get("reader", reader)):
            reader = stored.get("reader", reader)
            options = {name: stored[name] for name in known if name in stored} | options
            if options.get("fold") == "none" and str(split).startswith("val"):
                words = "the model has learnt these, too, so that figures on them say little of others"
                warnings.warn(f"split: {split}: {words}", Note, stacklevel=2)
        figures: dict[str, Any] = evaluate(self, data_dir, split, reader, **options)
        return figures

    def golden_inputs(self) -> dict[str, np.ndarray]:
        """Fixed inputs, whose outputs a preset keeps."""
        inputs: dict[str, np.ndarray] = self._part("describe").golden_inputs(self)
        return inputs

    def export(self, filepath: Any, format: str = "tf_saved_model", **options: Any) -> None:
        """Writes a SavedModel for TensorFlow Serving, as `dilatednets.serving.export.export` does.

        Args:
            filepath: The folder of the SavedModel.
            format: Another one is left to `keras.Model.export`.
            **options: Arguments of `keras.Model.export`.
        """
        if format != "tf_saved_model":
            super().export(filepath, format, **options)
            return
        from dilatednets.serving.export import export

        export(self, filepath)

    def signatures(self) -> Any:
        """What a server can ask of the model, as a module of TensorFlow graphs.

        Raises:
            InputError: for a model with quantised layers.
        """
        if name := quantised_layer(self):
            raise InputError(f"{type(self).__name__}: {name} is quantised; export the model before quantize()")
        return self._part("signatures").Signatures(self)

    def _part(self, name: str) -> Any:
        return registry.family_of(self).part(name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **rules.config_of(self)}


def _of_probabilities(loss: Any) -> str:
    """The class of a cross-entropy of Keras's that takes logits only on demand, where that is not made; or nothing."""
    try:
        loss = keras.losses.get(loss)
    except ValueError:  # which Keras says better
        return ""
    if isinstance(loss, keras.losses.Loss):
        name, logits = type(loss).__name__, loss.get_config().get("from_logits", True)
    else:  # a function, whose default is False
        name, logits = getattr(loss, "__name__", "").title().replace("_", ""), False
    return "" if logits or not name.endswith("Crossentropy") or not hasattr(keras.losses, name) else name
