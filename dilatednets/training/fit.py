"""Trains a WaveNet by a recipe: Keras fit, with checkpoints that survive kill -9."""

import importlib.util
import math
from pathlib import Path
from typing import Any

import keras

from dilatednets.data import spoken_digits
from dilatednets.data.spoken_digits import Recording
from dilatednets.data.text import WordFrontEnd, fit_durations
from dilatednets.data.windows import SpeechWindows
from dilatednets.errors import InputError
from dilatednets.training.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.training.recipe import Data, Recipe, recipe_toml
from dilatednets.training.run_folder import RunFolder
from dilatednets.zoo.wavenet import WaveNet


def train(recipe: Recipe, data_dir: str, output: str, resume: bool = False) -> Path:
    """Trains by a recipe and returns the folder of the best model on validation, a preset.

    Args:
        recipe: What to do.
        data_dir: The data set's folder.
        output: The run's folder; see `RunFolder`.
        resume: Go on from the last epoch end. The weights then end the same as without the interruption.

    Raises:
        InputError: for bad data, a run that is there already, or a loss that is no number, with advice.
    """
    keras.utils.set_random_seed(recipe.training.seed)
    training = spoken_digits.load(data_dir, "train", recipe.data.sample_rate)
    validation = spoken_digits.load(data_dir, "validation", recipe.data.sample_rate)
    model = build_model(recipe, training)
    windows = make_windows(model, recipe, training)
    held_out = make_windows(model, recipe, validation, evaluation=True)
    if recipe.training.sample_every:
        WordFrontEnd.from_config(model.text or {}).units(recipe.training.sample_text)
    run = RunFolder(Path(output), recipe, resume)  # only now: bad data must not leave a run behind
    compile_model(model, recipe, windows.steps_per_epoch * recipe.training.epochs)
    model.optimizer.build(model.trainable_variables)
    callback = EpochEnd(model, recipe, run, held_out)
    first = callback.restore()
    model.fit(
        batches(windows, first),
        epochs=recipe.training.epochs,
        initial_epoch=first,
        steps_per_epoch=windows.steps_per_epoch,
        callbacks=[callback, *_tensorboard(run.path)],
        shuffle=False,
    )
    return run.path / "best"


def build_model(recipe: Recipe, recordings: list[Recording]) -> WaveNet:
    """The recipe's model, untrained or from `init`; words, speakers and durations come from the recordings.

    Raises:
        InputError: if `init` is a model without text or of another sample rate, or does not know a word of the recordings.
    """
    rate = recipe.data.sample_rate
    durations = fit_durations([(r.speaker, r.word, len(r.audio) / rate) for r in recordings])
    if recipe.init:
        return _from_preset(recipe, spoken_digits.speakers(recordings), durations)
    heard = {r.word for r in recordings}
    vocabulary = [word for word in spoken_digits.WORDS if word in heard]
    aliases = {digit: word for digit, word in spoken_digits.DIGITS.items() if word in heard}
    net = recipe.net
    front_end = WordFrontEnd(vocabulary, net.condition_hop, rate, durations, aliases, gap=recipe.data.gap)
    return WaveNet(
        dilations=net.dilations,
        kernel_size=net.kernel_size,
        residual_channels=net.residual_channels,
        gate_channels=net.gate_channels,
        skip_channels=net.skip_channels,
        output=net.output,
        sample_rate=rate,
        speakers=spoken_digits.speakers(recordings),
        speaker_channels=net.speaker_channels,
        condition_hidden=net.condition_hidden,
        condition_channels=net.condition_channels,
        condition_upsampling=net.condition_upsampling,
        text=front_end.get_config(),
        dtype=recipe.training.dtype,
    )


def _from_preset(recipe: Recipe, speakers: tuple[str, ...], durations: dict[str, dict[str, float]]) -> WaveNet:
    """The model that the recipe starts from; with `speakers` instead of its own, unless it knows them all."""
    start = WaveNet.from_preset(recipe.init)
    if start.text is None or start.sample_rate != recipe.data.sample_rate:
        raise InputError(f"init: {recipe.init} was not trained on text at {recipe.data.sample_rate} Hz")
    text = {**start.text, "gap": recipe.data.gap}
    overrides: dict[str, Any] = {"text": text, "dtype": recipe.training.dtype}
    if not set(speakers) <= set(start.speakers):
        # A new voice may have said some of the words only; the others it says in the average tempo.
        known = text["durations"]
        text["durations"] = {"": known[""]}
        text["durations"] |= {s: known[s] if s in known else {**known[""], **durations[s]} for s in speakers}
        overrides["speakers"] = speakers
    return WaveNet.from_preset(recipe.init, **overrides)


def in_float32(model: WaveNet) -> WaveNet:
    """The same weights in a model that computes in float32, whatever policy it was trained with."""
    if model.dtype_policy.name == "float32":
        return model
    plain = WaveNet.from_config({**model.get_config(), "dtype": "float32"})
    plain.set_weights(model.get_weights())
    return plain


