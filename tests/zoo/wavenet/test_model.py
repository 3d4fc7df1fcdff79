import keras
import numpy as np
import pytest
from keras import ops

from dilatednets.errors import InputError
from dilatednets.layers import receptive_field
from dilatednets.zoo.wavenet.likelihood import BitsPerSample, NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet


@pytest.mark.parametrize(("kernel_size", "dilations"), [(2, (1, 2, 4)), (3, (1, 2)), (2, (3, 1, 3))])
def test_receptive_field_is_what_perturbation_shows(rng, kernel_size, dilations):
    model = WaveNet(dilations, kernel_size, 8, 16, 8, output="gaussian")
    audio = rng.uniform(-0.5, 0.5, (1, 40)).astype(np.float32)
    before = ops.convert_to_numpy(model(audio))[0, -1]
    seen = []
    for t in range(40):
        other = audio.copy()
        other[0, t] += 0.3
        if np.abs(ops.convert_to_numpy(model(other))[0, -1] - before).max() > 0:
            seen.append(t)
    assert max(seen) == 38  # the last sample's own distribution does not see it
    assert receptive_field(model) == 39 - min(seen)


def test_no_distribution_sees_its_own_sample_or_later_ones(rng, tiny_model):
    inputs = {
        "audio": rng.uniform(-0.5, 0.5, (1, 160)).astype(np.float32),
        "speaker": np.array([1]),
        "condition": rng.random((1, 2, 42), np.float32),
    }
    before = ops.convert_to_numpy(tiny_model(inputs))
    inputs["audio"][:, 50:] = 0.9
    after = ops.convert_to_numpy(tiny_model(inputs))
    np.testing.assert_array_equal(before[:, :51], after[:, :51])
    assert np.abs(before[:, 51] - after[:, 51]).max() > 0


@pytest.mark.parametrize(
    ("output", "dtype"),
    [("logistics", "float32")]
    + [
        pytest.param(output, dtype, marks=pytest.mark.slow)
        for output in ("softmax", "logistics", "gaussian")
        for dtype in ("float32", "mixed_bfloat16")
        if (output, dtype) != ("logistics", "float32")
    ],
)
def test_training_moves_every_weight_and_lowers_the_loss(rng, output, dtype):
    keras.utils.set_random_seed(0)
    model = WaveNet(
        (1, 2, 4), 2, 8, 16, 8, output, speakers=("a", "b"), condition_features=5, condition_hop=20, dtype=dtype
    )
    inputs = {
        "audio": (0.3 * np.sin(np.arange(160) / 5) * np.ones((4, 1))).astype(np.float32),
        "speaker": np.array([0, 1, 0, 1], np.int32),
        "condition": rng.random((4, 8, 5), np.float32),
    }
    model.compile(
        keras.optimizers.Adam(1e-2),
        NegativeLogLikelihood(model.distribution),
        weighted_metrics=[BitsPerSample(model.distribution)],
        jit_compile=False,
    )
    before = [w.copy() for w in model.get_weights()]
    weight = np.ones((4, 160), np.float32)
    losses = [float(model.train_on_batch(inputs, inputs["audio"], weight)[0]) for _ in range(10)]
    assert losses[-1] < losses[0]
    moved = {
        w.path: np.abs(w1 - w0).max() > 0 for w, w0, w1 in zip(model.weights, before, model.get_weights(), strict=True)
    }
    assert all(moved.values()), moved


def test_audio_keeps_its_precision_under_mixed_precision():
    model = WaveNet((1,), 2, 4, 8, 4, output="softmax", dtype="mixed_bfloat16")
    audio = model.distribution.mu_law.expand(np.arange(256))
    codes = ops.convert_to_numpy(ops.argmax(model._encode(audio), axis=-1))
    assert codes.tolist() == list(range(256))  # bfloat16 audio would leave fewer codes near full scale


