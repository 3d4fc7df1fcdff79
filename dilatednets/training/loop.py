"""The training loop: a family supplies the data, the model and the figure to reach; everything else happens here."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras

from dilatednets.files import locked
from dilatednets.training.batches import Batches, data_of
from dilatednets.training.data_parallel import check_batch, from_first_process
from dilatednets.training.epoch_end import EpochEnd, Goal, tensorboard
from dilatednets.training.optimizers import adamw, averaging, warm_cosine
from dilatednets.training.recipe import Optimization, Schedule
from dilatednets.training.run_folder import RunFolder


class Task:
    """What a family supplies to the loop: the class `Task` of its `training.py` derives from this.

    The constructor takes the recipe and the folder of the data. It reads all of them, so that bad data show before a run is
    begun.

    Args:
        recipe: What to do.
    """

    goal: Goal
    """The figure on validation by which the best model is chosen."""
    clip = "global_clipnorm"
    """Argument of the optimiser that bounds gradients."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    def model(self, schedule: Any, previous: Any) -> Any:
        """The model to train in a stage, untrained or from `init`; with the weights of the stage before, if there is one."""
        raise NotImplementedError

    def batches(self, model: Any, schedule: Any) -> Batches:
        """The training batches of a stage."""
        raise NotImplementedError

    def batch_size(self, schedule: Any) -> int:
        """Examples of a batch, which several devices share out among them."""
        return int(schedule.batch_size)

    def objective(self, model: Any, schedule: Any) -> dict[str, Any]:
        """Loss and metrics of a stage, as arguments of `keras.Model.compile`."""
        raise NotImplementedError

    def amounts(self) -> dict[str, int]:
        """How much there is to train on and to choose by, by name; a run goes on only with as much."""
        return {}

    def evaluate(self, model: Any) -> dict[str, Any]:
        """Figures of a model on validation by name, that of the goal among them."""
        raise NotImplementedError

    def note(self, model: Any, figures: dict[str, Any]) -> None:
        """Called with the figures of a model before it is kept, to write into it what it is to tell of itself."""

    def prepare(self, model: Any, batches: Any) -> None:
        """Called with the averaged weights in the model, before it is evaluated and kept."""

    def shows(self, epoch: int) -> bool:
        """Whether a recipe with `sample_every` asks for a sample: of so many epochs, those at whose end a model is kept."""
        training = self.recipe.training
        every = -(-training.sample_every // training.evaluate_every) * training.evaluate_every
        return bool(every) and epoch % every == 0

    def show(self, run: RunFolder, epoch: int) -> None:
        """Called after an epoch was saved, to leave a sample of what the model can do by now."""


def train(task: Task, output: str | Path, resume: bool = False) -> Path:
    """Trains by a recipe and returns the folder of the best model on validation, a preset.

    Args:
        task: The recipe's data, model and goal.
        output: The run's folder, as `RunFolder` describes it.
        resume: Go on from the last epoch end. The weights then end the same as without the interruption.

    Raises:
        InputError: for a run that is there already or is being written by another process, or, with advice, for a loss
            that is no number.
    """
    recipe = task.recipe
    for name, schedule in recipe.schedules.items():
        check_batch(f"{recipe.schedule_key(name)}.batch_size", task.batch_size(schedule))
    with ExitStack() as stack:  # only now: bad data must not leave a run behind
        from_first_process(lambda: stack.enter_context(locked(output)))
        _train(task, RunFolder(Path(output), recipe, resume))
    return Path(output) / "best"


def _train(task: Task, run: RunFolder) -> None:
    """Trains stage by stage, from the last epoch end on."""
    recipe = task.recipe
    model, last_epoch = None, 0
    for number, (name, schedule) in enumerate(recipe.schedules.items()):
        # Each stage's own: what a stage draws does not depend on whether those before it ran in the same process.
        keras.utils.set_random_seed(recipe.training.seed + number)
        model = task.model(schedule, model)
        batches = task.batches(model, schedule)
        steps = batches.steps_per_epoch * schedule.epochs
        compile_model(model, recipe.training, schedule, steps, task.clip, **task.objective(model, schedule))
        last_epoch += schedule.epochs
        epoch_end = EpochEnd(model, task, run, name, batches, last_epoch)
        epoch = epoch_end.restore()
        if epoch < last_epoch:
            model.fit(
                data_of(batches, epoch),
                epochs=last_epoch,
                initial_epoch=epoch,
                steps_per_epoch=batches.steps_per_epoch,
                callbacks=[epoch_end, *tensorboard(run.path)],
                shuffle=False,
                verbose=2,
            )


def compile_model(
    model: Any, training: Optimization, schedule: Schedule, steps: int, clip: str = Task.clip, **objective: Any
) -> None:
    """AdamW with warm-up, cosine decay, clipping and averaged weights, and the loss and metrics of `objective`."""
    rate = warm_cosine(schedule.learning_rate, schedule.final_learning_rate, steps, schedule.warmup_steps)
    average = averaging(training.ema, steps)
    bound = {clip: training.clip_norm}
    optimizer = adamw(rate, training.weight_decay, use_ema=True, ema_momentum=average, **bound)
    model.compile(optimizer, **{"jit_compile": keras.backend.backend() == "jax", **objective})
    optimizer.build(model.trainable_variables)
