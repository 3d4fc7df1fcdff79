"""The context-module segmenter: a front end, class scores, context, and a label for every pixel."""

from collections.abc import Sequence
from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.errors import InputError
from dilatednets.layers.context_module import DILATIONS, ContextModule
from dilatednets.layers.light_front_end import LightFrontEnd
from dilatednets.layers.upsample import resize, upsample, upsample_span
from dilatednets.layers.vgg16_front_end import VGG16FrontEnd
from dilatednets.presets.presets import changed
from dilatednets.rules import Names, Rule, each_positive, keep_arguments, not_negative, one_of, positive, share
from dilatednets.zoo.context_segmenter import normalization as levels
from dilatednets.zoo.context_segmenter.inference import Scales, check_scales, whole_image
from dilatednets.zoo.context_segmenter.inputs import CheckedPictures
from dilatednets.zoo.zoo_model import ZooModel

FRONT_ENDS: dict[str, Any] = {"light": LightFrontEnd, "vgg16": VGG16FrontEnd}
FrontEnd = Annotated[str, Rule(FRONT_ENDS.__contains__, "'light', 'vgg16' or another name in FRONT_ENDS")]
Multipliers = Annotated[Sequence[int], Rule(lambda x: not x or min(x) > 0, "a list of positive integers, or empty")]
_PASSING = 2.0
"""Where fresh scores begin before a context module. As the identity, it passes no gradient on to scores below 0: a class all
of whose scores began there would never be learnt."""