def test_parameters_recounted_by_formula():
    layers, r, g, s, v = 3, 8, 12, 10, 256
    model = WaveNet((1, 2, 4), 2, r, g, s)
    blocks = layers * (2 * r * g + g + (g // 2) * (r + s) + r + s) - ((g // 2) * r + r)
    assert model.count_params() == 2 * v * r + r + blocks + s * s + s + s * v + v


@pytest.mark.parametrize("dilations", [(), (0,), (1, 2.5)])
def test_refuses_dilations_that_are_none(dilations):
    with pytest.raises(InputError, match="dilations"):
        WaveNet(dilations)


def test_says_what_condition_is_missing(tiny_model):
    audio = np.zeros((1, 160), np.float32)
    with pytest.raises(InputError, match="ann, bob"):
        tiny_model({"audio": audio, "condition": np.zeros((1, 2, 42), np.float32)})
    with pytest.raises(InputError, match="42 features"):
        tiny_model({"audio": audio, "speaker": np.array([0])})


SMALL = {"dilations": (1, 2), "residual_channels": 4, "gate_channels": 8, "skip_channels": 4}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"sample_rate": 16000}, "sample_rate: 16000, but text has 8000"),
        ({"condition_hop": 40}, "condition_hop: 40, but text has 80"),
        ({"condition_features": 41}, "condition_features: 41, but text has 42"),
    ],
)
def test_faults_arguments_that_contradict_the_text_are_refused(front_end, tiny_model, tmp_path, arguments, says):
    with pytest.raises(InputError, match=says):
        WaveNet(**SMALL, text=front_end.get_config(), **arguments)
    tiny_model.save_to_preset(tmp_path / "tiny")
    with pytest.raises(InputError, match=says):
        WaveNet.from_preset(tmp_path / "tiny", **arguments)


def test_faults_the_text_says_the_sample_rate(front_end, tiny_model, tmp_path):
    assert WaveNet(**SMALL, text=front_end.get_config()).sample_rate == 8000
    assert WaveNet(**SMALL).sample_rate == 16000
    other = {**front_end.get_config(), "sample_rate": 12000, "hop": 120, "vocabulary": ["one"], "aliases": {}}
    tiny_model.save_to_preset(tmp_path / "tiny")
    model = WaveNet.from_preset(tmp_path / "tiny", text=other)
    assert (model.sample_rate, model.condition_hop, model.condition_features) == (12000, 120, 15)
    assert model.get_config()["sample_rate"] == 12000 and WaveNet.from_config(model.get_config()).sample_rate == 12000


@pytest.mark.parametrize("speakers", ["theo", ["a", "a"], [225, 226], [""], [" ann"], b"theo", 3])
def test_faults_speakers_that_are_no_names_are_refused(speakers):
    with pytest.raises(InputError, match=r"^speakers: must be"):
        WaveNet(**SMALL, speakers=speakers)


@pytest.mark.parametrize(
    "arguments",
    [
        {"condition_hop": 0},
        {"sample_rate": 0},
        {"kernel_size": -1},
        {"gate_channels": 7},
        {"levels": "many"},
        {"condition_features": -1},
        {"residual_channels": True},
    ],
)
def test_faults_in_arguments_are_named(arguments):
    [name] = arguments
    with pytest.raises(InputError, match=f"^{name}: must be"):
        WaveNet(**{**SMALL, **arguments})


@pytest.mark.parametrize("text", [{}, "four two", ["four"], 3, {"vocabulary": ["one"]}, {"words": ["one"]}])
def test_faults_texts_that_are_no_front_end_get_one_line(text):
    with pytest.raises(InputError, match=r"^text: .*WordFrontEnd\.get_config") as caught:
        WaveNet(**SMALL, text=text)
    assert "\n" not in str(caught.value)


@pytest.fixture
def conditioned():
    keras.utils.set_random_seed(0)
    return WaveNet(**SMALL, speakers=("ann", "bob"), condition_features=3, condition_hop=20, condition_channels=4)


def good_inputs(**changes):
    audio, condition = np.full((2, 40), 0.1, np.float32), np.zeros((2, 2, 3), np.float32)
    return {"audio": audio, "speaker": np.array([0, 1]), "condition": condition, **changes}


