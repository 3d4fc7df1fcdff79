"""A picture of what seeing far costs: a dilated stack beside a plain one and a recurrent step."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from dilatednets.cli.dilation_plot import LINE, SEEN, WIDTH

HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 420, 120, 64, 230, 64
INK, GRID, PLAIN = (30, 30, 40), (228, 231, 236), (120, 126, 138)


class Growth(NamedTuple):
    """Inputs seen on a side and weights: after each layer of a stack, and of stacks without dilation of growing depth.

    `recurrent` is the weights of a recurrent step, the same however far it looks back; None if there is none.
    """

    dilated: list[tuple[int, int]]
    plain: list[tuple[int, int]]
    recurrent: int | None


def growth(dilations: Sequence[int], kernel_size: int, channels: int, dimensions: int = 1) -> Growth:
    """Counts weights of convolutions of equal width, biases left out.

    Args:
        dilations: Of the stack.
        kernel_size: Taps on a side.
        channels: In and out.
        dimensions: 1 for sequences; 2 for images, which have no recurrent step.

    Example:
    >>> growth([1, 2, 4], 2, 8)
    Growth(dilated=[(2, 128), (4, 256), (8, 384)], plain=[(2, 128), (3, 256), (5, 512), (8, 896)], recurrent=512)
    """
    weights = kernel_size**dimensions * channels**2
    fields = [1 + (kernel_size - 1) * total for total in accumulate(dilations)]
    dilated = [(field, weights * layer) for layer, field in enumerate(fields, start=1)]
    deep = -(-(fields[-1] - 1) // (kernel_size - 1))
    depths = [*(2**power for power in range(deep.bit_length()) if 2**power < deep), deep]
    plain = [(1 + layer * (kernel_size - 1), weights * layer) for layer in depths]
    return Growth(dilated, plain, 8 * channels**2 if dimensions == 1 else None)


def growth_plot(grown: Growth, unit: str) -> Image.Image:
    """Draws weights against inputs seen, both on logarithmic axes.

    Args:
        grown: What to draw.
        unit: What is seen.

    Returns:
        An RGB picture.

    Example:
    >>> growth_plot(growth([1, 2, 4, 8], 2, 32), "samples").size
    (900, 420)
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    draw.text((20, 16), "What seeing far costs: weights, each of which is multiplied once an output", INK, font)
    points = [*grown.dilated, *grown.plain]
    widest = max(field for field, _ in points)
    levels = [weights for _, weights in points] + ([grown.recurrent] if grown.recurrent else [])
    low, high = (10 ** edge(math.log10(value)) for edge, value in ((math.floor, min(levels)), (math.ceil, max(levels))))

    def place(field: float, weights: float) -> tuple[float, float]:
        x = LEFT + math.log(field) / math.log(max(widest, 2)) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - math.log(weights / low) / math.log(high / low) * (HEIGHT - TOP - BOTTOM)
        return x, y

    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = place(1, 10**power)[1]
        draw.line((LEFT, y, WIDTH - RIGHT, y), GRID, 1)
        draw.text((LEFT - 10, y), f"{10**power:,}", INK, small, anchor="rm")
    for power in range(math.ceil(math.log2(max(widest, 2))) + 1):
        if 2**power <= widest and (widest <= 64 or power % 2 == 0):
            x = place(2**power, low)[0]
            draw.line((x, TOP, x, HEIGHT - BOTTOM), GRID, 1)
            draw.text((x, HEIGHT - BOTTOM + 8), f"{2**power:,}", INK, small, anchor="mt")
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 34), f"{unit} that one output sees", INK, small, anchor="mt")
    last = 0.0
    lines = [("plain convolutions", grown.plain, PLAIN), ("dilated convolutions", grown.dilated, LINE)]
    if grown.recurrent:
        lines.append(("an LSTM step, state apart", [(1, grown.recurrent), (widest, grown.recurrent)], SEEN))
    for name, curve, colour in sorted(lines, key=lambda line: -line[1][-1][1]):
        places = [place(*point) for point in curve]
        draw.line(places, colour, 3)
        for x, y in places if curve is grown.dilated else ():
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), colour)
        last = max(places[-1][1], last + 34)
        draw.text((WIDTH - RIGHT + 12, last), f"{name}\n{curve[-1][1]:,}", colour, small, anchor="lm")
    return image


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width, one below the other."""
    image = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        image.paste(picture, (0, top))
        top += picture.height
    return image
