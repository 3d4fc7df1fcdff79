"""Trains a WaveNet by a recipe."""

import os
from pathlib import Path
from typing import Any

import keras

from dilatednets.data import spoken_digits
from dilatednets.data.spoken_digits import Recording
from dilatednets.data.text import WordFrontEnd, fit_durations
from dilatednets.data.windows import SpeechWindows
from dilatednets.errors import InputError
from dilatednets.training.data_parallel import check_batch, share
from dilatednets.training.epoch_end import EpochEnd, Goal, tensorboard
from dilatednets.training.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.training.run_folder import RunFolder
from dilatednets.training.schedules import averaging, warm_cosine
from dilatednets.training.speech_recipe import Data, SpeechRecipe
from dilatednets.zoo.wavenet import WaveNet


def train(recipe: SpeechRecipe, data_dir: str | os.PathLike[str], output: str, resume: bool = False) -> Path:
    """As `dilatednets.training.fit.train`, for a WaveNet."""
    keras.utils.set_random_seed(recipe.training.seed)
    training = spoken_digits.load(data_dir, "train", recipe.data.sample_rate)
    validation = spoken_digits.load(data_dir, "validation", recipe.data.sample_rate)
    model = build_model(recipe, training)
    windows = make_windows(model, recipe, training)
    held_out = make_windows(model, recipe, validation, evaluation=True)
    if recipe.training.sample_every:
        WordFrontEnd.from_config(model.text or {}).units(recipe.training.sample_text)
    check_batch("training.batch_size", recipe.training.batch_size)
    run = RunFolder(Path(output), recipe, resume)  # only now: bad data must not leave a run behind
    compile_model(model, recipe, windows.steps_per_epoch * recipe.training.epochs)
    model.optimizer.build(model.trainable_variables)
    goal = Goal(
        "bits_per_sample",
        # Of the model that is trained, also where `EpochEnd` shows a copy: it is compiled, and on all devices.
        lambda _: {"bits_per_sample": evaluate_windows(model, held_out)},
        unit="bits a sample",
    )
    callback = EpochEnd(
        model,
        recipe,
        run,
        goal,
        ("training.learning_rate", recipe.training.learning_rate),
        recipe.training.epochs,
        sample=lambda epoch: write_sample(recipe, run, epoch),
    )
    first = callback.restore()
    model.fit(
        batches(windows, first),
        epochs=recipe.training.epochs,
        initial_epoch=first,
        steps_per_epoch=windows.steps_per_epoch,
        callbacks=[callback, *tensorboard(run.path)],
        shuffle=False,
    )
    return run.path / "best"


def build_model(recipe: SpeechRecipe, recordings: list[Recording]) -> WaveNet:
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


def _from_preset(recipe: SpeechRecipe, speakers: tuple[str, ...], durations: dict[str, dict[str, float]]) -> WaveNet:
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


def make_windows(
    model: WaveNet, recipe: SpeechRecipe, recordings: list[Recording], evaluation: bool = False
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


def compile_model(model: keras.Model, recipe: SpeechRecipe, steps: int, distribution: Any = None) -> None:
    """Adam with warm-up, cosine decay, clipping by norm and averaged weights; loss and metric in bits a sample."""
    settings = recipe.training
    schedule = warm_cosine(settings.learning_rate, settings.final_learning_rate, steps, settings.warmup_steps)
    distribution = distribution or model.distribution
    momentum = averaging(settings.ema, steps)
    model.compile(
        keras.optimizers.Adam(schedule, clipnorm=settings.clip_norm, use_ema=True, ema_momentum=momentum),
        NegativeLogLikelihood(distribution),
        weighted_metrics=[BitsPerSample(distribution)],
        jit_compile=settings.jit_compile,
    )


def batches(windows: SpeechWindows, first_epoch: int = 0, epochs: int | None = None) -> Any:
    """Batches from `first_epoch` on; as `dilatednets.training.fitting.data_of`."""
    if keras.backend.backend() == "tensorflow":
        return windows.dataset(first_epoch, epochs)
    return share(windows.epochs(first_epoch, epochs))


def evaluate_windows(model: keras.Model, windows: SpeechWindows) -> float:
    """Bits a sample over the speech of all windows; the model is compiled by `compile_model`."""
    results = model.evaluate(batches(windows, 0, 1), steps=windows.steps_per_epoch, verbose=0, return_dict=True)
    return float(results["bits_per_sample"])


def write_sample(recipe: SpeechRecipe, run: RunFolder, epoch: int) -> None:
    """Writes what the averaged weights say, every so many epochs as the recipe asks."""
    from dilatednets.data.audio import write_wav
    from dilatednets.data.plots import save_png, waveform_and_spectrogram

    every = recipe.training.sample_every
    if not every or epoch % every:
        return
    model = WaveNet.from_preset(run.path / "last")
    text, speaker = recipe.training.sample_text, model.speakers[epoch % len(model.speakers)]
    audio = model.generate(text=text, speaker=speaker, seed=0)[0]
    stem = run.path / "samples" / f"epoch_{epoch:03d}_{speaker}"
    write_wav(stem.with_suffix(".wav"), audio, model.sample_rate)
    title = f"epoch {epoch}, {speaker}: {text}"
    save_png(waveform_and_spectrogram(audio, model.sample_rate, title), stem.with_suffix(".png"))


def evaluate(model: WaveNet, data_dir: str | os.PathLike[str], split: str) -> dict[str, Any]:
    """Bits a sample of a WaveNet on a split of spoken_digits.

    The recordings of each speaker form running speech, as in training. Every sample of every recording counts once;
    pauses between recordings do not count.

    Args:
        model: With a text front end.
        data_dir: The data set's folder.
        split: "train", "validation" or "test".

    Returns:
        {"bits_per_sample", "samples", "recordings", "split"}.

    Raises:
        InputError: for bad data, or recordings of speakers that the model does not know.
    """
    recordings = spoken_digits.load(data_dir, split, model.sample_rate)
    windows = make_windows(model, SpeechRecipe("evaluate"), recordings, evaluation=True)
    measured = WaveNet.from_config(model.get_config())  # the caller's model keeps its loss and optimiser
    measured.set_weights(model.get_weights())
    measured.compile(
        loss=NegativeLogLikelihood(model.distribution),
        weighted_metrics=[BitsPerSample(model.distribution)],
        jit_compile=True,
    )
    return {
        "bits_per_sample": evaluate_windows(measured, windows),
        "samples": sum(len(r.audio) for r in recordings),
        "recordings": len(recordings),
        "split": split,
    }
