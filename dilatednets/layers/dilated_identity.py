"""The initialiser that makes a stack of dilated convolutions pass its input through."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("dilatednets")
class DilatedIdentity(keras.initializers.Initializer):
    """Identity initialisation of a convolution's kernel, for equal and for unequal numbers of channels.

    All channels are shared out among `groups` groups, in order. At the centre tap, each output channel takes the mean,
    in the sense of eq. 5, of the input channels of its own group:
    `k_b(0, a) = groups / filters` if `floor(a groups / channels) = floor(b groups / filters)`. With as many input as
    output channels as groups this is eq. 4, the identity. All else is Gaussian noise, which breaks ties.

    Args:
        groups: C, the number of feature maps to pass through. It must divide the channels of both sides.
        noise: Standard deviation sigma of the noise, much smaller than `groups / filters`. The paper's Basic module has
            none, its authors' code 0.01.
        seed: Of the noise; None: a new one each time, as `keras.utils.set_random_seed` has it.

    Call arguments:
        shape: (height, width, channels, filters), height and width odd.

    Raises:
        ValueError: if the groups do not divide the channels, or the kernel has no centre.

    Reference:
        Yu & Koltun 2016, "Multi-Scale Context Aggregation by Dilated Convolutions" (arXiv 1511.07122), equations 4 and 5.

    Example:
    >>> import numpy as np
    >>> kernel = np.asarray(DilatedIdentity(groups=2)((3, 3, 2, 4)))
    >>> kernel[1, 1].tolist()  # each of two maps goes to two channels, half of it to each
    [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    >>> float(np.abs(kernel).sum())  # and nothing else goes anywhere
    2.0
    """

    def __init__(self, groups: int, noise: float = 0.0, seed: int | None = None) -> None:
        if not isinstance(groups, int) or groups < 1:
            raise ValueError(f"DilatedIdentity: groups must be a positive integer, not {groups!r}")
        if noise < 0:
            raise ValueError(f"DilatedIdentity: noise must not be negative: {noise!r}")
        self.groups = groups
        self.noise = noise
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """The kernel."""
        *size, channels, filters = shape
        if channels % self.groups or filters % self.groups:
            raise ValueError(f"DilatedIdentity: {self.groups} groups do not divide {channels} and {filters} channels")
        if any(length % 2 == 0 for length in size):
            raise ValueError(f"DilatedIdentity: a kernel of {size} taps has no centre")
        kernel = np.zeros(shape, np.float32)
        if self.noise:
            # Without a seed, by NumPy's global generator, which keras.utils.set_random_seed sets.
            seed = np.random.randint(2**31) if self.seed is None else self.seed
            kernel = np.random.default_rng(seed).normal(0.0, self.noise, shape).astype(np.float32)
        of_input = np.arange(channels) * self.groups // channels
        of_output = np.arange(filters) * self.groups // filters
        same = of_input[:, None] == of_output
        centre = kernel[tuple(length // 2 for length in size)]
        centre[same] = self.groups / filters
        return ops.convert_to_tensor(kernel, dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"groups": self.groups, "noise": self.noise, "seed": self.seed}
