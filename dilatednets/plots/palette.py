"""Every colour of the package's pictures."""

INK, GREY, GRID, PAPER = "#1e1e28", "#787e8a", "#d6dae2", "#ffffff"
BLUE, ORANGE = "#265490", "#f57d15"
SHADE = "#96b9e6"
"""What areas of blue darken towards."""
CURVES = (BLUE, ORANGE, GREY, "#2a9d8f", "#8e5ea2", "#c2185b", "#8c6d1f")
"""One colour for each curve of a picture, in this order."""
SPECTROGRAM = "inferno"
"""Matplotlib's dark blue over magenta and orange to pale yellow: even steps of lightness, readable in grey, too."""
HEAT = ((0, 0, 0), (255, 0, 0), (255, 255, 0), (255, 255, 255))
"""Values from 0 to the largest, in even steps."""


def default_palette(num_classes: int) -> list[tuple[int, int, int]]:
    """Distinct colours of classes, those of PASCAL VOC: class number bits spread over the three channels.

    Args:
        num_classes: How many colours to make, from that of class 0 on.

    Example:
    >>> default_palette(3)
    [(0, 0, 0), (128, 0, 0), (0, 128, 0)]
    """

    def value(number: int, channel: int) -> int:
        return sum((number >> 3 * place + channel & 1) << 7 - place for place in range(8))

    return [(value(number, 0), value(number, 1), value(number, 2)) for number in range(num_classes)]
