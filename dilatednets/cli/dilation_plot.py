"""A picture of dilation: which inputs one output sees, layer by layer."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from dilatednets.layers.receptive_field import causal_field

MOST_LAYERS, WIDTH, ROW = 5, 900, 74
LEFT, TOP, RIGHT, BOTTOM = 120, 64, 24, 70
SEEN, UNSEEN, LINE = (38, 84, 144), (214, 218, 226), (245, 125, 21)


def dilation_plot(
    dilations: Sequence[int], kernel_size: int, title: str, causal: bool = True, unit: str = "samples"
) -> Image.Image:
    """Draws the first layers of a stack as rows of samples, with the connections of one output.

    Args:
        dilations: Of the whole stack; the first five layers are drawn, which is what a page can show.
        kernel_size: Taps of each layer.
        title: Drawn above.
        causal: Whether taps lie in the past; else on both sides.
        unit: What a row is made of.

    Returns:
        An RGB picture.

    Example:
    >>> dilation_plot([1, 2, 4, 8], 2, "four layers").size
    (900, 430)
    """
    shown = list(dilations[:MOST_LAYERS])
    field = causal_field(kernel_size, shown)
    while field > 64 and len(shown) > 1:
        shown.pop()
        field = causal_field(kernel_size, shown)
    columns = field + 2
    height = TOP + ROW * len(shown) + BOTTOM
    image = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    draw.text((20, 16), f"{title}: what one output sees", (30, 30, 40), font)

    def place(time: int, layer: int) -> tuple[float, float]:
        x = LEFT + (time + 0.5) / columns * (WIDTH - LEFT - RIGHT)
        return x, TOP + ROW * (len(shown) - layer)

    taps = [tap - (kernel_size - 1 if causal else kernel_size // 2) for tap in range(kernel_size)]
    seen = [{columns - 1 + taps[-1] * sum(-d for d in shown)}]  # from the output down
    for dilation in reversed(shown):
        seen.append({t + tap * dilation for t in seen[-1] for tap in taps})
    seen.reverse()
    for layer, dilation in enumerate(shown, start=1):
        for t in seen[layer]:
            for tap in taps:
                draw.line((*place(t, layer), *place(t + tap * dilation, layer - 1)), LINE, 2)
    radius = min(7.0, 0.38 * (WIDTH - LEFT - RIGHT) / columns)
    for layer in range(len(shown) + 1):
        name = "input" if layer == 0 else f"dilation {shown[layer - 1]}"
        draw.text((20, place(0, layer)[1]), name, (30, 30, 40), small, anchor="lm")
        for t in range(columns):
            x, y = place(t, layer)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), SEEN if t in seen[layer] else UNSEEN)
    whole = causal_field(kernel_size, dilations)
    words = f"{len(shown)} layers see {field} {unit}; all {len(dilations)} layers see {whole}."
    plain = -(-(whole - 1) // (kernel_size - 1)) if kernel_size > 1 else 0
    if plain:
        words += f" Without dilation that would take {plain} layers."
    draw.text((20, height - 34), words, (30, 30, 40), small)
    return image


def field_plot(dilations: Sequence[int], title: str) -> Image.Image:
    """Draws the field of each 3x3 layer of a two-dimensional stack as nested squares, with the taps of the last layers.

    Args:
        dilations: Of the stack; empty for none.
        title: Drawn above.

    Returns:
        An RGB picture.

    Example:
    >>> field_plot([1, 1, 2, 4, 8, 16, 1], "context module").size
    (900, 560)
    """
    fields = [1 + 2 * sum(dilations[: layer + 1]) for layer in range(len(dilations))]
    image = Image.new("RGB", (WIDTH, 560), "white")
    draw = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    draw.text((20, 16), f"{title}: what one output of the context module sees, layer by layer", (30, 30, 40), font)
    if not fields:
        draw.text((20, 60), "This model has no context module.", (30, 30, 40), small)
        return image
    side, centre = 420 / max(fields), (250, 300)

    def box(field: float) -> tuple[float, float, float, float]:
        half = field * side / 2
        return centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half

    for layer in reversed(range(len(fields))):
        shade = (layer + 1) / len(fields)
        colour = tuple(
            round(a * (1 - shade) + b * shade) for a, b in zip((255, 255, 255), (150, 185, 230), strict=True)
        )
        draw.rectangle(box(fields[layer]), fill=colour, outline=SEEN)
    widest = max(dilations)
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            x, y = centre[0] + column * widest * side, centre[1] + row * widest * side
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), LINE)
    for layer, (dilation, field) in enumerate(zip(dilations, fields, strict=True), start=1):
        words = f"layer {layer}: 3x3, dilation {dilation}, sees {field} x {field} pixels"
        draw.text((520, 80 + 30 * layer), words, (30, 30, 40), small)
    draw.text((520, 80 + 30 * (len(fields) + 2)), f"orange: the nine taps of dilation {widest}", LINE, small)
    plain = f"Without dilation {len(fields)} layers see {1 + 2 * len(fields)} x {1 + 2 * len(fields)} pixels."
    draw.text((20, 526), f"The field grows exponentially, parameters grow linearly. {plain}", (30, 30, 40), small)
    return image