BAD_INPUTS = [
    ({"audio": np.zeros((2, 40, 1), np.float32)}, "audio: must be of shape"),
    ({"audio": np.zeros(40, np.float32)}, "audio: must be of shape"),
    ({"audio": np.full((2, 40), np.nan, np.float32)}, "audio: holds NaN"),
    ({"audio": np.full((2, 40), -np.inf, np.float32)}, "audio: holds NaN or infinity"),
    ({"audio": np.full((2, 40), 9000.0, np.float32)}, "audio: reaches 9000"),
    ({"audio": np.zeros((2, 40), np.uint16)}, "audio: uint16 is no type of samples"),
    ({"condition": np.zeros((2, 1, 3), np.float32)}, "condition: 1 frames of 20 samples are too few for 40 samples"),
    ({"condition": np.zeros((2, 2, 4), np.float32)}, "condition: must be of shape"),
    ({"condition": np.zeros((2, 6), np.float32)}, "condition: must be of shape"),
    ({"condition": np.full((2, 2, 3), -np.inf, np.float32)}, "condition: holds NaN or infinity"),
    ({"condition": np.zeros((3, 2, 3), np.float32)}, "condition: 3 rows for audio of 2"),
    ({"speaker": np.array([0, 2])}, "speaker: numbers must be from 0 to 1"),
    ({"speaker": np.array([0, -1])}, "speaker: numbers must be from 0 to 1"),
    ({"speaker": np.array([[0], [1]])}, "speaker: must be numbers of shape"),
]


@pytest.mark.parametrize(("changes", "says"), BAD_INPUTS)
def test_faults_in_inputs_are_named_at_every_door(conditioned, changes, says):
    conditioned.compile("sgd", NegativeLogLikelihood(conditioned.distribution), jit_compile=False)
    inputs, audio = good_inputs(**changes), np.zeros((2, 40), np.float32)
    for call in (
        lambda: conditioned(inputs),
        lambda: conditioned.fit(inputs, audio, verbose=0),
        lambda: conditioned.evaluate(inputs, audio, verbose=0),
        lambda: conditioned.predict(inputs, verbose=0),
    ):
        with pytest.raises(InputError, match=says):
            call()


def test_faults_inputs_without_audio_are_named(conditioned):
    with pytest.raises(InputError, match="audio: is missing"):
        conditioned({"sound": np.zeros((2, 40))})


@pytest.mark.parametrize(
    ("output", "dtype"),
    [("softmax", "int16")]
    + [pytest.param(*case, marks=pytest.mark.slow) for case in (("softmax", "uint8"), ("gaussian", "int32"))],
)
def test_faults_integers_train_as_the_audio_they_are(rng, output, dtype):
    """In a call, in the loss and in the metric."""
    scale, zero = {"int16": (2**15, 0), "int32": (2**31, 0), "uint8": (128, 128)}[dtype]
    codes = (zero + rng.uniform(-0.5, 0.5, (4, 60)) * scale).astype(dtype)
    floats = ((codes.astype(np.float64) - zero) / scale).astype(np.float32)
    results = []
    for audio in (codes, floats):
        keras.utils.set_random_seed(0)
        model = WaveNet(**SMALL, output=output)
        loss, metric = NegativeLogLikelihood(model.distribution), BitsPerSample(model.distribution)
        model.compile("sgd", loss, weighted_metrics=[metric], jit_compile=False)
        fitted = model.fit(audio, audio, epochs=2, verbose=0, shuffle=False).history
        figures = [fitted[key] for key in ("loss", "bits_per_sample")]
        results.append([*np.ravel(figures), *model.evaluate(audio, audio, verbose=0)])
        results[-1] += list(ops.convert_to_numpy(model(audio)).ravel())
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("y", [np.zeros((2, 40, 1)), np.full((2, 40), np.nan), np.full((2, 40), 9000.0)])
def test_faults_in_audio_to_predict_are_named(conditioned, y):
    conditioned.compile("sgd", NegativeLogLikelihood(conditioned.distribution), jit_compile=False)
    with pytest.raises(InputError, match=r"^y: "):
        conditioned.fit(good_inputs(), y, verbose=0)
