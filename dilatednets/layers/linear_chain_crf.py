"""A conditional random field over a chain of tags."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers.configured_layer import ConfiguredLayer
from dilatednets.layers.shapes import as_tensor
from dilatednets.rules import Size, keep_arguments

FORBIDDEN = -1e4
"""Score of what must not be: far below any other, yet finite, so that gradients are numbers."""

RESCALE = 64
"""Steps after which totals are made small again, for the sake of float32's precision."""
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

    Args:
        num_tags: Number of tags.
        follows: Whether tag j may follow tag i, bool (num_tags, num_tags) at [i, j]; all may if left out.
            `dilatednets.zoo.tcn_chunker.tag_schemes.valid_transitions` makes all three rules from tags.
        begins: Whether a sequence may begin with a tag, bool (num_tags,); with any if left out.
        ends: Whether a sequence may end with a tag, bool (num_tags,); with any if left out.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        scores: Scores of the steps, (batch, time, num_tags).
        mask: True for the steps of each sequence, which come first, bool (batch, time); all are if left out. What the
            scores are at other steps does not matter, NaN included.
        tags: The right tags, to train with: integers (batch, time), negative ones at padded steps where there is no mask.

    Output shape:
        int32 (batch, time): the most probable tags (Viterbi), 0 at padded steps.

    Raises:
        InputError: for rules of another shape, or which leave nothing to begin or end with.

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
            tags = as_tensor(tags, "int32", "tags", tuple(scores.shape[:2]))
            known = tags >= 0
            mask = known if mask is None else ops.logical_and(mask, known)
            total = ops.sum(self.log_likelihood(scores, tags, mask))
            self.add_loss(-total / ops.maximum(ops.sum(ops.cast(mask, "float32")), 1.0))
        given, (scores, mask) = scores, self._checked(scores, mask)
        transitions, _, end = self.rules()
        totals = self._forward(scores, mask, _max, rescale=True)

        def backward(after: Any, step: Any) -> Any:
            total, goes_on = _split(step)
            tag = ops.argmax(total + ops.take(ops.transpose(transitions), after, axis=0), axis=1)
            tag = ops.where(goes_on[:, 0], ops.cast(tag, "int32"), after)
            return tag, tag

        last = ops.cast(ops.argmax(totals[-1] + end, axis=1), "int32")
        _, before = ops.scan(backward, last, _joined(totals[:-1], mask[1:]), reverse=True)
        tags = ops.concatenate([before, last[None]], axis=0)
        return ops.transpose(ops.where(mask[..., 0], tags, 0))[:, : ops.shape(given)[1]]

    def decode(
        self, scores: np.ndarray, lengths: np.ndarray, rules: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """As a call, on NumPy arrays: without the cost of a graph's loop, which counts for small batches.

        Args:
            scores: Scores of the steps, float32 (batch, time, num_tags).
            lengths: Number of steps of each sequence: integers (batch,).
            rules: What `numpy_rules` returned since training, for many small batches; read again if left out.

        Returns:
            int32 (batch, time): the most probable tags; 0 at padded steps.
        """
        transitions, begin, end = rules or self.numpy_rules()
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
        learnt = (ops.convert_to_numpy(x) for x in (self.transitions, self.begin, self.end))
        allowed = zip(self._allowed, learnt, strict=True)
        transitions, begin, end = (np.where(may, x, np.float32(FORBIDDEN)) for may, x in allowed)
        return transitions, begin, end

    def log_likelihood(self, scores: Any, tags: Any, mask: Any = None) -> Any:
        """Logarithm of the probability of sequences of tags.

        Args:
            scores: Scores of the steps, (batch, time, num_tags).
            tags: Numbers of the tags, integers (batch, time); at padded steps any.
            mask: True for the steps of each sequence, as in a call.

        Returns:
            float32 (batch,); 0 for an empty sequence.
        """
        partition = self.log_partition(scores, mask)
        scores, mask = self._checked(scores, mask)
        transitions, begin, end = self.rules()
        inside = ops.cast(mask[..., 0], "float32")
        tags = ops.where(mask[..., 0], _two_steps(ops.transpose(ops.cast(tags, "int32"))), 0)
        steps = ops.sum(inside * ops.take_along_axis(scores, tags[..., None], axis=-1)[..., 0], axis=0)
        pairs = ops.take(ops.reshape(transitions, (-1,)), tags[:-1] * self.num_tags + tags[1:])
        after = ops.concatenate([inside[1:], ops.zeros_like(inside[:1])], axis=0)
        ends = ops.sum((inside - after) * ops.take(end, tags), axis=0)
        return inside[0] * ops.take(begin, tags[0]) + steps + ops.sum(inside[1:] * pairs, axis=0) + ends - partition

    def log_partition(self, scores: Any, mask: Any = None) -> Any:
        """Logarithm of the sum of exp(score) over all sequences of tags, by the forward algorithm; float32 (batch,)."""
        scores, mask = self._checked(scores, mask)
        end = self.rules()[2]
        total = ops.logsumexp(self._forward(scores, mask, ops.logsumexp)[-1] + end, axis=1)
        return ops.where(mask[0, :, 0], total, 0.0)

    def marginals(self, scores: Any, mask: Any = None) -> Any:
        """Probability of each tag at each step, over all sequences; float32 (batch, time, num_tags), 0 at padded steps."""
        given, (scores, mask) = scores, self._checked(scores, mask)
        transitions, _, end = self.rules()
        alphas = self._forward(scores, mask, ops.logsumexp, rescale=True)

        def backward(beta: Any, step: Any) -> Any:
            now, inside = _split(step)
            beta = ops.where(inside, ops.logsumexp(transitions + (now + beta)[:, None, :], axis=2), beta)
            beta = beta - _max(beta, axis=1, keepdims=True)
            return beta, beta

        last = ops.zeros_like(scores[0]) + end
        _, betas = ops.scan(backward, last, _joined(scores, mask)[1:], reverse=True)
        joint = alphas + ops.concatenate([betas, last[None]], axis=0)
        return ops.transpose(ops.where(mask, ops.softmax(joint, axis=-1), 0.0), (1, 0, 2))[:, : ops.shape(given)[1]]

    def rules(self) -> tuple[Any, Any, Any]:
        """Scores of transitions, begins and ends, forbidden ones included."""
        # As tensors: JAX takes no variable here.
        learnt = (ops.convert_to_tensor(x) for x in (self.transitions, self.begin, self.end))
        transitions, begin, end = (ops.where(may, x, FORBIDDEN) for may, x in zip(self._allowed, learnt, strict=True))
        return transitions, begin, end

    @property
    def _allowed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.follows, self.begins, self.ends

    def _forward(self, scores: Any, mask: Any, reduce: Callable[..., Any], rescale: bool = False) -> Any:
        """(time, batch, num_tags): log of the sum, or the maximum, over all beginnings that end with a tag at a step.

        With `rescale` up to a constant of each step, without which float32 would not do for long sequences.
        """
        transitions, begin, _ = self.rules()

        def forward(alpha: Any, step: Any) -> Any:
            now, inside = _split(step)
            alpha = ops.where(inside, reduce(alpha[:, :, None] + transitions, axis=1) + now, alpha)
            if rescale:
                alpha = alpha - _max(alpha, axis=1, keepdims=True)
            return alpha, alpha

        first = begin + scores[0]
        _, after = ops.scan(forward, first, _joined(scores, mask)[1:])
        return ops.concatenate([first[None], after], axis=0)

    def _checked(self, scores: Any, mask: Any) -> tuple[Any, Any]:
        """Both with the time first, two steps or more: float32 (time, batch, num_tags) and bool (time, batch, 1)."""
        if not self.built:
            self.build()
        if len(scores.shape) != 3 or scores.shape[-1] != self.num_tags:
            raise InputError(f"scores: must be of shape (batch, time, {self.num_tags}), not {tuple(scores.shape)}")
        scores = ops.transpose(ops.cast(scores, "float32"), (1, 0, 2))
        inside = ops.ones_like(scores[..., :1], dtype="bool")
        if mask is not None:
            inside = ops.transpose(ops.cast(mask, "bool"))[..., None]
        return _two_steps(ops.where(inside, scores, 0.0)), _two_steps(inside)

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


def _joined(scores: Any, mask: Any) -> Any:
    """One array of scores and mask: of two whose length is unknown, Keras 3 cannot scan on TensorFlow."""
    return ops.concatenate([scores, ops.cast(mask, "float32")], axis=-1)


def _split(step: Any) -> tuple[Any, Any]:
    return step[..., :-1], step[..., -1:] > 0


def _rule(name: str, rule: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The rule as an array of bool; without one, all is allowed."""
    allowed = np.ones(shape, bool) if rule is None else np.asarray(rule, bool)
    if allowed.shape != shape:
        raise InputError(f"{name}: must have the shape {shape}, not {allowed.shape}")
    if not allowed.any():
        raise InputError(f"{name}: allows nothing; allow at least one tag")
    return allowed
