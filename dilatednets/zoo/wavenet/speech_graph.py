"""`linear_prediction.SpeechFilter` in TensorFlow's graphs, whose kernels know no recursive filters."""

from typing import Any

import tensorflow as tf

from dilatednets.zoo.wavenet.linear_prediction import PEAK


def speech(left: Any, filters: Any, hop: int, past: Any, position: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Speech of a stretch of what was left: in each frame, the solution of one equation a sample.

    Args:
        left: (batch, samples).
        filters: Those of the frames, float64 (batch, frames, 1 + order).
        hop: Samples a frame.
        past: The samples before, float64 (batch, order).
        position: Where, in samples, the stretch begins.

    Returns:
        Speech float32 (batch, samples), cut to [-1, 1], and the past of the next stretch.
    """
    left = tf.cast(left, tf.float64) * PEAK
    order, count, frames = filters.shape[2] - 1, tf.shape(left)[1], tf.shape(filters)[1]
    first = position // hop
    number = tf.where(count > 0, (position + count - 1) // hop - first + 1, 0)

    def one_frame(n: Any, past: Any, made: Any) -> Any:
        begin = tf.maximum((first + n) * hop - position, 0)
        end = tf.minimum((first + n + 1) * hop - position, count)
        gain, a = tf.split(filters[:, tf.minimum(first + n, frames - 1)], [1, order], axis=1)
        # The past are equations, too: each sample of it is what it is.
        size = order + end - begin
        rows = tf.range(size)[:, None]
        lag = rows - tf.range(size)[None]
        by_lag = tf.pad(-a, [(0, 0), (1, 1)])  # none at lag 0, none beyond the order
        used = tf.where((lag > 0) & (lag <= order) & (rows >= order), lag, 0)
        matrix = tf.eye(size, dtype=tf.float64) + tf.gather(by_lag, used, axis=1)
        right = tf.concat([past, gain * left[:, begin:end]], axis=1)
        whole = tf.linalg.triangular_solve(matrix, right[..., None])[..., 0]
        return n + 1, tf.ensure_shape(whole[:, -order:], [None, order]), made.write(n, tf.transpose(whole[:, order:]))

    made = tf.TensorArray(tf.float64, number, infer_shape=False, element_shape=[None, None])
    carry = (tf.zeros((), tf.int32), past, made)
    _, past, made = tf.while_loop(lambda n, *_: n < number, one_frame, carry, parallel_iterations=1)
    audio = tf.transpose(made.concat())
    return tf.cast(tf.clip_by_value(audio, -1.0, 1.0), tf.float32), past
