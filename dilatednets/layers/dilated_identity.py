"""The initialiser that makes a stack of dilated convolutions pass its input through."""

from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.rules import Size, config_of, keep_arguments, not_negative


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
        seed: Seed of the noise; drawn from NumPy's global generator, which `keras.utils.set_random_seed` sets, if left out.

    Call arguments:
        shape: (height, width, channels, filters), height and width odd.

    Raises:
        InputError: if the groups do not divide the channels, or the kernel has no centre.

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

    def __init__(
        self,
        groups: Size,
        noise: Annotated[float, not_negative] = 0.0,
        seed: Annotated[int, not_negative] | None = None,
    ) -> None:
        super().__init__()
        keep_arguments(self, locals())

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """Makes a kernel of `shape`."""
        *size, channels, filters = shape
        if channels % self.groups or filters % self.groups:
            raise InputError(f"DilatedIdentity: {self.groups} groups do not divide {channels} and {filters} channels")
        if any(length % 2 == 0 for length in size):
            raise InputError(f"DilatedIdentity: a kernel of {size} taps has no centre")
        kernel = np.zeros(shape, np.float32)
        if self.noise:
            seed = np.random.randint(2**31) if self.seed is None else self.seed
            kernel = np.random.default_rng(seed).normal(0.0, self.noise, shape).astype(np.float32)
        input_group = np.arange(channels) * self.groups // channels
        output_group = np.arange(filters) * self.groups // filters
        centre = kernel[tuple(length // 2 for length in size)]
        centre[input_group[:, None] == output_group] = self.groups / filters
        return ops.convert_to_tensor(kernel, dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return config_of(self)
