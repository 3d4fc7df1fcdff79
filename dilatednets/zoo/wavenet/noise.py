"""The uniform noise that generation draws from: one counter-based generator for Python and for a served graph.

A number depends on its seed and its place alone, so that chunks of any length, and a server that keeps nothing between two
chunks, make the same audio. Threefry needs additions, rotations and exclusive ors of 32 bits only, which all backends have.
"""

from typing import Any

import numpy as np

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA  # of Threefish's key schedule: no key makes all of its words 0


def uniform(seed: Any, first: Any, count: Any, xp: Any = np) -> Any:
    """Draws numbers `first` to `first + count - 1` of a seed, uniform in the open interval (0, 1).

    Args:
        seed: An integer from 0 to 2**64 - 1; in a TensorFlow graph, an int64 scalar.
        first: The place of the first number, an integer from 0 to 2**64 - 1; in a TensorFlow graph, an int64 scalar.
        count: How many numbers to draw; in a TensorFlow graph, an int32 scalar.
        xp: The module that computes: `numpy`, or `keras.ops` in a graph. Both draw the same bits.

    Returns:
        float32 (count,), odd multiples of 2**-24: samplers take the logarithms of a number and of what it lacks to 1.

    Example:
    >>> whole = uniform(seed=7, first=0, count=10)
    >>> bool(np.all(uniform(seed=7, first=4, count=3) == whole[4:7]))
    True
    """
    lower, upper = _words(first, xp)
    places = xp.array(xp.arange(count), "uint32") + lower
    carry = xp.array(places < lower, "uint32")
    # The second word would be as good, but one number a counter keeps random access simple, and drawing is cheap.
    bits, _ = threefry2x32(_words(seed, xp), (places, upper + carry), xp)
    return (xp.array(xp.right_shift(bits, 9), "float32") + 0.5) * 2**-23


def threefry2x32(key: tuple[Any, Any], counter: tuple[Any, Any], xp: Any = np) -> tuple[Any, Any]:
    """Turns counters into random words by Threefry-2x32 with 20 rounds.

    Args:
        key: Two words, uint32 scalars or arrays.
        counter: Two words, uint32 arrays of one shape.
        xp: The module that computes: `numpy` or `keras.ops`.

    Returns:
        Two arrays uint32 of the counter's shape.

    Reference:
        Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Threefry).

    Example:
    >>> zero = np.zeros(1, np.uint32)
    >>> [hex(word[0]) for word in threefry2x32((zero, zero), (zero, zero))]
    ['0x6b200159', '0x99ba4efe']
    """
    keys = (*key, key[0] ^ key[1] ^ xp.array(_PARITY, "uint32"))
    x, y = counter[0] + keys[0], counter[1] + keys[1]
    for injection in range(1, 6):  # a part of the key after every four rounds
        for bits in _ROTATIONS[(injection - 1) % 2]:
            x = x + y
            y = (xp.left_shift(y, bits) | xp.right_shift(y, 32 - bits)) ^ x
        x = x + keys[injection % 3]
        y = y + keys[(injection + 1) % 3] + injection
    return x, y


def _words(number: Any, xp: Any) -> tuple[Any, Any]:
    """The lower and the upper 32 bits."""
    return xp.array(number % 2**32, "uint32"), xp.array(number // 2**32, "uint32")
