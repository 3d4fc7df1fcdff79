"""The native kernel, where it differs from other ways."""

import numpy as np
import pytest
from effects import array_of, assert_close, nam_content, play_nam
from helpers import tiny_effect

from dilatednets import native
from dilatednets.errors import InputError

pytest.importorskip("numba")
from dilatednets.zoo.audio_effect.native_net import ROOM, TILE, NativeNet


def test_tiles_are_those_of_the_kernel():
    from dilatednets.native import arithmetic

    assert arithmetic.TILE == TILE


def test_rooms_are_moved_to_the_front_at_any_place(rng):
    """A field of several rooms, in blocks that end at a room's end and elsewhere."""
    model, dry = tiny_effect(arrays=[[1, 900], [1500]]), rng.uniform(-1, 1, 6 * ROOM).astype(np.float32)
    content = nam_content(array_of(1, 2, 3, (1, 900)), array_of(3, 1, 2, (1500,), head_bias=True))
    content["weights"] = weights_of(model)
    expected = play_nam(content, dry, model.receptive_field) / content["config"]["head_scale"] * model.head_scale
    for block in (ROOM, 700):
        state = model.initial_state()
        blocks = [model.process(dry[start : start + block], state)[0] for start in range(0, len(dry), block)]
        assert_close(np.concatenate(blocks), expected)


def weights_of(model):
    """As a .nam file has them, with the head scale that `nam_content` says."""
    flat = []
    for number, blocks in enumerate(model.blocks):
        flat.append(model.input_layers[number].get_weights()[0].T)
        for block in blocks:
            conv, bias, mixer, residual, residual_bias = block.get_weights()
            flat += [conv.transpose(2, 1, 0), bias, mixer.T, residual.T, residual_bias]
        head, *bias = model.heads[number].get_weights()
        flat += [head.T, *bias]
    return [*np.concatenate([np.ravel(part) for part in flat]).tolist(), 0.25]


def test_weights_are_read_anew_for_each_stream(rng):
    model, dry = tiny_effect(), rng.uniform(-1, 1, 50)
    before = model.process(dry)
    model.weights[-1].assign(model.weights[-1] + 1.0)
    np.testing.assert_allclose(model.process(dry), before + model.head_scale, atol=1e-5)


def test_nan_in_a_weight_comes_out_as_nan():
    model = tiny_effect()
    model.blocks[0][0].bias.assign(np.full(3, np.nan))
    assert np.all(np.isnan(model.process(np.zeros(9))))


def test_what_the_kernel_reads():
    net = NativeNet(tiny_effect(gated=[True, False], knobs=["gain"]), np.float32([0.5]))
    assert net.arrays.tolist() == [[4, 4, 2, 0, 1, 1], [4, 4, 1, 0, 0, 1]]
    assert net.layers.tolist() == [
        [3, 1, 0, 2 + ROOM],
        [3, 3, 4 * (2 + ROOM), 6 + ROOM],
        [3, 2, 4 * (8 + 2 * ROOM), 4 + ROOM],
    ]
    assert net.size == 4 * (12 + 3 * ROOM)


def test_faults_without_numba(monkeypatch, rng):
    monkeypatch.setattr(native, "available", lambda: False)
    model = tiny_effect()
    with pytest.raises(InputError, match="engine: native needs numba"):
        model.initial_state(engine="native")
    assert model.process(rng.uniform(-1, 1, 20)).shape == (20,)
