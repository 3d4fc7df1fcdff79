"""A conditional random field over a chain of tags."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

FORBIDDEN = -1e4
"""Score of what must not be: far below any other, yet finite, so that gradients are numbers."""

RESCALE = 64
"""Steps after which totals are made small again, for the sake of float32's precision."""


@keras.saving.register_keras_serializable("dilatednets")
class LinearChainCRF(keras.layers.Layer):
    """Scores whole sequences of tags: those of its steps, and of each transition between neighbours.

    The score of tags y for step scores s is `begin[y_1] + s[1, y_1] + ... + transition[y_(t-1), y_t] + s[t, y_t] + ... +
    end[y_T]`; a sequence's probability is the softmax of it over all sequences. Transitions, begins and ends are learnt,
    but for those that are forbidden, such as I-NP after O. All is computed in float32, whatever the policy.

    Args:
        num_tags: Number of tags.
        follows: (num_tags, num_tags) of bool: whether tag j may follow tag i, at [i, j]; None: all may. See
            `dilatednets.data.tag_schemes.valid_transitions`.
        begins: (num_tags,) of bool: whether a sequence may begin with a tag.
        ends: (num_tags,) of bool: whether it may end with it.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        scores: (batch, time, num_tags), of the steps.
        mask: bool (batch, time), True for the steps of each sequence, which come first; None: all are.

    Output shape:
        int32 (batch, time): the most probable tags (Viterbi), 0 at padded steps.

    Raises:
        ValueError: for rules of another shape, or which leave nothing to begin or end with.

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
        num_tags: int,
        follows: Sequence[Sequence[bool]] | np.ndarray | None = None,
        begins: Sequence[bool] | np.ndarray | None = None,
        ends: Sequence[bool] | np.ndarray | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.supports_masking = True
        self.num_tags = num_tags
        self.follows = _rule("follows", follows, (num_tags, num_tags))
        self.begins = _rule("begins", begins, (num_tags,))
        self.ends = _rule("ends", ends, (num_tags,))

    def build(self, input_shape: Any = None) -> None:
        """Creates the scores of transitions, begins and ends."""
        size = self.num_tags
        self.transitions = self.add_weight(name="transitions", shape=(size, size), initializer="zeros")
        self.begin = self.add_weight(name="begin", shape=(size,), initializer="zeros")
        self.end = self.add_weight(name="end", shape=(size,), initializer="zeros")
        self.built = True

    def call(self, scores: Any, mask: Any = None) -> Any:
        """See the class."""
        scores, keep = self._checked(scores, mask)
        transitions, begin, end = self.rules()
        stay = ops.arange(self.num_tags, dtype="int32")[None]

        def forward(carry: Any, step: Any) -> Any:
            best, _ = carry
            now, kept = _split(step)
            candidates = best[:, :, None] + transitions
            pointers = ops.where(kept, ops.cast(ops.argmax(candidates, axis=1), "int32"), stay)
            best = ops.where(kept, ops.max(candidates, axis=1) + now, best)
            carry = best - ops.max(best, axis=1, keepdims=True), pointers  # or float32 would not do for long sequences
            return carry, carry

        first = begin + scores[0]
        start = first, ops.zeros_like(first, "int32") + stay
        (best, _), (_, pointers) = ops.scan(forward, start, _joined(scores, keep)[1:])

        def backward(tag: Any, pointers: Any) -> Any:
            tag = ops.take_along_axis(pointers, tag, axis=1)
            return tag, tag

        last = ops.cast(ops.argmax(best + end, axis=1, keepdims=True), "int32")
        _, before = ops.scan(backward, last, pointers, reverse=True)
        tags = ops.concatenate([before[..., 0], ops.transpose(last)], axis=0)
        return ops.transpose(tags * ops.cast(keep[..., 0], "int32"))

    def decode(self, scores: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """As a call, on NumPy arrays: without the cost of a graph's loop, which counts for small batches.

        Args:
            scores: float32 (batch, time, num_tags).
            lengths: Integers (batch,): steps of each sequence; at least 1.

        Returns:
            int32 (batch, time): the most probable tags; 0 at padded steps.
        """
        learnt = (ops.convert_to_numpy(x) for x in (self.transitions, self.begin, self.end))
        transitions, begin, end = (
            np.where(may, x, np.float32(FORBIDDEN)) for may, x in zip(self._allowed, learnt, strict=True)
        )
        order = np.argsort(-lengths, kind="stable")
        totals = np.ascontiguousarray(np.swapaxes(scores[order], 0, 1))  # (time, batch, num_tags)
        time, batch, _ = totals.shape
        running = [int((lengths > t).sum()) for t in range(time + 1)]  # sequences of a step: the first ones
        totals[0] += begin
        for t in range(1, time):
            n = running[t]
            # The tag before comes first, so that the maximum goes over whole rows.
            totals[t, :n] += (totals[t - 1, :n].T[:, :, None] + transitions[:, None]).max(axis=0)
            if t % RESCALE == 0:
                totals[t, :n] -= totals[t, :n].max(axis=1, keepdims=True)
        tags = np.zeros((time, batch), np.int32)
        into = np.concatenate([transitions.T, end[None]])  # of the tag after, or of none
        after = np.full(batch, self.num_tags)
        for t in reversed(range(time)):
            n = running[t]
            after[:n] = tags[t, :n] = (totals[t, :n] + into[after[:n]]).argmax(axis=1)
        return tags[:, np.argsort(order)].T

    def log_likelihood(self, scores: Any, tags: Any, mask: Any = None) -> Any:
        """Logarithm of the probability of sequences of tags.

        Args:
            scores: (batch, time, num_tags).
            tags: Integers (batch, time); at padded steps any valid tag.
            mask: As in a call.

        Returns:
            float32 (batch,); 0 for an empty sequence.
        """
        partition = self.log_partition(scores, mask)
        scores, keep = self._checked(scores, mask)
        transitions, begin, end = self.rules()
        kept = ops.cast(keep[..., 0], "float32")
        tags = ops.transpose(ops.cast(tags, "int32"))
        steps = ops.sum(kept * ops.take_along_axis(scores, tags[..., None], axis=-1)[..., 0], axis=0)
        pairs = ops.take(ops.reshape(transitions, (-1,)), tags[:-1] * self.num_tags + tags[1:])
        after = ops.concatenate([kept[1:], ops.zeros_like(kept[:1])], axis=0)
        ends = ops.sum((kept - after) * ops.take(end, tags), axis=0)
        return kept[0] * ops.take(begin, tags[0]) + steps + ops.sum(kept[1:] * pairs, axis=0) + ends - partition

    def log_partition(self, scores: Any, mask: Any = None) -> Any:
        """Logarithm of the sum of exp(score) over all sequences of tags, by the forward algorithm; float32 (batch,)."""
        scores, keep = self._checked(scores, mask)
        end = self.rules()[2]
        total = ops.logsumexp(self._forward(scores, keep)[-1] + end, axis=1)
        return ops.where(keep[0, :, 0], total, 0.0)

    def marginals(self, scores: Any, mask: Any = None) -> Any:
        """Probability of each tag at each step, over all sequences; float32 (batch, time, num_tags), 0 at padded steps."""
        scores, keep = self._checked(scores, mask)
        transitions, _, end = self.rules()
        alphas = self._forward(scores, keep, rescale=True)

        def backward(beta: Any, step: Any) -> Any:
            now, kept = _split(step)
            beta = ops.where(kept, ops.logsumexp(transitions + (now + beta)[:, None, :], axis=2), beta)
            beta = beta - ops.max(beta, axis=1, keepdims=True)
            return beta, beta

        last = ops.zeros_like(scores[0]) + end
        _, betas = ops.scan(backward, last, _joined(scores, keep)[1:], reverse=True)
        joint = alphas + ops.concatenate([betas, last[None]], axis=0)
        return ops.transpose(ops.softmax(joint, axis=-1) * ops.cast(keep, "float32"), (1, 0, 2))

    def rules(self) -> tuple[Any, Any, Any]:
        """Scores of transitions, begins and ends, forbidden ones included."""
        # As tensors: JAX takes no variable here.
        learnt = (ops.convert_to_tensor(x) for x in (self.transitions, self.begin, self.end))
        transitions, begin, end = (ops.where(may, x, FORBIDDEN) for may, x in zip(self._allowed, learnt, strict=True))
        return transitions, begin, end

    @property
    def _allowed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.follows, self.begins, self.ends

    def _forward(self, scores: Any, keep: Any, rescale: bool = False) -> Any:
        """(time, batch, num_tags): log of the sum over all beginnings that end with a tag at a step.

        With `rescale` up to a constant of each step, without which float32 would not do for long sequences.
        """
        transitions, begin, _ = self.rules()

        def forward(alpha: Any, step: Any) -> Any:
            now, kept = _split(step)
            alpha = ops.where(kept, ops.logsumexp(alpha[:, :, None] + transitions, axis=1) + now, alpha)
            if rescale:
                alpha = alpha - ops.max(alpha, axis=1, keepdims=True)
            return alpha, alpha

        first = begin + scores[0]
        _, after = ops.scan(forward, first, _joined(scores, keep)[1:])
        return ops.concatenate([first[None], after], axis=0)

    def _checked(self, scores: Any, mask: Any) -> tuple[Any, Any]:
        """Both with the time first: float32 (time, batch, num_tags) and bool (time, batch, 1)."""
        if not self.built:
            self.build()
        scores = ops.transpose(ops.cast(scores, "float32"), (1, 0, 2))
        if mask is None:
            return scores, ops.ones_like(scores[..., :1], dtype="bool")
        return scores, ops.transpose(ops.cast(mask, "bool"))[..., None]

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(batch, time, num_tags) -> (batch, time)."""
        return tuple(input_shape[:-1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "follows": self.follows.tolist(),
            "begins": self.begins.tolist(),
            "ends": self.ends.tolist(),
        }


def _joined(scores: Any, keep: Any) -> Any:
    """One array of scores and mask: of two whose length is unknown, Keras 3 cannot scan on TensorFlow."""
    return ops.concatenate([scores, ops.cast(keep, "float32")], axis=-1)


def _split(step: Any) -> tuple[Any, Any]:
    return step[..., :-1], step[..., -1:] > 0


def _rule(name: str, rule: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The rule as an array of bool; without one, all is allowed."""
    given = np.ones(shape, bool) if rule is None else np.asarray(rule, bool)
    if given.shape != shape:
        raise ValueError(f"LinearChainCRF: {name} must have the shape {shape}, not {given.shape}")
    if not given.any():
        raise ValueError(f"LinearChainCRF: {name} allows nothing; allow at least one tag")
    return given
