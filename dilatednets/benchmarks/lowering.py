"""Whether models lower for CPU, GPU and TPU: to StableHLO, which XLA compiles there, on a machine that has none of them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets import registry
from dilatednets.backend import stateless
from dilatednets.errors import InputError
from dilatednets.training.epoch_end import in_dtype
from dilatednets.training.loop import compile_model

PRESETS = ("wavenet_digits", "context_segmenter_nuclei", "tcn_chunker_conll2000_pos")
PLATFORMS = ("cpu", "cuda", "tpu")
STEPS = 1000
"""Steps of the training whose schedule is lowered; a program does not depend on it but for constants."""

Programs = dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]
"""What JAX compiles, by name: a pure function and its arguments, whose shapes and types alone count."""


def run(models: Sequence[str] = PRESETS) -> dict[str, Any]:
    """Lowers the programs of presets.

    Args:
        models: Names or folders of presets with a recipe.

    Returns:
        {"jax", "keras": the versions, "rows": [{"model", "program", "bytes", "errors"}]}, with bytes and errors as `attempt`
        gives them.

    Raises:
        InputError: If the backend is not JAX.
    """
    if keras.backend.backend() != "jax":
        raise InputError("benchmark lowering: only JAX lowers for other platforms; set KERAS_BACKEND=jax")
    import jax

    rows = [
        {"model": str(name), "program": program, **attempt(function, arguments)}
        for name in models
        for program, (function, arguments) in programs(registry.from_preset(name), registry.read_recipe(name)).items()
    ]
    return {"jax": jax.__version__, "keras": keras.__version__, "rows": rows}


def attempt(function: Callable[..., Any], arguments: Any) -> dict[str, Any]:
    """Lowers for each platform: {"bytes": size of the serialised StableHLO, "errors": what went wrong}, both by platform."""
    sizes, errors = {}, {}
    for platform in PLATFORMS:
        try:
            sizes[platform] = len(lower(function, arguments, [platform]).mlir_module_serialized)
        except Exception as error:  # whatever it is, it goes into the table
            errors[platform] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return {"bytes": sizes, "errors": errors}


def lower(function: Callable[..., Any], arguments: Any, platforms: Sequence[str] = PLATFORMS) -> Any:
    """`function` as a `jax.export.Exported` for platforms that need not be here."""
    import jax
    from jax import export

    def described(array: Any) -> Any:
        return jax.ShapeDtypeStruct(array.shape, jax.dtypes.canonicalize_dtype(array.dtype))

    return export.export(jax.jit(function), platforms=platforms)(*jax.tree.map(described, arguments))


def programs(model: Any, recipe: Any) -> Programs:
    """The forward pass, the training step of the recipe's last stage, and what the model is there for."""
    part = registry.family_of(model).part("programs")
    batch = part.example_batch(model, recipe)
    forward = stateless(lambda inputs: model(inputs, training=False), model.variables)
    name, verb, arguments = part.verb_program(model, recipe)
    return {
        "forward": (forward, (_values(model.variables), batch[0])),
        "training step": training_step(in_dtype(model, recipe.training.dtype), recipe, batch),
        name: (verb, (_values(model.variables), *arguments)),
    }


def training_step(model: Any, recipe: Any, batch: Any) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """The step that `fit` compiles, of a model that is compiled here as for the recipe's last stage."""
    family = registry.family_of(model)
    schedule = list(recipe.schedules.values())[-1]
    objective, clip = family.part("programs").objective(model, recipe), family.part("training").Task.clip
    compile_model(model, recipe.training, schedule, STEPS, clip, **objective)
    model._symbolic_build(data_batch=batch)  # as fit does: it makes the metrics' variables
    weights = model.trainable_variables, model.non_trainable_variables
    state = *weights, model.optimizer.variables, model.metrics_variables
    return model.train_step, (tuple(map(_values, state)), batch)


def _values(variables: Sequence[Any]) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable) for variable in variables]


def report(result: dict[str, Any]) -> str:
    """The table, and below it the errors."""
    name_width = max(len(row["model"]) for row in result["rows"])
    lines = [f"{'preset':{name_width}}  program        " + "  ".join(f"{platform:>11}" for platform in PLATFORMS)]
    errors = []
    for row in result["rows"]:
        cells = [f"yes, {row['bytes'][p] / 1000:,.0f} kB" if p in row["bytes"] else "no" for p in PLATFORMS]
        lines.append(f"{row['model']:{name_width}}  {row['program']:13}  " + "  ".join(f"{cell:>11}" for cell in cells))
        for platform, error in row["errors"].items():
            errors.append(f"{row['model']}, {row['program']}, {platform}: {error}")
    return "\n".join(
        [*lines, *errors, f"kB of serialised StableHLO; JAX {result['jax']}, Keras {result['keras']}. Nothing was run."]
    )