def make_windows(
    model: WaveNet, recipe: Recipe, recordings: list[Recording], evaluation: bool = False
) -> SpeechWindows:
    """Training or evaluation windows for a model with a text front end.

    How a model is evaluated does not depend on how it is trained: of the recipe, only the batch size counts.
    """
    if model.text is None or model.upsampler is None or not model.speakers:
        raise InputError("model: only a WaveNet with text and speakers can be trained or evaluated on spoken_digits")
    hop = model.condition_hop
    settings: dict[str, Any] = {
        "target": hop * max(3200 // hop, 1) if evaluation else recipe.training.target,
        "seed": 0 if evaluation else recipe.training.seed,
        "max_gap": Data().max_gap if evaluation else recipe.data.max_gap,
    }
    return SpeechWindows(
        recordings,
        WordFrontEnd.from_config(model.text),
        model.speakers,
        model.receptive_field,
        batch_size=recipe.training.batch_size,
        lookahead=model.upsampler.lookahead,
        evaluation=evaluation,
        **settings,
    )


def compile_model(model: keras.Model, recipe: Recipe, steps: int, distribution: Any = None) -> None:
    """Adam with warm-up, cosine decay, clipping by norm and averaged weights; loss and metric in bits a sample."""
    settings = recipe.training
    warmup = min(settings.warmup_steps, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.final_learning_rate if warmup else settings.learning_rate,
        max(steps - warmup, 1),
        alpha=settings.final_learning_rate / settings.learning_rate,
        warmup_target=settings.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    distribution = distribution or model.distribution
    # Of a short run, a long average would still be mostly what it started from.
    momentum = min(settings.ema, 1 - 10 / max(steps, 11))
    model.compile(
        keras.optimizers.Adam(schedule, clipnorm=settings.clip_norm, use_ema=True, ema_momentum=momentum),
        NegativeLogLikelihood(distribution),
        weighted_metrics=[BitsPerSample(distribution)],
        jit_compile=settings.jit_compile,
    )


def batches(windows: SpeechWindows, first_epoch: int = 0, epochs: int | None = None) -> Any:
    """Batches from `first_epoch` on: a tf.data pipeline where TensorFlow runs the model, else a plain generator."""
    if keras.backend.backend() == "tensorflow":
        return windows.dataset(first_epoch, epochs)
    return windows.epochs(first_epoch, epochs)


def evaluate_windows(model: keras.Model, windows: SpeechWindows) -> float:
    """Bits a sample over the speech of all windows; the model is compiled by `compile_model`."""
    results = model.evaluate(batches(windows, 0, 1), steps=windows.steps_per_epoch, verbose=0, return_dict=True)
    return float(results["bits_per_sample"])


class EpochEnd(keras.callbacks.Callback):
    """At the end of each epoch: evaluates the averaged weights, keeps the last and the best, saves the state, speaks.

    Stops the run, with advice, at the first loss that is no number.
    """

    def __init__(self, model: WaveNet, recipe: Recipe, run: RunFolder, held_out: SpeechWindows) -> None:
        super().__init__()
        self.net, self.recipe, self.run, self.held_out = model, recipe, run, held_out
        self.history: list[dict[str, float]] = []
        self.average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        # It would not give the plain weights back after the last of `epochs`, since fit drops them: no epoch is the last.
        self.average.set_params({"epochs": 0})

    @property
    def _variables(self) -> list[Any]:
        return [*self.net.variables, *self.net.optimizer.variables]

    def restore(self) -> int:
        """Restores the last state, if there is one; returns the epoch to go on with."""
        self.history = self.run.restore(self._variables)
        return len(self.history)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the loss."""
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise self._diverged(f"the loss became {loss} in step {batch + 1}")

    def _diverged(self, what: str) -> InputError:
        training = self.recipe.training
        return InputError(
            f"training.learning_rate: {what} of epoch {len(self.history) + 1}; lower it from {training.learning_rate} "
            f"(try a third), or training.clip_norm from {training.clip_norm}, and start again in another folder"
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """See the class."""
        logs = {} if logs is None else logs
        self.average.set_model(self.net)
        self.average.on_epoch_end(epoch)  # the averaged weights come in ...
        value = evaluate_windows(self.net, self.held_out)
        if not math.isfinite(value):
            raise self._diverged(f"validation became {value} at the end")
        logs["validation_bits_per_sample"] = value  # for the callbacks that log
        best = min((row["validation_bits_per_sample"] for row in self.history), default=math.inf)
        row = {"epoch": epoch + 1, "bits_per_sample": float(logs["bits_per_sample"])}
        self.history.append({**row, "validation_bits_per_sample": value})
        print(f"\nepoch {epoch + 1}: {value:.4f} bits a sample on validation", flush=True)
        averaged = in_float32(self.net)
        for name in ("last", "best") if value < best else ("last",):
            averaged.save_to_preset(self.run.path / name, recipe=recipe_toml(self.recipe))
        self.average.on_epoch_begin(epoch + 1)  # ... and go out again
        self.run.save_state(self._variables, self.history)
        every = self.recipe.training.sample_every
        if every and (epoch + 1) % every == 0:
            self._write_sample(epoch + 1)

    def _write_sample(self, epoch: int) -> None:
        """What the averaged weights say."""
        from dilatednets.data.audio import write_wav
        from dilatednets.data.plots import save_png, waveform_and_spectrogram

        text, speaker = self.recipe.training.sample_text, self.net.speakers[epoch % len(self.net.speakers)]
        audio = WaveNet.from_preset(self.run.path / "last").generate(text=text, speaker=speaker, seed=0)[0]
        stem = self.run.path / "samples" / f"epoch_{epoch:03d}_{speaker}"
        write_wav(stem.with_suffix(".wav"), audio, self.net.sample_rate)
        title = f"epoch {epoch}, {speaker}: {text}"
        save_png(waveform_and_spectrogram(audio, self.net.sample_rate, title), stem.with_suffix(".png"))


def _tensorboard(path: Path) -> list[keras.callbacks.Callback]:
    """TensorBoard logs, where TensorFlow is there to write them."""
    if keras.backend.backend() == "tensorflow" and importlib.util.find_spec("tensorboard"):
        return [keras.callbacks.TensorBoard(path / "tensorboard")]
    return []
