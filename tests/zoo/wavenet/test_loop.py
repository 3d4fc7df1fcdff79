import threading

import numpy as np
import pytest
from keras import ops
from wavenets import OUTPUTS, drawn_by_seed, inputs, make

from dilatednets.zoo.wavenet import loop
from dilatednets.zoo.wavenet.model import WaveNet


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kernel_size", [pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("conditioned", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("batch", [pytest.param(1, marks=pytest.mark.slow), 8])
def test_steps_equal_the_parallel_call(rng, output, kernel_size, conditioned, batch):
    model = make(output, kernel_size, conditioned)
    sequences = inputs(model, rng, batch, 30)
    parallel = ops.convert_to_numpy(model(sequences))
    local = model.local_condition(sequences.get("condition"), 30)
    conditions = model.project_conditions(model.global_condition(sequences.get("speaker")), local)
    state, last = model.initial_state(batch), np.zeros(batch, np.float32)
    for t in range(30):
        parameters, state = model.step(last, state, None if conditions is None else conditions[:, t])
        np.testing.assert_allclose(ops.convert_to_numpy(parameters), parallel[:, t], atol=1e-4)
        last = sequences["audio"][:, t]


@pytest.mark.parametrize(
    ("output", "kernel_size", "batch", "conditioned"),
    [
        ("softmax", 2, 1, True),
        ("softmax", 3, 8, True),
        ("softmax", 2, 1, False),
        ("logistics", 2, 3, True),
        ("gaussian", 3, 2, False),
    ],
)
def test_the_compiled_loop_makes_what_the_parallel_net_says(rng, output, kernel_size, batch, conditioned):
    """Generated audio, given back to the parallel net, must be what the same noise draws from its distributions."""
    model = make(output, kernel_size, conditioned)
    sequences = inputs(model, rng, batch, 60)
    asked = {"prime": np.zeros((batch, 1))}
    if conditioned:
        asked = {"speaker": list(sequences["speaker"]), "condition": sequences["condition"]}
    audio = model.generate(60, **asked, seed=5)
    parameters = model({**sequences, "audio": audio})
    drawn = drawn_by_seed(model, parameters, 5)
    # Noise that falls on the edge of a code may be rounded to either side, in a sample of a hundred.
    assert np.sum(np.abs(drawn - audio) >= 1e-4) <= max(1, audio.size // 100)


@pytest.mark.parametrize("output", ["softmax", *(pytest.param(name, marks=pytest.mark.slow) for name in OUTPUTS[1:])])
def test_a_model_in_bfloat16_generates(rng, output):
    conditions = {"speakers": ("a", "b"), "condition_features": 5, "condition_hop": 20}
    model = WaveNet((1, 2, 4), 3, 8, 12, 10, output, 8000, **conditions, dtype="mixed_bfloat16")
    condition = rng.random((2, 3, 5), np.float32)
    prime = rng.uniform(-0.5, 0.5, (2, 20)).astype(np.float32)
    audio = model.generate(40, speaker=["a", "b"], condition=condition, prime=prime, seed=0)
    assert audio.shape == (2, 40) and np.all(np.abs(audio) <= 1) and np.unique(audio).size > 10


def test_chunks_join_to_what_generate_returns(tiny_model):
    whole = tiny_model.generate(text="1 2", speaker=["ann", "bob", "ann"], seed=3)
    for size in (100, 999):
        chunks = list(tiny_model.stream(text="1 2", speaker=["ann", "bob", "ann"], seed=3, chunk_samples=size))
        assert {c.shape for c in chunks[:-1]} == {(3, size)}
        np.testing.assert_array_equal(np.concatenate(chunks, axis=1), whole)


def test_priming_equals_having_made_the_prime(rng):
    """The second half, generated from the first as prime, is the second half."""
    model = make()
    sequences = inputs(model, rng, 2, 200)
    speaker = [0, 1]
    prime = model.generate(150, speaker=speaker, condition=sequences["condition"], seed=1)
    for length in (1, 7, 150):  # shorter than the receptive field, and longer
        recent = prime[:, :length]
        rest = model.generate(50, speaker=speaker, condition=sequences["condition"], prime=recent, seed=2)
        parameters = model({**sequences, "audio": np.concatenate([recent, rest], axis=1)})[:, length:]
        drawn = drawn_by_seed(model, parameters, 2)
        assert np.mean(np.abs(drawn - rest) < 1e-4) > 0.98


def test_seed_and_temperature(tiny_model):
    def say(**kwargs):
        return tiny_model.generate(text="3", speaker="ann", **kwargs)

    np.testing.assert_array_equal(say(seed=1), say(seed=1))
    np.testing.assert_array_equal(say(seed=1), say(seed=2**64 + 1))
    for other in (2, 2**32 + 1, 2**63 + 1):
        assert np.abs(say(seed=1) - say(seed=other)).max() > 0
    assert np.abs(say() - say()).max() > 0
    assert np.abs(say(seed=1, temperature=0.1) - say(seed=1)).max() > 0


def test_generation_follows_the_weights_as_they_are_now(tiny_model):
    before = tiny_model.generate(text="3", speaker="ann", seed=1)
    for weight in tiny_model.weights:
        weight.assign(np.zeros(weight.shape, np.float32))
    tiny_model.head.bias.assign(np.where(np.arange(256) == 200, 100.0, 0.0))
    after = tiny_model.generate(text="3", speaker="ann", seed=1)
    assert np.unique(after).size == 1
    assert np.unique(before).size > 1


def test_a_chunk_comes_before_the_rest_is_asked_for(tiny_model, monkeypatch):
    positions = []
    plain = loop._Shard.next_chunk
    monkeypatch.setattr(loop._Shard, "next_chunk", lambda *args: positions.append(args[1]) or plain(*args))
    chunks = tiny_model.stream(text="1 2 3", speaker="bob", chunk_samples=400)
    next(chunks)
    assert 1 <= len(positions) <= 2  # the one that came, and the next one, made ahead
    assert len(list(chunks)) == len(positions) - 1 > 5


def test_threads_share_a_model(tiny_model):
    expected = tiny_model.generate(text="4 2", speaker="ann", seed=9)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(tiny_model.generate(text="4 2", speaker="ann", seed=9)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_array_equal(result, expected)
