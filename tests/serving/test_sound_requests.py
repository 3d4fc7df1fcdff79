"""Sound that reaches beyond full scale, as filters and decoders leave it, or is in the range of integers."""

import numpy as np
import pytest
from helpers import tiny_effect, tiny_tcn, tiny_vocoder

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("make", [tiny_effect, tiny_vocoder])
def test_what_the_model_itself_answers_is_counted(make):
    """As `dilatednets benchmark serving` counts it."""
    served = make().signatures()
    assert served.count(served.ask_model(served.examples()["serving_default"])) == 1


@pytest.mark.parametrize("family", ["tcn", "audio_effect"])
@pytest.mark.parametrize("knobs", [(), ("gain",)])
def test_faults_no_recordings_have_no_answers(family, knobs):
    import tensorflow as tf

    if family == "tcn":
        model = tiny_tcn(frame=4, data={"reader": "audio_folder", "sample_rate": 8000}, pooling="none")
        request, name, shape = {"lengths": tf.zeros(0, tf.int32)}, "sequence", (0, 24, 1)
    else:
        model, name, shape = tiny_effect(knobs=knobs), "dry", (0, 24)
        request = {"knobs": tf.zeros((0, 1))} if knobs else {}
    ask = model.signatures().signatures()["serving_default"]
    [answer] = {one.shape[:2] for one in ask(**request, **{name: tf.zeros(shape)}).values() if one.dtype == tf.float32}
    assert answer == (0, 6 if family == "tcn" else 24)
    if family == "audio_effect":
        with pytest.raises(tf.errors.InvalidArgumentError, match="dry: must hold samples"):
            ask(**request, dry=tf.zeros((0, 0)))


@pytest.mark.parametrize("family", ["tcn", "audio_effect"])
def test_faults_sound_beyond_full_scale_is_cut_or_refused_as_in_python(family, rng):
    import tensorflow as tf

    sound = rng.uniform(-1.5, 1.5, (2, 24)).astype(np.float32)
    if family == "tcn":
        from dilatednets.zoo.tcn.signatures import Signatures

        model = tiny_tcn(frame=4, data={"reader": "audio_folder", "sample_rate": 8000})
        wanted, request = model.answer(sound)["probabilities"], {"lengths": tf.constant([24, 24])}
        name, answer, sound = "sequence", "probabilities", sound[..., None]
    else:
        from dilatednets.zoo.audio_effect.signatures import Signatures

        model = tiny_effect()
        wanted, request, name, answer = model.process(sound), {}, "dry", "wet"
    ask = Signatures(model).signatures()["serving_default"]
    np.testing.assert_allclose(ask(**request, **{name: tf.constant(sound)})[answer], wanted, atol=1e-5)
    for loud in (3.0, np.nan):
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{name}: must hold samples, in \[-1, 1\]; divide"):
            ask(**request, **{name: tf.fill(sound.shape, np.float32(loud))})
