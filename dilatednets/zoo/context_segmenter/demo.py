"""What `dilatednets demo` shows of ContextSegmenter: overlays of sample images, and how many nuclei there are."""

from pathlib import Path

SEGMENTER, REGRESSOR, IMAGES = "context_segmenter_nuclei", "context_regressor_nuclei", 3
NEXT = f"dilatednets segment {SEGMENTER} IMAGE --output segmented --count"


def demo(output: Path) -> list[Path]:
    """Segments sample images, and counts nuclei by both models, and by one alone; returns what it wrote."""
    import numpy as np

    from dilatednets.data import nuclei
    from dilatednets.data.samples import sample
    from dilatednets.zoo.context_segmenter import ContextSegmenter
    from dilatednets.zoo.context_segmenter.verb import segment_file

    print(f"   {SEGMENTER} and {REGRESSOR} segment microscope images ...", flush=True)
    models = {name: ContextSegmenter.from_preset(name) for name in (SEGMENTER, REGRESSOR)}
    pairs = nuclei.load(sample("nuclei"), "validation")
    written = []
    for index in range(IMAGES):
        truth = len(np.unique(pairs[index][1])) - 1  # without the background
        print(f"   image {index + 1}: {truth} nuclei outlined by hand")
        for name, model in models.items():
            stem = output / "segmented" / f"image_{index + 1}_{name.split('_')[1]}"
            partner = models[REGRESSOR] if name == SEGMENTER else None
            words = segment_file(model, pairs.images[index], stem, True, partner)
            print(f"      {name.split('_')[1]}: {words}")
            written += [stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}_overlay.png")]
    return written
