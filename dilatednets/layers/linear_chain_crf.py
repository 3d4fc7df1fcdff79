"""A conditional random field over a chain of tags."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.arrays import as_array
from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor, check_real, check_shape, known_values
from dilatednets.rules import Size, keep_arguments

FORBIDDEN = -1e4
"""Score of what must not be: far below any other, yet finite, so that gradients are numbers."""

EXCLUDED = -1e30
"""Score of a tag that is known to be wrong, far below any number of what is forbidden: a right tag may be, too."""

RESCALE = 64
"""Steps after which totals are made small again, for the sake of float32's precision."""
OUTSIDE, INSIDE, FIRST = range(3)
"""Where a step is: outside its sequence, in it, or its first."""
_max = partial(ops.max, initial=-math.inf)  # the maximum of an empty batch has no value otherwise


@keras.saving.register_keras_serializable("dilatednets")
class LinearChainCRF(ConfiguredLayer):
    """Scores whole sequences of tags: those of its steps, and of each transition between neighbours.

    The score of tags y for step scores s is `begin[y_1] + s[1, y_1] + ... + transition[y_(t-1), y_t] + s[t, y_t] + ... +
    end[y_T]`; a sequence's probability is the softmax of it over all sequences. Transitions, begins and ends are learnt,
    but for those that are forbidden, such as I-NP after O. All is computed in float32, whatever the policy.

    A loss of the scores alone would leave them as they were drawn. Given the right `tags` as well, a call adds the negative
    log-likelihood a step to the model's losses, and `compile` needs no loss:

        words, tags = keras.Input((None,)), keras.Input((None,), dtype="int32")
        crf, scores = LinearChainCRF(num_tags), net(words)
        training = keras.Model([words, tags], crf(scores, tags=tags))
        training.compile("adam")
        training.fit([x, y])
        model = keras.Model(words, crf(scores))

    Tags below 0, such as -100 on all pieces of a word but the first, are unknown: the likelihood is then that of the known
    tags, the sum over all tags that the others may have.

    Args:
        num_tags: Number of tags.
        follows: Whether tag j may follow tag i, bool (num_tags, num_tags) at [i, j]; all may if left out.
            `dilatednets.zoo.tcn_chunker.tag_schemes.valid_transitions` makes all three rules from tags.
        begins: Whether a sequence may begin with a tag, bool (num_tags,); with any if left out.
        ends: Whether a sequence may end with a tag, bool (num_tags,); with any if left out.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        scores: Scores of the steps, (batch, time, num_tags).
        mask: True for the steps of each sequence, which may stand anywhere, bool (batch, time); all are if left out. Steps
            between which there are others only are neighbours, and what the scores are there does not matter, NaN included.
        tags: The right tags, to train with: integers (batch, time), negative where unknown. Without a mask a sequence ends
            at its last known tag. The loss is divided by the number of known tags.

    Output shape:
        int32 (batch, time): the most probable tags (Viterbi), 0 at padded steps.

    Raises:
        InputError: for rules of another shape, or which leave nothing to begin or end with; scores, masks or tags of another
            shape; tags that are no whole numbers below `num_tags`. A compiled program, such as that of `fit`, which cannot
            refuse such tags, gives NaN as their likelihood and loss.

    Reference:
        Lafferty, McCallum & Pereira 2001, "Conditional Random Fields: Probabilistic Models for Segmenting and Labeling
        Sequence Data", ICML. With a net's scores: Collobert et al. 2011 (arXiv 1103.0398), section 3.3.2.

    Example:
    >>> import numpy as np
    >>> crf = LinearChainCRF(3, follows=[[1, 1, 0], [1, 1, 1], [1, 1, 1]], begins=[1, 1, 0])  # O, B, I
    >>> scores = np.array([[[2, 0, 0], [0, 0, 9], [0, 0, 9]]], "float32")
    >>> np.asarray(crf(scores))  # I cannot follow O
    array([[1, 2, 2]], dtype=int32)
    >>> float(crf.log_likelihood(scores, np.array([[1, 2, 2]]))[0]) > -0.01
    True
    """

    def __init__(
        self,
        num_tags: Size,
        follows: Sequence[Sequence[bool]] | np.ndarray | None = None,
        begins: Sequence[bool] | np.ndarray | None = None,
        ends: Sequence[bool] | np.ndarray | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.supports_masking = True
        keep_arguments(self, locals())
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: self.num_tags})
        self.follows = _rule("follows", follows, (self.num_tags, self.num_tags))
        self.begins = _rule("begins", begins, (self.num_tags,))
        self.ends = _rule("ends", ends, (self.num_tags,))

    def build(self, input_shape: Any = None) -> None:
        """Creates the scores of transitions, begins and ends."""
        size = self.num_tags
        self.transitions = self.add_weight(name="transitions", shape=(size, size), initializer="zeros")
        self.begin = self.add_weight(name="begin", shape=(size,), initializer="zeros")
        self.end = self.add_weight(name="end", shape=(size,), initializer="zeros")

    def call(self, scores: Any, mask: Any = None, tags: Any = None, scores_mask: Any = None) -> Any:
        """Finds the most probable tags, (batch, time, num_tags) -> int32 (batch, time)."""
        if tags is not None:
            mask = scores_mask if mask is None else mask  # Keras's name for the mask of one tensor among several
            tags = as_tensor(tags, None, "tags", tuple(scores.shape[:2]))
            known = ops.logical_not(ops.cast(tags, "float32") < 0)  # NaN is to be refused
            if mask is None:
                mask = ops.flip(ops.cumsum(ops.flip(ops.cast(known, "int32"), axis=1), axis=1), axis=1) > 0
            count = ops.sum(ops.cast(ops.logical_and(known, as_tensor(mask, "bool", "mask", known.shape)), "float32"))
            self.add_loss(-ops.sum(self.log_likelihood(scores, tags, mask)) / ops.maximum(count, 1.0))
        given = self._real(scores)
        scores, places = self._checked(given, mask)
        transitions, _, end = self.rules()
        totals = self._forward(scores, places, _max, rescale=True)

        def backward(after: Any, step: Any) -> Any:
            total, goes_on, _ = _split(step)
            tag = ops.argmax(total + ops.take(ops.transpose(transitions), after, axis=0), axis=1)
            tag = ops.where(goes_on[:, 0], ops.cast(tag, "int32"), after)
            return tag, tag

        last = ops.cast(ops.argmax(totals[-1] + end, axis=1), "int32")
        _, before = ops.scan(backward, last, _joined(totals[:-1], places[1:]), reverse=True)
        tags = ops.concatenate([before, last[None]], axis=0)
        return ops.transpose(ops.where(places[..., 0] > OUTSIDE, tags, 0))[:, : ops.shape(given)[1]]

    def decode(
        self, scores: np.ndarray, lengths: np.ndarray, rules: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """As a call, on NumPy arrays: without the cost of a graph's loop, which counts for small batches.

        Args:
            scores: Scores of the steps, real numbers (batch, time, num_tags).
            lengths: Number of steps of each sequence, which come first: integers of any type (batch,).
            rules: What `numpy_rules` returned since training, for many small batches; read again if left out.

        Returns:
            int32 (batch, time): the most probable tags; 0 at padded steps.

        Raises:
            InputError: for scores of another shape, and lengths that are no integers from 0 to time.
        """
        transitions, begin, end = rules or self.numpy_rules()
        scores, lengths = as_array(scores, "scores"), as_array(lengths, "lengths")
        check_real(scores.dtype, "scores")
        check_shape(scores.shape, "scores", (None, None, self.num_tags))
        check_shape(lengths.shape, "lengths", scores.shape[:1])
        if lengths.size and lengths.dtype.kind not in "iu":
            raise InputError(f"lengths: must be integers, not {lengths.dtype}")
        if ((lengths < 0) | (lengths > scores.shape[1])).any():
            raise InputError(f"lengths: must be from 0 to {scores.shape[1]}, not {lengths.min()} to {lengths.max()}")
        scores, lengths = scores.astype(np.float32), lengths.astype(np.int64)
        order = np.argsort(-lengths, kind="stable")
        totals = np.ascontiguousarray(np.swapaxes(scores[order], 0, 1))  # (time, batch, num_tags)
        time, batch, _ = totals.shape
        running = (lengths > np.arange(time)[:, None]).sum(axis=1).tolist()  # sequences of a step: the first ones
        totals[:1] += begin
        # The tag before comes first, so that the maximum goes over whole rows.
        paths = np.empty((self.num_tags, batch, self.num_tags), np.result_type(totals, transitions))
        into = transitions[:, None]
        for t in range(1, time):
            n = running[t]
            np.add(totals[t - 1, :n].T[:, :, None], into, out=paths[:, :n])
            totals[t, :n] += np.maximum.reduce(paths[:, :n])
            if t % RESCALE == 0:
                totals[t, :n] -= totals[t, :n].max(axis=1, keepdims=True)
        tags = np.zeros((time, batch), np.int32)
        onto = np.concatenate([transitions.T, end[None]])  # row: the tag after; the last row: no tag after
        after = np.full(batch, self.num_tags)
        for t in reversed(range(time)):
            n = running[t]
            after[:n] = tags[t, :n] = np.argmax(np.add(totals[t, :n], onto[after[:n]]), axis=1)
        return tags[:, np.argsort(order)].T

    def numpy_rules(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `rules`, as NumPy arrays."""
        learnt = map(ops.convert_to_numpy, self._learnt)
        low = np.float32(FORBIDDEN)
        transitions, begin, end = (np.where(may, x, low) for may, x in zip(self._allowed, learnt, strict=True))
        return transitions, begin, end

    def log_likelihood(self, scores: Any, tags: Any, mask: Any = None) -> Any:
        """Logarithm of the probability of sequences of tags.

        Args:
            scores: Scores of the steps, (batch, time, num_tags).
            tags: Numbers of the tags, integers (batch, time), negative where unknown; at padded steps any.
            mask: True for the steps of each sequence, as in a call.

        Returns:
            float32 (batch,): of the known tags, whatever the unknown ones are; 0 where none is known. In a compiled program
            NaN for tags that are no whole numbers below `num_tags`.

        Raises:
            InputError: for such tags, and arrays of another shape.
        """
        given = self._real(scores)
        scores, places = self._checked(given, mask)
        tags, wrong = self._checked_tags(tags, given.shape[:2], places)
        numbers = ops.arange(self.num_tags, dtype="int32")
        right = ops.where(ops.logical_or(tags < 0, tags == numbers), scores, EXCLUDED)
        # Both at once, for the sake of what each step of the loop costs.
        totals = self._log_total(ops.concatenate([right, scores], axis=1), ops.concatenate([places, places], axis=1))
        totals = ops.reshape(totals, (2, -1))
        return ops.where(ops.any(wrong, axis=(0, 2)), math.nan, totals[0] - totals[1])

    def log_partition(self, scores: Any, mask: Any = None) -> Any:
        """Logarithm of the sum of exp(score) over all sequences of tags, by the forward algorithm; float32 (batch,)."""
        return self._log_total(*self._checked(self._real(scores), mask))

    def _log_total(self, scores: Any, places: Any) -> Any:
        total = ops.logsumexp(self._forward(scores, places, ops.logsumexp)[-1] + self.rules()[2], axis=1)
        return ops.where(ops.any(places > OUTSIDE, axis=(0, 2)), total, 0.0)

    def marginals(self, scores: Any, mask: Any = None) -> Any:
        """Probability of each tag at each step, over all sequences; float32 (batch, time, num_tags), 0 at padded steps."""
        given = self._real(scores)
        scores, places = self._checked(given, mask)
        transitions, _, end = self.rules()
        alphas = self._forward(scores, places, ops.logsumexp, rescale=True)

        def backward(beta: Any, step: Any) -> Any:
            now, inside, _ = _split(step)
            beta = ops.where(inside, ops.logsumexp(transitions + (now + beta)[:, None, :], axis=2), beta)
            beta = beta - _max(beta, axis=1, keepdims=True)
            return beta, beta

        last = ops.zeros_like(scores[0]) + end
        _, betas = ops.scan(backward, last, _joined(scores, places)[1:], reverse=True)
        joint = alphas + ops.concatenate([betas, last[None]], axis=0)
        shares = ops.where(places > OUTSIDE, ops.softmax(joint, axis=-1), 0.0)
        return ops.transpose(shares, (1, 0, 2))[:, : ops.shape(given)[1]]

    def rules(self) -> tuple[Any, Any, Any]:
        """Scores of transitions, begins and ends, forbidden ones included."""
        # As tensors: JAX takes no variable here.
        learnt = map(ops.convert_to_tensor, self._learnt)
        transitions, begin, end = (ops.where(may, x, FORBIDDEN) for may, x in zip(self._allowed, learnt, strict=True))
        return transitions, begin, end

    @property
    def _allowed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.follows, self.begins, self.ends

    @property
    def _learnt(self) -> tuple[Any, Any, Any]:
        if not self.built:
            self.build()
        return self.transitions, self.begin, self.end

    def _forward(self, scores: Any, places: Any, reduce: Callable[..., Any], rescale: bool = False) -> Any:
        """(time, batch, num_tags): log of the sum, or the maximum, over all beginnings that end with a tag at a step.

        With `rescale` up to a constant of each step, without which float32 would not do for long sequences.
        """
        transitions, begin, _ = self.rules()

        def forward(alpha: Any, step: Any) -> Any:
            now, inside, is_first = _split(step)
            before = ops.where(is_first, begin, reduce(alpha[:, :, None] + transitions, axis=1))
            alpha = ops.where(inside, before + now, alpha)
            if rescale:
                alpha = alpha - _max(alpha, axis=1, keepdims=True)
            return alpha, alpha

        first = begin + scores[0]
        _, after = ops.scan(forward, first, _joined(scores, places)[1:])
        return ops.concatenate([first[None], after], axis=0)

    def _checked(self, scores: Any, mask: Any) -> tuple[Any, Any]:
        """Both with the time first, two steps or more: float32 (time, batch, num_tags), and as what each step counts.

        That is int32 (time, batch, 1): OUTSIDE the sequence, INSIDE it, or its FIRST step.
        """
        inside = ops.ones_like(scores[..., 0], dtype="int32")
        if mask is not None:
            inside = ops.cast(as_tensor(mask, "bool", "mask", tuple(scores.shape[:2])), "int32")
        first = ops.cast(ops.cumsum(inside, axis=1) == 1, "int32")
        places = ops.transpose(inside * (INSIDE + first * (FIRST - INSIDE)))[..., None]
        scores = ops.where(places > OUTSIDE, ops.transpose(scores, (1, 0, 2)), 0.0)
        return _two_steps(scores), _two_steps(places)

    def _checked_tags(self, tags: Any, shape: Any, places: Any) -> tuple[Any, Any]:
        """Tags as int32, negative where unknown, and whether each is none: (time, batch, 1) both, as `_checked` has it."""
        given = as_tensor(tags, None, "tags", tuple(shape))
        numbers = ops.cast(given, "int32")  # of what it cannot hold, something else
        none = ops.logical_or(numbers >= self.num_tags, ops.not_equal(ops.cast(numbers, given.dtype), given))
        numbers, none = (_two_steps(ops.transpose(x)[..., None]) for x in (numbers, none))
        none = ops.logical_and(none, places > OUTSIDE)
        refused = known_values(none)
        if refused is not None and refused.any():
            value = np.asarray(given).T[refused[: given.shape[1], :, 0]][0]
            raise InputError(
                f"tags: must be whole numbers below {self.num_tags}, or negative where unknown, not {value}"
            )
        return numbers, none

    def _real(self, scores: Any) -> Any:
        return as_tensor(scores, "float32", "scores", (None, None, self.num_tags))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, time, num_tags) -> (batch, time)."""
        return tuple(input_shape[:-1])

    def compute_output_spec(self, scores: Any, *_: Any, **__: Any) -> Any:
        """The tags' shape, int32: Keras would take them for floats."""
        return keras.KerasTensor(self.compute_output_shape(scores.shape), "int32")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        rules = {"follows": self.follows.tolist(), "begins": self.begins.tolist(), "ends": self.ends.tolist()}
        return {**super().get_config(), **rules}


def _two_steps(x: Any) -> Any:
    """With zeros for the steps that are missing to two: Keras cannot scan over none, which are left after the first."""
    steps, *shape = ops.shape(x)
    missing = max(2 - steps, 0) if isinstance(steps, int) else ops.maximum(2 - steps, 0)
    return ops.concatenate([x, ops.zeros((missing, *shape), x.dtype)], axis=0)


def _joined(scores: Any, places: Any) -> Any:
    """One array of scores and places: of two whose length is unknown, Keras 3 cannot scan on TensorFlow."""
    return ops.concatenate([scores, ops.cast(places, "float32")], axis=-1)


def _split(step: Any) -> tuple[Any, Any, Any]:
    """What was joined: the scores of a step, whether it is in the sequence, and whether it is its first."""
    return step[..., :-1], step[..., -1:] > OUTSIDE, step[..., -1:] >= FIRST


def _rule(name: str, rule: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The rule as an array of bool; without one, all is allowed."""
    allowed = np.ones(shape, bool) if rule is None else np.asarray(rule, bool)
    if allowed.shape != shape:
        raise InputError(f"{name}: must have the shape {shape}, not {allowed.shape}")
    if not allowed.any():
        raise InputError(f"{name}: allows nothing; allow at least one tag")
    return allowed
