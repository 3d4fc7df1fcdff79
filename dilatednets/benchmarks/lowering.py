"""Whether models lower for CPU, GPU and TPU: to StableHLO, which XLA compiles there, on a machine that has none of them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.data.columns import TaggedSentence
from dilatednets.data.image_batches import ImageBatches
from dilatednets.data.spoken_digits import Recording
from dilatednets.errors import InputError
from dilatednets.generation import loop
from dilatednets.generation.compiled import stateless
from dilatednets.training import chunking, segmentation, speech
from dilatednets.training.chunking_recipe import ChunkingRecipe
from dilatednets.training.epoch_end import in_dtype
from dilatednets.training.recipe import Recipe, read_recipe
from dilatednets.training.segmentation_data import task
from dilatednets.training.segmentation_loss import RegressionLoss, SegmentationLoss
from dilatednets.training.segmentation_recipe import SegmentationRecipe
from dilatednets.training.speech_recipe import SpeechRecipe
from dilatednets.zoo import catalogue, presets, tiling
from dilatednets.zoo.word_features import PADDING

PRESETS = ("wavenet_digits", "context_segmenter_nuclei", "tcn_chunker_conll2000_pos")
PLATFORMS = ("cpu", "cuda", "tpu")
STEPS = 1000
"""Of the training whose schedule is lowered; a program does not depend on it but for constants."""
WORDS = 24
"""Of a sentence."""

Programs = dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]
"""What JAX compiles, by name: a pure function and its arguments, whose shapes and types alone count."""


def run(models: Sequence[str] = PRESETS) -> dict[str, Any]:
    """Lowers the programs of presets.

    Args:
        models: Names or folders of presets with a recipe.

    Returns:
        {"jax", "keras": versions, "rows": [{"model", "program", "bytes": of the serialised StableHLO by platform,
        "errors": by platform}]}.

    Raises:
        InputError: on another backend than JAX.
    """
    if keras.backend.backend() != "jax":
        raise InputError("benchmark lowering: only JAX lowers for other platforms; set KERAS_BACKEND=jax")
    import jax

    rows = []
    for name in models:
        model, recipe = catalogue.from_preset(name), read_recipe(presets.find(name) / presets.RECIPE)
        for program, (function, arguments) in programs(model, recipe).items():
            rows.append({"model": str(name), "program": program, **attempt(function, arguments)})
    return {"jax": jax.__version__, "keras": keras.__version__, "rows": rows}


def attempt(function: Callable[..., Any], arguments: Any) -> dict[str, Any]:
    """Lowers for each platform: {"bytes": of the serialised StableHLO, "errors": what went wrong}, both by platform."""
    found: dict[str, Any] = {"bytes": {}, "errors": {}}
    for platform in PLATFORMS:
        try:
            found["bytes"][platform] = len(lower(function, arguments, [platform]).mlir_module_serialized)
        except Exception as error:  # whatever it is, it goes into the table
            found["errors"][platform] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return found


def lower(function: Callable[..., Any], arguments: Any, platforms: Sequence[str] = PLATFORMS) -> Any:
    """`function` as a `jax.export.Exported` for platforms that need not be here."""
    import jax
    from jax import export

    def described(array: Any) -> Any:
        return jax.ShapeDtypeStruct(array.shape, jax.dtypes.canonicalize_dtype(array.dtype))

    return export.export(jax.jit(function), platforms=platforms)(*jax.tree.map(described, arguments))


def programs(model: Any, recipe: Recipe) -> Programs:
    """The forward pass, the training step of the recipe, and what the model is there for."""
    if isinstance(recipe, SpeechRecipe):
        batch, verb = _windows(model, recipe), ("generation", _generation(model))
    elif isinstance(recipe, SegmentationRecipe):
        batch, verb = _images(recipe), ("segmentation", _segmentation(model, recipe))
    else:
        batch, verb = _sentences(model, recipe), ("decoding", _decoding(model, recipe))
    forward = stateless(lambda inputs: model(inputs, training=False), model.variables)
    return {
        "forward": (forward, (_values(model.variables), batch[0])),
        "training step": training_step(in_dtype(model, recipe.training.dtype), recipe, batch),
        verb[0]: verb[1],
    }


def training_step(model: Any, recipe: Recipe, batch: Any) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """The step that `fit` compiles, of a model that is compiled here as for the recipe's last stage."""
    if isinstance(recipe, SpeechRecipe):
        speech.compile_model(model, recipe, STEPS)
    elif isinstance(recipe, ChunkingRecipe):
        chunking.compile_model(model, recipe, STEPS)
    else:
        stage = list(recipe.stages.values())[-1]
        # Class weights come from data; their number is that of the classes.
        weights = None if stage.class_weights == "none" else [1.0] * model.num_classes
        classes = recipe.net.head == "classification"
        loss = SegmentationLoss(stage.loss, weights, stage.label_smoothing) if classes else RegressionLoss()
        segmentation.compile_model(model, recipe, stage, loss, STEPS)
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=batch)  # as fit does: it makes the metrics' variables
    kinds = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    return model.train_step, (tuple(_values(variables) for variables in kinds), batch)