@keras.saving.register_keras_serializable("dilatednets")
class ContextSegmenter(CheckedPictures, ZooModel):
    """Scores every pixel of an image: front end -> 1x1 scores -> context module -> bilinear upsampling.

    Images of any size go in; the net pads them to what its front end can divide, by reflection at the lower and right
    edge, and cuts the scores to the image again.

    Args:
        num_classes: Number of classes, or of values a pixel with `head="regression"`.
        front_end: "light", "vgg16", or any other name in `FRONT_ENDS`.
        context: "basic" or "large", or "none" for the front end alone.
        context_dilations: Dilation of each 3x3 layer of the context module.
        context_multipliers: Channels of each of these layers as a multiple of the classes; empty for those of the variant.
        context_identity: Whether the context module starts as the identity; False for comparison.
        head: "classification" or "regression".
        class_names: Names of the classes, or of the values, for reports and legends.
        palette: One (R, G, B) for each class, for label images and overlays.
        front_end_options: Arguments of the front end.
        dropout: Share of the feature maps that is dropped before the scores, in training.
        scales: Magnifications over which `segment` and `regress` average unless told otherwise.
        flip: Whether they also average over the mirror image.
        normalization: "percentiles" takes each picture's own brightness out, for microscopes, whose gain, offset and bit
            depth say nothing; "none" leaves it, for streets.
        channels: Bands of a picture, 3 for RGB; up to 16 with the light front end.
        things: Names of the classes whose regions are things that can be counted, or of a value that is a map of distances
            to the edge of things, in pixels.
        diameter: Diameter, in pixels, of the things that the model was trained on; 0 if there are none.
        **kwargs: Arguments of `keras.Model`.

    To plug in a front end of your own, put its class into `FRONT_ENDS` and give its name. It is a Keras layer, normalised
    RGB in, features out, with `build`, `call(x, training)`, `compute_output_shape`, `get_config` and `stride` (pixels an
    output pixel stands for), `multiple` (what height and width must be multiples of), `margin` (pixels it consumes on
    each side, filled by reflection), `mean` and `std` of the RGB values it expects to be taken out, `span` (which pixels
    of the image output pixels see), `macs_per_pixel` and `output_channels`.

    Input shape:
        image (batch, height, width, channels), from 0 to 255, or uint16 with all 16 bits. Floats, too, are from 0 to 255.

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

    unit = "pixels"
    facts = {
        "context_parameters": "of them in the context module",
        "macs_per_pixel": "Multiply-accumulates a pixel",
        "context_macs_per_pixel": "of them in the context module",
        "stride": "Stride of the scores, pixels",
        "num_classes": "Classes, or values a pixel",
        "receptive_field": "Receptive field, pixels",
    }
    fresh_by_argument = {
        "head": ("scores", "context"),
        **dict.fromkeys(("context", "context_dilations", "context_multipliers"), ("context",)),
    }

    def __init__(
        self,
        num_classes: Annotated[int, positive],
        front_end: FrontEnd = "light",
        context: Annotated[str, one_of("none", "basic", "large")] = "basic",
        context_dilations: Annotated[Sequence[int], each_positive] = DILATIONS,
        context_multipliers: Multipliers = (),
        context_identity: bool = True,
        head: Annotated[str, one_of("classification", "regression")] = "classification",
        class_names: Names = (),
        palette: Sequence[Sequence[int]] = (),
        front_end_options: dict[str, Any] | None = None,
        dropout: Annotated[float, share] = 0.1,
        scales: Scales = (1.0,),
        flip: bool = False,
        normalization: Annotated[str, one_of(*levels.KINDS)] = "none",
        channels: Annotated[int, Rule(lambda x: 1 <= x <= 16, "from 1 to 16")] = 3,
        things: Names = (),
        diameter: Annotated[float, not_negative] = 0.0,
        **kwargs: Any,
    ) -> None:
        # Automatic casting would round pixels to bfloat16's 8 bits before they are normalised.
        super().__init__(autocast=False, **kwargs)
        keep_arguments(self, locals())
        self.front_end_options: dict[str, Any] = dict(front_end_options or {})
        if head == "classification" and num_classes < 2:
            raise InputError(f"num_classes: at least 2, or 1 for regression, not {num_classes}")
        if class_names and len(class_names) != num_classes:
            raise InputError(f"class_names: {len(class_names)} names for {num_classes} classes")
        if palette and (len(palette) != num_classes or any(len(colour) != 3 for colour in palette)):
            raise InputError(f"palette: {len(palette)} colours for {num_classes} classes; an (R, G, B) for each")
        if not set(self.things) <= set(self.class_names):
            raise InputError(f"things: {', '.join(self.things)}: must be among class_names")
        if channels != 3 and front_end == "vgg16":
            raise InputError("channels: the front end 'vgg16' takes 3; choose 'light'")
        check_scales(self.scales, self)
        policy = self.dtype_policy
        self.front_end = FRONT_ENDS[front_end](**self.front_end_options, dtype=policy, name="front_end")
        self.drop = keras.layers.SpatialDropout2D(dropout, dtype=policy, name="drop")
        self.scores = keras.layers.Conv2D(
            num_classes,
            1,
            data_format="channels_last",
            bias_initializer=keras.initializers.Constant(0.0 if context == "none" else _PASSING),
            dtype=policy,
            name="scores",
        )
        self.context = None
        if context != "none":
            options = {"identity": self.context_identity, "multipliers": self.context_multipliers or None}
            self.context = ContextModule(context, self.context_dilations, **options, dtype=policy, name="context")
        self._compiled: Any = None
        # Every weight is created at once: their shapes follow from the arguments alone.
        self.front_end.build((None, None, None, self.channels))
        features = self.front_end.compute_output_shape((None, None, None, self.channels))
        self.scores.build(features)
        if self.context is not None:
            self.context.build((*features[:-1], self.num_classes))
        self.built = True

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilations of the context module; empty without one."""
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

    def call(self, inputs: Any, training: Any = None, brightness: Any = None) -> Any:
        """Scores or values of every pixel, float32 (batch, height, width, num_classes).

        Args:
            inputs: The images.
            training: Whether to drop features and to use the batch's own statistics.
            brightness: Of tiles, the `normalization.levels` of the whole picture; None finds those of each image.
        """
        height, width = ops.shape(inputs)[1:3]
        x = self._numbers(inputs)
        if self.normalization == "percentiles":
            x = levels.normalized(x, levels.levels(levels.sampled(inputs)) if brightness is None else brightness)
        mean, std = self.front_end.mean, self.front_end.std
        if self.channels != len(mean):  # which are of red, green and blue
            mean, std = np.mean(mean), np.mean(std)
        x = (x - np.float32(mean)) / np.float32(std)
        multiple, margin = self.front_end.multiple, self.front_end.margin
        x = _pad(ops.cast(x, self.compute_dtype), margin, margin + -height % multiple, margin + -width % multiple)
        x = self.drop(self.front_end(x, training=training), training=training)
        x = self.scores(x)
        if self.context is not None:
            x = self.context(x, training=training)
        # Float32 from here on, whatever the policy: losses and thresholds need it.
        x = upsample(ops.cast(x, "float32"), self.front_end.stride)
        return x[:, :height, :width]

    def _numbers(self, images: Any) -> Any:
        """Float32; 16 bits as 8 if the net goes by brightness."""
        x = ops.cast(images, "float32")
        sixteen_bits = keras.backend.standardize_dtype(images.dtype) == "uint16"
        return x / 257.0 if sixteen_bits and self.normalization == "none" else x

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The input's shape with `num_classes` channels."""
        return (*input_shape[:-1], self.num_classes)

    def segment(
        self,
        image: Any,
        *,
        scales: Sequence[float] | None = None,
        flip: bool | None = None,
        diameter: float | None = None,
        page: int | None = None,
    ) -> np.ndarray:
        """The class of every pixel.

        Args:
            image: A path, a PIL image, or an array of 8 or 16 bits (height, width[, channels]) of any size, as
                `dilatednets.data.images.pixels_of` takes it. Above 640 pixels a side it goes through in overlapping tiles,
                blended without seams, in bounded memory.
            scales: Magnifications over which probabilities are averaged; None for the model's own. More of them are slower
                and often better.
            flip: Whether to average over the mirror image, too; None for the model's own choice.
            diameter: Of the things in this picture, in pixels, instead of `scales`.
            page: Which picture of a file of several, from 1.

        Returns:
            int32 (height, width).

        Raises:
            InputError: for a file or an array that is no image, or a model that gives values instead of classes.

        Example:
        >>> model = ContextSegmenter(num_classes=3)
        >>> model.segment(np.zeros((40, 30), "uint8")).shape
        (40, 30)
        """
        if self.head != "classification":
            raise InputError("segment: this model gives values, not classes; call regress")
        return whole_image(self, image, lambda band: np.argmax(band, -1).astype(np.int32), scales, flip, diameter, page)

    def regress(
        self,
        image: Any,
        *,
        scales: Sequence[float] | None = None,
        flip: bool | None = None,
        diameter: float | None = None,
        page: int | None = None,
    ) -> np.ndarray:
        """The values of every pixel, float32 (height, width, num_classes); otherwise as `segment`."""
        if self.head != "regression":
            raise InputError("regress: this model gives classes, not values; call segment")
        return whole_image(self, image, np.asarray, scales, flip, diameter, page)

    def compiled_outputs(self) -> Any:
        """`pixel_outputs`, compiled once; it sees the current weights."""
        if self._compiled is None:
            self._compiled = compiled(self.pixel_outputs, self, xla=False)
        return self._compiled

    def averaged_outputs(
        self, images: Any, scales: Any = None, flip: bool | None = None, net: Any = None, brightness: Any = None
    ) -> Any:
        """`pixel_outputs` of whole images, averaged over magnifications and mirror images (test-time augmentation).

        Args:
            images: Images of shape (batch, height, width, channels), uint8 or uint16.
            scales: Magnifications, as `segment` takes them.
            flip: Whether to average over the mirror images, too, as `segment` takes it.
            net: What `pixel_outputs` was compiled to; None calls it as it is.
            brightness: Of tiles, the `normalization.levels` of the whole picture.
        """
        scales, flip = self.scales if scales is None else scales, self.flip if flip is None else flip
        height, width = ops.shape(images)[1:3]
        if self.normalization == "percentiles" and brightness is None:
            images = levels.grey(images)
            brightness = levels.levels(levels.sampled(images))
        lengths = bool(self.things) and self.head == "regression"
        outputs = []
        for scale in scales:
            for mirrored in (False, True) if flip else (False,):
                x = ops.flip(images, axis=2) if mirrored else images
                if scale != 1:
                    x = resize(self._numbers(x), _scaled(height, scale), _scaled(width, scale), antialias=True)
                y = (net or self.pixel_outputs)(x, brightness)
                if scale != 1:
                    y = resize(y, height, width)
                    y = y / scale if lengths else y
                outputs.append(ops.flip(y, axis=2) if mirrored else y)
        return sum(outputs) / len(outputs)

    def pixel_outputs(self, images: Any, brightness: Any = None) -> Any:
        """Probabilities or values of every pixel, float32 (batch, height, width, num_classes)."""
        y = self(images, training=False, brightness=brightness)
        return ops.softmax(y) if self.head == "classification" else y

    @classmethod
    def completed(cls, overrides: dict[str, Any]) -> dict[str, Any]:
        """Other classes have other names and colours; values are regressed at one scale."""
        if "num_classes" in overrides:
            overrides = {"class_names": (), "palette": (), "things": (), **overrides}
        return {"scales": (1.0,), **overrides} if overrides.get("head") == "regression" else overrides

    @classmethod
    def fresh_layers(cls, config: dict[str, Any], overrides: dict[str, Any]) -> tuple[str, ...]:
        """Other classes, or another head, start with fresh scores and context; another context module starts fresh alone."""
        layers = super().fresh_layers(config, overrides)
        if config.get("class_names") and overrides.get("class_names") and changed(config, overrides, "class_names"):
            layers += ("scores", "context")
        return layers if overrides.get("context_identity", True) else (*layers, "context")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; for layers that were chosen by name, the name."""
        front_end = next(name for name, kind in FRONT_ENDS.items() if type(self.front_end) is kind)
        context = "none" if self.context is None else self.context.variant
        return {**super().get_config(), "front_end": front_end, "context": context}


def _scaled(length: Any, scale: float) -> Any:
    """Pixels of a side at another scale, a number or, of a side whose length is unknown as yet, a tensor."""
    if isinstance(length, int):
        return max(round(length * scale), 2)
    return ops.maximum(ops.cast(ops.round(ops.cast(length, "float64") * scale), "int32"), 2)


def _pad(x: Any, before: int, below: Any, right: Any) -> Any:
    """Pads by a reflection that does not repeat the edge: ... 2 1 0 1 2 ... n-2 n-1 n-2 ..., as often as needed."""
    for axis, after in ((1, below), (2, right)):
        if isinstance(after, int) and not (before or after):
            continue
        length = ops.shape(x)[axis]
        period = ops.maximum(2 * (length - 1), 1)
        index = ops.mod(ops.arange(length + before + after) - before, period)
        x = ops.take(x, ops.minimum(index, period - index), axis=axis)
    return x
