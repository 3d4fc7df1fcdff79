"""The context-module segmenter: a front end, class scores, context, and a label for every pixel."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from dilatednets.errors import InputError
from dilatednets.generation.compiled import compiled
from dilatednets.layers.context_module import DILATIONS, ContextModule
from dilatednets.layers.light_front_end import LightFrontEnd
from dilatednets.layers.upsample import resize, upsample, upsample_span
from dilatednets.layers.vgg16_front_end import VGG16FrontEnd
from dilatednets.zoo import cost, presets, tiling
from dilatednets.zoo.zoo_model import ZooModel

FRONT_ENDS: dict[str, Any] = {"light": LightFrontEnd, "vgg16": VGG16FrontEnd}
CONTEXTS = ("none", "basic", "large")
HEADS = ("classification", "regression")
SMALLEST_SCALE, LARGEST_SCALE = 0.1, 4.0


@keras.saving.register_keras_serializable("dilatednets")
class ContextSegmenter(ZooModel):
    """Scores every pixel of an image: front end -> 1x1 scores -> context module -> bilinear upsampling.

    Images of any size go in; the net pads them to what its front end can divide, by reflection at the lower and right
    edge, and cuts the scores to the image again.

    Args:
        num_classes: Classes, or values a pixel with `head="regression"`.
        front_end: "light", "vgg16", or any other name in `FRONT_ENDS`; see below.
        context: "basic" or "large", or "none" for the front end alone.
        context_dilations: Of the context module.
        context_multipliers: Of the context module; none: those of its variant.
        context_identity: Whether the context module starts as the identity; False for comparison.
        head: "classification" or "regression".
        class_names: For reports and legends.
        palette: An (R, G, B) a class, for label images and overlays.
        front_end_options: Arguments of the front end.
        dropout: Of whole feature maps before the scores, in training.
        scales: Magnifications at which `segment` and `regress` look unless told otherwise.
        flip: Whether they also look at the mirror image.
        **kwargs: Arguments of `keras.Model`.

    To plug in a front end of your own, put its class into `FRONT_ENDS` and give its name. It is a Keras layer, normalised
    RGB in, features out, with `build`, `call(x, training)`, `compute_output_shape`, `get_config` and `stride` (pixels an
    output pixel stands for), `multiple` (what height and width must be multiples of), `margin` (pixels it consumes on
    each side, filled by reflection), `mean` and `std` of the RGB values it expects to be taken out, `span` (which pixels
    of the image output pixels see), `macs_per_pixel` and `output_channels`.

    Input shape:
        image (batch, height, width, 3), RGB from 0 to 255, of any number type.

    Output shape:
        float32 (batch, height, width, num_classes): logits, or values.

    Raises:
        InputError: for an argument out of range.

    Reference:
        Yu & Koltun 2016, "Multi-Scale Context Aggregation by Dilated Convolutions" (arXiv 1511.07122), sections 3 and 4.

    Example:
    >>> import numpy as np
    >>> model = ContextSegmenter(num_classes=11)
    >>> model(np.zeros((1, 45, 60, 3), "uint8")).shape
    TensorShape([1, 45, 60, 11])
    """

    presets = presets.PresetNames("ContextSegmenter")

    def __init__(
        self,
        num_classes: int,
        front_end: str = "light",
        context: str = "basic",
        context_dilations: Sequence[int] = DILATIONS,
        context_multipliers: Sequence[int] = (),
        context_identity: bool = True,
        head: str = "classification",
        class_names: Sequence[str] = (),
        palette: Sequence[Sequence[int]] = (),
        front_end_options: dict[str, Any] | None = None,
        dropout: float = 0.1,
        scales: Sequence[float] = (1.0,),
        flip: bool = False,
        **kwargs: Any,
    ) -> None:
        # Automatic casting would round pixels to bfloat16's 8 bits before they are normalised.
        super().__init__(autocast=False, **kwargs)
        if num_classes < 1 or (head == "classification" and num_classes < 2):
            raise InputError(f"num_classes: at least 2, or 1 for regression, not {num_classes}")
        if front_end not in FRONT_ENDS:
            raise InputError(f"front_end: must be one of {', '.join(FRONT_ENDS)}, not {front_end!r}")
        if context not in CONTEXTS:
            raise InputError(f"context: must be one of {', '.join(CONTEXTS)}, not {context!r}")
        if head not in HEADS:
            raise InputError(f"head: must be {' or '.join(map(repr, HEADS))}, not {head!r}")
        if class_names and len(class_names) != num_classes:
            raise InputError(f"class_names: {len(class_names)} names for {num_classes} classes")
        if palette and (len(palette) != num_classes or any(len(colour) != 3 for colour in palette)):
            raise InputError(f"palette: {len(palette)} colours for {num_classes} classes; an (R, G, B) for each")
        check_scales(scales, head)
        self.num_classes = num_classes
        self.front_end_name = front_end
        self.context_name = context
        self.head_name = head
        self.class_names = tuple(class_names)
        self.palette = tuple(tuple(int(value) for value in colour) for colour in palette)
        self._settings: dict[str, Any] = {
            "context_dilations": list(context_dilations),
            "context_multipliers": list(context_multipliers),
            "context_identity": context_identity,
            "front_end_options": dict(front_end_options or {}),
            "dropout": dropout,
            "scales": [float(scale) for scale in scales],
            "flip": flip,
        }
        policy = self.dtype_policy
        self.front_end = FRONT_ENDS[front_end](**self._settings["front_end_options"], dtype=policy, name="front_end")
        self.drop = keras.layers.SpatialDropout2D(dropout, dtype=policy, name="drop")
        self.scores = keras.layers.Conv2D(num_classes, 1, dtype=policy, name="scores")
        self.context = None
        if context != "none":
            self.context = ContextModule(
                context,
                context_dilations,
                identity=context_identity,
                multipliers=list(context_multipliers) or None,
                dtype=policy,
                name="context",
            )
        self._compiled: Any = None
        self._build()

    def _build(self) -> None:
        """Creates every weight at once: their shapes follow from the arguments alone."""
        self.front_end.build((None, None, None, 3))
        features = self.front_end.compute_output_shape((None, None, None, 3))
        self.scores.build(features)
        if self.context is not None:
            self.context.build((*features[:-1], self.num_classes))
        self.built = True

    @property
    def context_dilations(self) -> tuple[int, ...]:
        """Dilations of the context module; none without one."""
        return () if self.context is None else self.context.dilations

    @property
    def receptive_field(self) -> int:
        """Height and width, in pixels, of the largest patch that an output pixel sees."""
        reach = 0 if self.context is None else self.context.receptive_field // 2
        fields = []
        for pixel in range(self.front_end.multiple):
            first, last = upsample_span(pixel, pixel, self.front_end.stride)
            first, last = self.front_end.span(first - reach, last + reach)
            fields.append(last - first + 1)
        return max(fields)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Scores or values of every pixel; see the class."""
        height, width = ops.shape(inputs)[1:3]
        x = (ops.cast(inputs, "float32") - np.float32(self.front_end.mean)) / np.float32(self.front_end.std)
        multiple, margin = self.front_end.multiple, self.front_end.margin
        x = _pad(ops.cast(x, self.compute_dtype), margin, margin + -height % multiple, margin + -width % multiple)
        x = self.drop(self.front_end(x, training=training), training=training)
        x = self.scores(x)
        if self.context is not None:
            x = self.context(x, training=training)
        # Float32 from here on, whatever the policy: losses and thresholds need it.
        x = upsample(ops.cast(x, "float32"), self.front_end.stride)
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape with `num_classes` channels."""
        return (*input_shape[:-1], self.num_classes)

    def segment(self, image: Any, *, scales: Sequence[float] | None = None, flip: bool | None = None) -> np.ndarray:
        """The class of every pixel.

        Args:
            image: A path, a PIL image, or an array uint8 or uint16 (height, width[, channels]) of any size; see
                `dilatednets.data.images.as_rgb`. Above 640 pixels a side it goes through in overlapping tiles, blended
                without seams, in bounded memory.
            scales: Magnifications at which the net looks, their probabilities averaged. More are slower and often better.
                None: the model's own.
            flip: Whether it also looks at the mirror image. None: as the model does.

        Returns:
            int32 (height, width).

        Raises:
            InputError: for what is no image, or a model that gives values instead of classes.

        Example:
        >>> model = ContextSegmenter(num_classes=3)
        >>> model.segment(np.zeros((40, 30), "uint8")).shape
        (40, 30)
        """
        from dilatednets.data.images import as_rgb

        if self.head_name != "classification":
            raise InputError("segment: this model gives values, not classes; call regress")
        rgb = as_rgb(image)
        labels = np.empty(rgb.shape[:2], np.int32)
        for rows, band in self._bands(rgb, scales, flip):
            labels[rows] = np.argmax(band, axis=-1)
        return labels

    def regress(self, image: Any, *, scales: Sequence[float] | None = None, flip: bool | None = None) -> np.ndarray:
        """The values of every pixel, float32 (height, width, num_classes); otherwise as `segment`."""
        from dilatednets.data.images import as_rgb

        if self.head_name != "regression":
            raise InputError("regress: this model gives classes, not values; call segment")
        rgb = as_rgb(image)
        values = np.empty((*rgb.shape[:2], self.num_classes), np.float32)
        for rows, band in self._bands(rgb, scales, flip):
            values[rows] = band
        return values

    def _bands(
        self, rgb: np.ndarray, scales: Sequence[float] | None, flip: bool | None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """(Which rows, their probabilities or values), from top to bottom."""
        views = self.views(scales, flip)
        if self._compiled is None:
            self._compiled = compiled(self.pixel_outputs, [*self.variables], xla=False)

        def predict(part: np.ndarray) -> np.ndarray:
            images = np.ascontiguousarray(part)[None]
            looks = (ops.convert_to_numpy(self.look(images, *view, self._compiled))[0] for view in views)
            return np.mean(list(looks), axis=0)

        top, largest = 0, max(1.0, *(scale for scale, _ in views))
        tile = max(round(tiling.TILE / largest), 2 * tiling.OVERLAP)  # the same memory at any scale
        for band in tiling.rows_of_tiles(rgb, predict, tile, tiling.OVERLAP, tiling.IGNORED):
            yield slice(top, top + len(band)), band
            top += len(band)

    def look(
        self, images: Any, scale: float = 1.0, mirrored: bool = False, net: Callable[[Any], Any] | None = None
    ) -> Any:
        """Probabilities or values (batch, height, width, num_classes) of whole images.

        Args:
            images: uint8 (batch, height, width, 3).
            scale: Magnification at which the net looks.
            mirrored: Whether it looks at the mirror image.
            net: `pixel_outputs`, or what it was compiled to.
        """
        height, width = ops.shape(images)[1:3]
        view = ops.flip(images, axis=2) if mirrored else images
        if scale != 1:
            size = _scaled(height, scale), _scaled(width, scale)
            view = resize(ops.cast(view, "float32"), *size, antialias=True)
        y = (net or self.pixel_outputs)(view)
        if scale != 1:
            y = resize(y, height, width)
        return ops.flip(y, axis=2) if mirrored else y

    def views(self, scales: Sequence[float] | None = None, flip: bool | None = None) -> list[tuple[float, bool]]:
        """The arguments of `look` whose results are averaged, by default those of the model."""
        scales = self._settings["scales"] if scales is None else scales
        flip = self._settings["flip"] if flip is None else flip
        check_scales(scales, self.head_name)
        return [(scale, mirrored) for scale in scales for mirrored in ((False, True) if flip else (False,))]

    def pixel_outputs(self, x: Any) -> Any:
        """Probabilities or values."""
        y = self(x, training=False)
        return ops.softmax(y) if self.head_name == "classification" else y

    def describe(self) -> dict[str, Any]:
        """Parameters, multiply-accumulates a pixel, receptive field."""
        return cost.describe_segmenter(self)

    @classmethod
    def from_preset(cls, handle: Any, **overrides: Any) -> "ContextSegmenter":
        """Loads a trained model by name, folder or handle; see `dilatednets.zoo.presets.load`.

        Another `num_classes`, other `class_names` or another `head` give fresh scores and a fresh context module on the
        trained front end; another `context` or `context_dilations`, or `context_identity=False`, the latter alone.
        """
        if "num_classes" in overrides:
            overrides = {"class_names": (), "palette": (), **overrides}
        if overrides.get("head") == "regression":
            overrides = {"scales": (1.0,), **overrides}
        model: ContextSegmenter = presets.load(cls, handle, overrides)
        return model

    def adopt(self, trained: "ContextSegmenter") -> None:
        """Nothing to take over beyond the weights of equal shape."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "front_end": self.front_end_name,
            "context": self.context_name,
            "head": self.head_name,
            "class_names": list(self.class_names),
            "palette": [list(colour) for colour in self.palette],
            **self._settings,
        }


