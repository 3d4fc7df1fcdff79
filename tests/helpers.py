"""What tests share: where the checkout is, and models small enough to run in no time."""

import importlib.machinery
import importlib.util
from pathlib import Path

import numpy as np

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
CHECKOUT = Path(__file__).resolve().parents[1]


def contents(folder):
    """The files of a folder, by their names in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tool(name):
    """A program of tools/, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(CHECKOUT / "tools" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def tiny_segmenter(num_classes=3, **settings):
    """A ContextSegmenter small enough to run in no time."""
    import keras

    from dilatednets.zoo.context_segmenter import ContextSegmenter

    keras.utils.set_random_seed(0)
    small = {"widths": (4, 4, 8, 8), "blocks": (1, 1), "dilations": (1, 2), "output_channels": 6}
    return ContextSegmenter(num_classes, front_end_options=small, **settings)


def tiny_chunker(seed=0, **settings):
    """A TCNChunker small enough to run in no time; every weight is random, so that each of them matters."""
    import keras

    from dilatednets.zoo.tcn_chunker import TCNChunker

    small = {
        "labels": ["NP", "VP"],
        "words": ["it", "works", "the", "a", "dog", "in", "0000"],
        "characters": "Iabcdeghiknorstw0",
        "shapes": ["xx", "Xx", "x", "dd", "."],
        "pos_tags": ["DT", "NN", "VB"],
        "width": 8,
        "dilations": (1, 2),
        "word_channels": 6,
        "character_channels": 4,
        "character_filters": 6,
        "shape_channels": 3,
        "pos_channels": 3,
    }
    keras.utils.set_random_seed(seed)
    model = TCNChunker(**{**small, **settings})
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def tiny_tcn(outputs=3, **settings):
    """A TCN small enough to run in no time; every weight is random, so that each of them matters."""
    import keras

    from dilatednets.zoo.tcn import TCN

    keras.utils.set_random_seed(0)
    model = TCN(outputs, **{"dilations": (1, 2), "channels": 6, "embedding": 5, "dropout": 0.0, **settings})
    rng = np.random.default_rng(0)
    for weight in model.weights:
        values = rng.normal(0, 0.5, weight.shape)
        weight.assign(values**2 + 0.1 if "moving_variance" in weight.path else values)
    return model


def tiny_effect(**settings):
    """An AudioEffect small enough to run in no time; every weight is random, so that each of them matters."""
    import keras

    from dilatednets.zoo.audio_effect import AudioEffect

    keras.utils.set_random_seed(0)
    model = AudioEffect(**{"arrays": [[1, 3], [2]], "channels": [3, 2], "head_scale": 0.5, **settings})
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def tiny_vocoder(**settings):
    """A MelVocoder small enough to run in no time; every weight is random, so that each of them matters."""
    import keras

    from dilatednets.zoo.mel_vocoder import MelFrontEnd, MelVocoder

    keras.utils.set_random_seed(0)
    mel = MelFrontEnd(8000, 64, bands=20, window=256, fft_size=256, f_max=4000.0)
    model = MelVocoder(**{"dilations": (1, 2), "channels": 6, "iterations": 5, "mel": mel.get_config(), **settings})
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return model
