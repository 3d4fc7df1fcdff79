"""What all tests share. Tests that need TensorFlow are marked so, and skipped where there is none."""

import os
import shutil

import hypothesis
import numpy as np
import pytest
from helpers import CHECKOUT, HAS_TENSORFLOW, tiny_chunker

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if not HAS_TENSORFLOW:
    os.environ.setdefault("KERAS_BACKEND", "jax")

# The first example of a test compiles, the others do not: a deadline would call that flaky. The same examples each time, so
# that what passes here passes elsewhere; HYPOTHESIS_PROFILE=explore looks at others.
hypothesis.settings.register_profile(
    "compiling", hypothesis.settings.default, deadline=None, derandomize=True, max_examples=40
)
hypothesis.settings.register_profile(
    "explore", hypothesis.settings.get_profile("compiling"), derandomize=False, max_examples=200
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "compiling"))

LONGEST = (
    "context_segmenter/test_training.py",
    "test_packaging.py",
    "cli/test_cli.py",
    "wavenet/test_training.py",
    "serving/test_contract.py",
    "serving/test_wavenet_contract.py",
    "serving/test_export.py",
    "wavenet/test_native.py",
)
"""Files that come first: of two processes, neither is to be left alone with one of these at the end."""


def pytest_configure(config):
    """A preset that is loaded with other arguments says which weights start fresh; who tests that asks for the warning."""
    config.addinivalue_line("filterwarnings", "ignore:.* weights start fresh:UserWarning")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))
    if not HAS_TENSORFLOW:
        for item in items:
            if item.get_closest_marker("tensorflow"):
                item.add_marker(pytest.mark.skip(reason="needs TensorFlow"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The same initial weights each time, those of fixtures of a module too."""
    import keras  # here, after the environment is set

    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session", autouse=True)
def kernels_kept():
    """Keras seeds TensorFlow too, which then forgets its kernels: a third of all time. No test draws by that seed."""
    with pytest.MonkeyPatch.context() as patch:
        if HAS_TENSORFLOW:
            import tensorflow as tf

            patch.setattr(tf.random, "set_seed", lambda seed: None)
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def sample_dir():
    """The recordings that come with the checkout."""
    return CHECKOUT / "datasets" / "spoken_digits" / "sample"


@pytest.fixture(scope="session")
def nuclei_dir():
    """The microscope images that come with the checkout."""
    return CHECKOUT / "datasets" / "nuclei" / "sample"


@pytest.fixture(scope="session")
def front_end():
    from dilatednets.data.spoken_digits import WORDS
    from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd

    durations = {"": dict.fromkeys(WORDS, 0.1), "ann": dict.fromkeys(WORDS, 0.05)}
    return WordFrontEnd(WORDS, 80, 8000, durations, {str(i): word for i, word in enumerate(WORDS)})


def _tiny_wavenet(front_end):
    import keras

    from dilatednets.zoo.wavenet.model import WaveNet

    keras.utils.set_random_seed(0)
    return WaveNet(
        (1, 2, 4), 2, 8, 16, 8, sample_rate=8000, speakers=("ann", "bob"), text=front_end.get_config(),
        condition_channels=4,
    )  # fmt: skip


@pytest.fixture
def tiny_model(front_end):
    """A WaveNet that speaks text in two voices, small enough to compile in a second."""
    return _tiny_wavenet(front_end)


@pytest.fixture(scope="session")
def save_tiny(front_end, tmp_path_factory):
    """Puts the preset of `tiny_model` into a folder: one is saved for all tests with this card, and copied."""
    saved = {}

    def save(folder, *card_and_recipe):
        key = repr(card_and_recipe)
        if key not in saved:
            saved[key] = tmp_path_factory.mktemp("tiny") / "tiny"
            _tiny_wavenet(front_end).save_to_preset(saved[key], *card_and_recipe)
        return shutil.copytree(saved[key], folder)

    return save


@pytest.fixture(scope="session")
def joint():
    return tiny_chunker()


@pytest.fixture(scope="session")
def given_pos():
    """It needs parts of speech; greedy."""
    return tiny_chunker(pos="input", decoder="softmax")


@pytest.fixture
def eager(monkeypatch):
    """Nothing is compiled, which would take longer than it saves where a model sees a few batches only."""
    from dilatednets.zoo.tcn_chunker import model

    monkeypatch.setattr(model, "compiled", lambda function, *arguments, **options: function)