def check_scales(scales: Sequence[float], head: str) -> None:
    """Refuses magnifications that are none, or that a head cannot look at.

    Raises:
        InputError: for these.
    """
    if not scales or not all(SMALLEST_SCALE <= scale <= LARGEST_SCALE for scale in scales):
        raise InputError(f"scales: numbers from {SMALLEST_SCALE} to {LARGEST_SCALE:g}, at least one, not {scales!r}")
    if head == "regression" and any(scale != 1 for scale in scales):
        raise InputError("scales: values, such as lengths in pixels, may depend on the scale; only 1 is possible")


def _scaled(length: Any, scale: float) -> Any:
    """Pixels of a side at another scale, a number or, of a side whose length is unknown as yet, a tensor."""
    if isinstance(length, int):
        return max(round(length * scale), 2)
    return ops.maximum(ops.cast(ops.round(ops.cast(length, "float64") * scale), "int32"), 2)


def _pad(x: Any, before: int, below: Any, right: Any) -> Any:
    """Pads by reflection; by repeating the edge where the image is too small to reflect."""
    if isinstance(below, int) and isinstance(right, int) and not (before or below or right):
        return x
    height, width = ops.shape(x)[1:3]
    rows = _reflected(height, before, below)
    columns = _reflected(width, before, right)
    return ops.take(ops.take(x, rows, axis=1), columns, axis=2)


def _reflected(length: Any, before: int, after: Any) -> Any:
    """Row numbers of a reflection that does not repeat the edge: ... 2 1 0 1 2 ... n-2 n-1 n-2 ..., as often as needed."""
    period = ops.maximum(2 * (length - 1), 1)
    index = ops.arange(length + before + after) - before
    index = ops.mod(index, period)
    return ops.minimum(index, period - index)
