"""The TCN: dilated convolutions over any sequence, and answers to what is asked of it."""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.layers.temporal_block import NORMALIZATIONS
from dilatednets.rules import Names, Rule, Size, Sizes, keep_arguments, not_negative, one_of, share
from dilatednets.zoo.checked_arrays import CheckedBatches
from dilatednets.zoo.tcn import generation, inputs, stream
from dilatednets.zoo.tcn.checked_answers import checked, frames_of
from dilatednets.zoo.tcn.losses import AbsoluteError, ScaledLoss
from dilatednets.zoo.tcn.net import SequenceNet

TASKS = ("classify", "regress", "forecast", "next")
DEFAULT_DILATIONS = (1, 2, 4, 8, 16, 32)
Quantiles = Annotated[
    Sequence[float],
    Rule(
        lambda x: all(0 < q < 1 for q in x) and list(x) == sorted(set(x)), "numbers between 0 and 1, the smaller first"
    ),
]
Scales = Annotated[Sequence[float], Rule(lambda x: all(0 < one < np.inf for one in x), "numbers above 0")]
Numbers = Annotated[Sequence[float], Rule(lambda x: bool(np.all(np.isfinite(x))), "finite numbers")]


@keras.saving.register_keras_serializable("dilatednets")
class TCN(CheckedBatches, SequenceNet):
    """A stack of `TemporalBlock`s over a sequence, and one answer for all of it or one a step.

    | task | what it answers | loss |
    | --- | --- | --- |
    | classify | scores of classes; with `multi_label`, of labels that may hold together | cross-entropy |
    | regress | values | squared error, scaled |
    | forecast | values of the next `horizon` steps, or their quantiles | squared error or pinball loss, scaled |
    | next | at each step, scores of the step after it: a token, or labels such as the notes of a chord | cross-entropy |

    `compile` takes the task's loss and metrics where none are given. Features and values are in the units of the data:
    `mean` and `scale` are taken out within the net, and loss and gradients do not depend on units.

    Args:
        outputs: Number of classes, labels, values, or tokens.
        task: What is asked, one of the table above.
        dilations: Dilation of each block of a stack.
        kernel_size: Steps that a convolution sees.
        channels: Channels of the blocks.
        causal: Whether an answer depends on the steps before it alone; False: the blocks are centred, and nothing streams.
        stacks: How often the dilations are gone through, with weights of their own each time.
        skip_connections: Whether the answer is made of the sum of all blocks' outputs instead of the last.
        gated: Whether the blocks have gated linear units instead of relu.
        normalization: Normalisation in the blocks, as `TemporalBlock` takes it.
        dropout: Share of the channels that are dropped after each convolution, and of the bands.
        pooling: What the answer is made of: "last" (the last real step), "mean" (of all real steps), or "none" for one
            answer a step. A model of what comes next answers at each step.
        multi_label: Whether several labels may hold at once.
        features: Features of a step.
        vocabulary: Number of tokens, for sequences of token numbers; 0 for features.
        embedding: Length of the vector of a token.
        frame: Successive steps that the net takes as one, such as 80 samples of sound: a first layer with that stride.
        filters: Bands of sound whose energies the first layer takes, by a `Filterbank` over two frames; 0 for a linear
            projection of each frame.
        horizon: Steps that are forecast.
        quantiles: Quantiles that are forecast instead of the mean, in order.
        columns: Names of the features; they say how many there are.
        known: Those of the columns whose future is known when a forecast is made, such as the day of the week.
        labels: Names of the outputs.
        mean: Means of the features, which are taken out; empty for 0.
        scale: Scales of the features, by which they are divided; empty for 1.
        target_mean: Means of the values.
        target_scale: Scales of the values.
        data: How the data were read: the table `data` of the recipe.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: The sequence, float (batch, time, features), or (batch, time) of a single feature, or token numbers int
            (batch, time); or a dict of "sequence", and where wanted "lengths" int (batch,), the real steps of each
            sequence, and with `known` columns "known" float (batch, horizon, known).
        mask: bool (batch, time), True for real steps; Keras hands on that of a layer before.

    Output shape:
        (batch, outputs), or (batch, frames, outputs) with `pooling="none"`. A forecast has (horizon, outputs) instead of
        outputs, and its quantiles as one more dimension. Scores are logits; `answer` makes probabilities of them.

    Raises:
        InputError: for arguments out of range or that contradict each other, and inputs of another shape.

    Reference:
        Bai, Kolter & Koltun 2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
        Modeling" (arXiv 1803.01271), section 3.

    Example:
    >>> model = TCN(outputs=10, features=3)
    >>> model(np.zeros((2, 100, 3), "float32")).shape, model.receptive_field
    (TensorShape([2, 10]), 253)
    >>> TCN(1, task="forecast", horizon=24, quantiles=(0.1, 0.5, 0.9))(np.zeros((1, 50, 1), "float32")).shape
    TensorShape([1, 24, 1, 3])
    """

    unit = "steps"
    facts = {
        "task": "Task",
        "macs_per_step": "Multiply-accumulates a step",
        "layers": "Dilated convolutions",
        "receptive_field": "Receptive field, steps",
    }
    fresh_by_argument = {
        **dict.fromkeys(("task", "labels", "multi_label", "horizon", "quantiles", "skip_connections"), ("head",)),
        **dict.fromkeys(("columns", "frame", "filters"), ("projection", "block_0")),
        "known": ("known_projection",),
        **dict.fromkeys(("dilations", "causal"), ("block",)),
    }
    _program: Any = None

    def __init__(
        self,
        outputs: Size,
        task: Annotated[str, one_of(*TASKS)] = "classify",
        dilations: Sizes = DEFAULT_DILATIONS,
        kernel_size: Size = 3,
        channels: Size = 64,
        causal: bool = True,
        stacks: Size = 1,
        skip_connections: bool = False,
        gated: bool = False,
        normalization: Annotated[str, one_of(*NORMALIZATIONS)] = "weight",
        dropout: Annotated[float, share] = 0.1,
        pooling: Annotated[str, one_of("last", "mean", "none")] = "last",
        multi_label: bool = False,
        features: Size = 1,
        vocabulary: Annotated[int, Rule(lambda x: 0 <= x < 2**31, "0 or above, and below 2**31")] = 0,
        embedding: Size = 64,
        frame: Size = 1,
        filters: Annotated[int, not_negative] = 0,
        horizon: Size = 1,
        quantiles: Quantiles = (),
        columns: Names = (),
        known: Names = (),
        labels: Names = (),
        mean: Numbers = (),
        scale: Scales = (),
        target_mean: Numbers = (),
        target_scale: Scales = (),
        data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Automatic casting would round features to bfloat16's 8 bits before their mean is taken out.
        super().__init__(autocast=False, **kwargs)
        if task == "next":  # it says what its own next input will be
            pooling = "none" if pooling == "last" else pooling
            features, vocabulary = (
                (outputs if features == 1 else features, vocabulary) if multi_label else (1, vocabulary or outputs)
            )
        elif isinstance(columns, list | tuple) and columns:
            features = len(columns) if features == 1 else features
        keep_arguments(self, locals())
        inputs.check_arguments(self)
        self._make_net()

    def compile(
        self, optimizer: Any = "adam", loss: Any = None, loss_weights: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """As `keras.Model.compile`, with the task's loss and metrics where no loss is given."""
        if loss is None:
            loss, own = self.objective()
            metrics = own if metrics is None else metrics
        super().compile(optimizer, loss, loss_weights, metrics, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """As `keras.Model.compile_from_config`: loaded from a .keras file, the model goes on training."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def objective(self) -> tuple[Any, list[Any]]:
        """The task's loss and metrics, new ones each time."""
        if self.task in ("regress", "forecast"):
            return ScaledLoss(self.target_scale, self.quantiles), [AbsoluteError(self.quantiles)]
        if self.multi_label:
            return keras.losses.BinaryCrossentropy(from_logits=True), [
                keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
            ]
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True), [
            keras.metrics.SparseCategoricalAccuracy("accuracy")
        ]

    def _checked(self, x: Any, y: Any = None) -> tuple[Any, Any]:
        return checked(self, x, y)

    def _places(self, x: Any) -> tuple[int, ...] | None:
        sequence = x["sequence"] if isinstance(x, dict) else x
        if not hasattr(sequence, "__array__"):
            return None
        horizon = (self.horizon,) if self.task == "forecast" else ()
        return (len(sequence), *frames_of(self, sequence), *horizon)

    def answer(self, given: Any) -> dict[str, Any]:
        """Probabilities, or values, of what the model is called with; as a server gives them.

        Args:
            given: As the call takes it, in arrays; each is checked.

        Returns:
            {"probabilities": float32 (..., outputs)}, and where one holds "label" (...), its name or number; or
            {"values": float32 (...)}.

        Raises:
            InputError: for inputs of another shape, NaN or infinity in real steps, or token numbers out of range; and if the
                answer is not finite.
        """
        named = inputs.checked(self, given, empty=True)
        count = len(named["sequence"])
        if not count:  # of which kernels complain
            named = {name: np.full((1, *x.shape[1:]), name == "lengths", x.dtype) for name, x in named.items()}
        answer = {name: ops.convert_to_numpy(y)[:count] for name, y in self.in_words(self.program(named)).items()}
        inputs.check_answer(answer)
        if "label" in answer and self.labels:
            answer["label"] = np.array(self.labels)[answer["label"]]
        return answer

    @property
    def program(self) -> Any:
        """The call in inference, compiled."""
        if self._program is None:
            self._program = compiled(lambda given: self(given, training=False), self, xla=False)
        return self._program

    def initial_state(self, batch_size: int) -> dict[str, Any]:
        """The state before the first step of a stream."""
        return stream.initial_state(self, batch_size)

    def process(self, x: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The next steps of a stream of sequences: what the model would answer if they ended at each of these steps.

        Args:
            x: The steps, (batch, time, features) or token numbers (batch, time): whole frames, any number of them.
            state: What `initial_state` or the call before returned.

        Returns:
            (answers (batch, frames, ...), the next state).

        Raises:
            InputError: for a model that is not causal or has known columns, or steps of another shape, or not finite.

        Example:
        >>> model = TCN(outputs=2)
        >>> answers, state = model.process(np.zeros((1, 5, 1), "float32"), model.initial_state(1))
        >>> answers.shape
        TensorShape([1, 5, 2])
        """
        return stream.process(self, inputs.checked_steps(self, x), state)

    def generate(
        self,
        steps: int,
        *,
        prime: Any = None,
        batch_size: int = 1,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> np.ndarray:
        """Goes on with a sequence, step by step, by a causal model of what comes next.

        Args:
            steps: Steps to make.
            prime: Sequences to go on with, int (batch, time), or 0 and 1 (batch, time, outputs) with `multi_label`; they
                are not part of the result. None begins after token 0, or after silence.
            batch_size: Number of sequences, if there is no prime.
            temperature: What is drawn is likelier below 1, and more varied above.
            seed: The same seed makes the same sequences; None takes a new one each time.

        Returns:
            int32 (batch, steps), or (batch, steps, outputs).

        Raises:
            InputError: for a model of another task, or an argument out of range.

        Example:
        >>> TCN(outputs=5, task="next").generate(8, seed=0).shape
        (1, 8)
        """
        return generation.generate(self, steps, prime, batch_size, temperature, seed)