def _values(variables: Sequence[Any]) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable) for variable in variables]


def _windows(model: Any, recipe: SpeechRecipe) -> Any:
    """A training batch of silence."""
    length = (recipe.training.batch_size + 3) * recipe.training.target
    word = model.text["vocabulary"][0]
    recordings = [Recording("", word, speaker, 0, np.zeros(length, np.float32)) for speaker in model.speakers]
    return next(speech.make_windows(model, recipe, recordings).epochs())


def _generation(model: Any, batch: int = 1, chunk: int = loop.CHUNK_SAMPLES) -> Any:
    """What `WaveNet.generate` compiles."""
    speaker = model.global_condition(np.zeros(batch, np.int32)) if model.speakers else None
    local = None
    if model.condition_features:
        frames = np.zeros((batch, -(-chunk // model.condition_hop), model.condition_features), np.float32)
        local = ops.cast(model.local_condition(frames, chunk), "float32")
    noise = np.zeros((batch, chunk, model.distribution.noise_size), np.float32)
    last, temperature = np.zeros(batch, np.float32), np.float32(1)
    arguments = (model.initial_state(batch), last, noise, speaker, local, temperature)
    function = stateless(functools.partial(loop.make_samples, model), model.variables)
    return function, (_values(model.variables), *arguments)


def _images(recipe: SegmentationRecipe) -> Any:
    """A training batch of black images."""
    stage = list(recipe.stages.values())[-1]
    image = np.zeros((*stage.crop, 3), np.uint8)
    pairs: Any = [(image, np.zeros(image.shape[:2], np.int32))] * stage.batch_size
    target = task(recipe.data.reader, recipe.net.head).target
    augmentation = segmentation.make_augmentation(recipe, stage)
    return next(ImageBatches(pairs, augmentation, stage.batch_size, target=target).epochs())


def _segmentation(model: Any, recipe: SegmentationRecipe) -> Any:
    """From a tile to classes or values, as `ContextSegmenter.segment` and `regress` compute them."""
    classes = recipe.net.head == "classification"

    def segment(tile: Any) -> Any:
        values = model.pixel_outputs(tile)
        return ops.argmax(values, axis=-1) if classes else values

    tile = np.zeros((1, tiling.TILE, tiling.TILE, 3), np.uint8)
    return stateless(segment, model.variables), (_values(model.variables), tile)


def _sentences(model: Any, recipe: ChunkingRecipe) -> Any:
    """A training batch of sentences of one word again and again."""
    pos = (model.pos_tags[0],) * WORDS if model.pos_tags else ()
    sentences = [TaggedSentence(("a",) * WORDS, ("O",) * WORDS, pos)] * recipe.training.batch_size
    return next(chunking.make_batches(model, recipe, sentences).epochs())


def _decoding(model: Any, recipe: ChunkingRecipe) -> Any:
    """From words to the most probable tags, the random field's Viterbi algorithm included."""

    def decode(inputs: Any) -> Any:
        scores = model(inputs, training=False)["tags"]
        return ops.argmax(scores, axis=-1) if model.crf is None else model.crf(scores, inputs["words"] != PADDING)

    return stateless(decode, model.variables), (_values(model.variables), _sentences(model, recipe)[0])


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
