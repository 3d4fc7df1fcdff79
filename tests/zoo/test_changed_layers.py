"""Layers whose variables change after a model was compiled: LoRA, and quantising."""

import keras
import numpy as np
import pytest
from helpers import tiny_chunker, tiny_effect, tiny_segmenter, tiny_tcn
from wavenets import make as tiny_wavenet

from dilatednets import native
from dilatednets.errors import InputError

NOISE = np.random.default_rng(1)
X = NOISE.standard_normal((2, 9, 3)).astype("float32")
DRY = NOISE.uniform(-0.5, 0.5, 40).astype("float32")
PICTURE = NOISE.integers(0, 256, (24, 24, 3)).astype("uint8")
SENTENCES = [["It", "works"], ["the", "dog", "in", "the"]]


def played(engine):
    def play(model):
        return model.process(DRY, model.initial_state(engine=engine))[0]

    return play


def spoken(engine):
    return lambda model: model.generate(30, seed=0, engine=engine)


CASES = {
    "TCN.answer": (lambda: tiny_tcn(features=3), "head", lambda model: model.answer(X)["probabilities"]),
    "TCN.generate": (lambda: tiny_tcn(5, task="next"), "head", lambda model: model.generate(30, seed=0)),
    "ContextSegmenter.segment": (tiny_segmenter, "scores", lambda model: model.segment(PICTURE)),
    "TCNChunker.tag": (
        lambda: tiny_chunker(pos="none", decoder="softmax"),
        "scores",
        lambda model: np.concatenate(model.scorer()(SENTENCES, None)[0]),
    ),
    "AudioEffect.process": (tiny_effect, "heads", played("compiled")),
    "AudioEffect.process, native": (tiny_effect, "heads", played("native")),
    "WaveNet.generate": (lambda: tiny_wavenet("gaussian", conditioned=False), "hidden", spoken("xla")),
    "WaveNet.generate, native": (
        lambda: tiny_wavenet("gaussian", conditioned=False),
        "hidden",
        spoken("native_float32"),
    ),
}


def layer_of(model, name):
    found = getattr(model, name)
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize("case", CASES)
def test_low_rank_weights_after_the_first_answer_count_faults(case):
    """As a twin answers whose kernel has the product added, which was never compiled before."""
    if "native" in case and not native.available():
        pytest.skip("needs numba")
    make, name, ask = CASES[case]
    keras.utils.set_random_seed(0)
    model, twin = make(), make()
    twin.set_weights(model.get_weights())
    before = ask(model)
    layer = layer_of(model, name)
    layer.enable_lora(2)
    rng = np.random.default_rng(0)
    layer.lora_kernel_a.assign(rng.normal(0, 1, layer.lora_kernel_a.shape))
    layer.lora_kernel_b.assign(rng.normal(0, 2, layer.lora_kernel_b.shape))
    low, high = (keras.ops.convert_to_numpy(part) for part in (layer.lora_kernel_a, layer.lora_kernel_b))
    plain = layer_of(twin, name).kernel
    plain.assign(keras.ops.convert_to_numpy(plain) + low @ high)
    for _ in range(2):
        after = ask(model)
        np.testing.assert_allclose(after, ask(twin), atol=1e-4)
    assert np.any(after != before)
    layer.lora_kernel_b.assign(0 * layer.lora_kernel_b)  # the program anew reads what its variables hold
    np.testing.assert_allclose(ask(model), before, atol=1e-4)


def test_quantised_layers_after_the_first_answer_count_faults():
    model = tiny_tcn(features=3)
    before = model.answer(X)["probabilities"]
    model.head.quantize("int8")
    after = model.answer(X)["probabilities"]
    np.testing.assert_allclose(after, keras.ops.convert_to_numpy(keras.ops.softmax(model(X))), atol=1e-6)
    assert np.any(after != before)


@pytest.mark.skipif(not native.available(), reason="needs numba")
def test_a_quantised_model_leaves_the_native_engine_faults():
    model = tiny_effect()
    model.heads[0].quantize("int8")
    np.testing.assert_allclose(model.process(DRY), keras.ops.convert_to_numpy(model(DRY[None]))[0], atol=1e-5)
    with pytest.raises(
        InputError, match=r"engine: native does not run layers that Keras has quantised, .*take compiled"
    ):
        model.initial_state(engine="native")
    speaker = tiny_wavenet("gaussian", conditioned=False)
    speaker.hidden.quantize("int8")
    assert np.isfinite(speaker.generate(5, seed=0)).all()
    with pytest.raises(InputError, match=r"engine: native_int8 does not run .* such as hidden; take xla"):
        speaker.generate(5, seed=0, engine="native_int8")


def test_files_of_other_players_hold_low_rank_weights_faults(tmp_path):
    model = tiny_effect()
    model.heads[0].enable_lora(1)
    model.heads[0].lora_kernel_b.assign(np.ones((1, 2), "float32"))
    model.save_nam(tmp_path / "one.nam")
    loaded = type(model).from_nam(tmp_path / "one.nam")
    np.testing.assert_allclose(loaded.process(DRY), model.process(DRY), atol=1e-5)
