"""NumPy's random numbers in a graph, so that a seed means the same in a server as in Python."""

from typing import Any

import tensorflow as tf

_ROUNDS = 10
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_WORDS = 4  # of a block of the generator, and of the pool that a seed is mixed in


def uniform(seed: Any, first: Any, count: Any) -> tf.Tensor:
    """Numbers from `first` on of those that `np.random.Generator(np.random.Philox(seed)).random(..., np.float32)` draws.

    Args:
        seed: int32 (), at least 0.
        first: int64 (); the number before costs nothing.
        count: int32 ().

    Returns:
        float32 (count,), in [0, 1).

    Reference:
        Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox4x64-10); the seed is mixed as by
        `numpy.random.SeedSequence`.

    Example:
    >>> import numpy as np
    >>> drawn = np.random.Generator(np.random.Philox(7)).random(10, np.float32)
    >>> bool(np.all(uniform(7, 3, 5) == drawn[3:8]))
    True
    """
    first = tf.cast(first, tf.int64)
    count = tf.cast(count, tf.int64)
    per_block = 2 * _WORDS  # each word of 64 bits makes two numbers
    begin = first // per_block
    blocks = (first + count + per_block - 1) // per_block - begin
    counter = tf.cast(begin + 1 + tf.range(blocks), tf.uint64)  # the generator counts before it draws
    words = _philox(counter, _key(seed))
    halves = tf.stack([_lower(words), _upper(words)], axis=-1)  # the lower half is drawn first
    numbers = tf.reshape(tf.bitwise.right_shift(halves, _u64(8)), [-1])
    start = first - begin * per_block
    return tf.cast(numbers[start : start + count], tf.float32) * (1 / 2**24)


def _philox(counter: tf.Tensor, key: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Random words uint64 (blocks, 4) of counters (blocks,) whose upper words are 0."""
    zero = tf.zeros_like(counter)
    x, keys = [counter, zero, zero, zero], key
    for _ in range(_ROUNDS):
        (high_0, low_0), (high_1, low_1) = (_product(x[2 * i], _MULTIPLIERS[i]) for i in range(2))
        x = [high_1 ^ x[1] ^ keys[0], low_1, high_0 ^ x[3] ^ keys[1], low_0]
        keys = keys[0] + _u64(_WEYL[0]), keys[1] + _u64(_WEYL[1])
    return tf.stack(x, axis=-1)


def _product(x: tf.Tensor, factor: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Upper and lower 64 bits of a product."""
    lower, upper = _lower(x), _upper(x)
    by_lower, by_upper = _u64(factor & 0xFFFFFFFF), _u64(factor >> 32)
    middle = upper * by_lower + _upper(lower * by_lower)
    other = lower * by_upper + _lower(middle)
    return upper * by_upper + _upper(middle) + _upper(other), x * _u64(factor)


def _key(seed: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """What `numpy.random.SeedSequence(seed).generate_state(2, numpy.uint64)` gives, of a seed below 2**32."""
    constant = 0x43B0D7E5

    def hashed(value: tf.Tensor) -> tf.Tensor:
        nonlocal constant
        value ^= _u32(constant)
        constant = constant * 0x931E8875 % 2**32
        return _folded(value * _u32(constant))

    entropy = [tf.cast(seed, tf.uint32), *[_u32(0)] * (_WORDS - 1)]
    pool = [hashed(word) for word in entropy]
    for source in range(_WORDS):
        for target in range(_WORDS):
            if source != target:
                mixed = _u32(0xCA01F9DD) * pool[target] - _u32(0x4973F715) * hashed(pool[source])
                pool[target] = _folded(mixed)
    constant, state = 0x8B51F9DD, []
    for word in pool:
        word ^= _u32(constant)
        constant = constant * 0x58F38DED % 2**32
        state.append(tf.cast(_folded(word * _u32(constant)), tf.uint64))
    return state[0] + state[1] * _u64(2**32), state[2] + state[3] * _u64(2**32)


def _lower(x: tf.Tensor) -> tf.Tensor:
    """The lower 32 of 64 bits."""
    return x & _u64(0xFFFFFFFF)


def _upper(x: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.right_shift(x, _u64(32))


def _folded(value: tf.Tensor) -> tf.Tensor:
    return value ^ tf.bitwise.right_shift(value, _u32(16))


def _u32(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _u64(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint64)
