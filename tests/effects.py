"""Audio effects in plain NumPy, read from the files of others: what ours are compared with."""

import numpy as np

ACTIVATIONS = {
    "Tanh": np.tanh,
    "Hardtanh": lambda x: np.clip(x, -1, 1),
    "ReLU": lambda x: np.maximum(x, 0),
    "LeakyReLU": lambda x: np.where(x < 0, 0.01 * x, x),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "SiLU": lambda x: x / (1 + np.exp(-x)),
    "Hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}


def array_of(inputs, width, channels=3, dilations=(1, 4), taps=3, activation="Tanh", gated=False, head_bias=False):
    """An array of layers as a .nam file describes it."""
    return {
        "input_size": inputs, "condition_size": 1, "head_size": width, "channels": channels, "kernel_size": taps,
        "dilations": list(dilations), "activation": activation, "gated": gated, "head_bias": head_bias,
    }  # fmt: skip


def nam_content(*arrays, seed=0, **others):
    """What a .nam file of such arrays holds, with weights drawn at random."""
    arrays = arrays or (array_of(1, 2), array_of(3, 1, 2, (2,), head_bias=True))
    rng, flat = np.random.default_rng(seed), []
    for one in arrays:
        channels, gates = one["channels"], one["channels"] * (1 + one["gated"])
        shapes = [(channels, one["input_size"])]
        for _ in one["dilations"]:
            shapes += [(gates, channels, one["kernel_size"]), (gates,), (gates, 1), (channels, channels), (channels,)]
        shapes += [(one["head_size"], channels), *([(one["head_size"],)] if one["head_bias"] else [])]
        flat += [rng.normal(0, 0.6, np.prod(shape)) for shape in shapes]
    weights = np.float32(np.concatenate([*flat, [0.25]])).tolist()
    config = {"layers": list(arrays), "head": None, "head_scale": 0.25}
    return {
        "version": "0.5.4", "architecture": "WaveNet", "config": config, "weights": weights, "sample_rate": 48000, **others
    }  # fmt: skip


def convolved(x, kernel, dilation):
    """(channels, time) by (out, in, taps), zeros before the first sample; the last tap is the present one."""
    taps, time = kernel.shape[2], x.shape[1]
    padded = np.pad(x, ((0, 0), ((taps - 1) * dilation, 0)))
    return sum(kernel[:, :, tap] @ padded[:, tap * dilation : tap * dilation + time] for tap in range(taps))


def play_nam(content, dry, silence=0):
    """What a player makes of dry audio after so much silence, in double precision."""
    dry = np.concatenate([np.zeros(silence), dry])[None].astype(np.float64)
    numbers = iter(content["weights"])

    def take(*shape):
        return np.array([next(numbers) for _ in range(int(np.prod(shape)))]).reshape(shape)

    x, head = dry, None
    for one in content["config"]["layers"]:
        channels, gates = one["channels"], one["channels"] * (1 + one["gated"])
        x = take(channels, one["input_size"]) @ x
        total = 0 if head is None else head
        for dilation in one["dilations"]:
            z = convolved(x, take(gates, channels, one["kernel_size"]), dilation) + take(gates)[:, None]
            z += take(gates, 1) @ dry
            a = ACTIVATIONS[one["activation"]](z[:channels])
            a = a / (1 + np.exp(-z[channels:])) if one["gated"] else a
            total = total + a
            x = x + take(channels, channels) @ a + take(channels)[:, None]
        head = take(one["head_size"], channels) @ total
        head += take(one["head_size"])[:, None] if one["head_bias"] else 0
    assert abs(next(numbers) - content["config"]["head_scale"]) < 1e-6 and next(numbers, None) is None
    return content["config"]["head_scale"] * head[0, silence:]


def pedal_content(channels=4, dilations=(1, 2, 1), taps=3, seed=0):
    """What a pedal's file of damskaggep/WaveNetVA holds, with weights drawn at random."""
    rng, variables = np.random.default_rng(seed), []

    def add(layer, **shapes):
        for name, shape in shapes.items():
            data = rng.normal(0, 0.5, np.prod(shape)).tolist()
            variables.append({"layer_idx": layer, "name": name, "data": data})

    add(-1, W=(channels,), b=(channels,))
    for layer in range(len(dilations)):
        conv = {"W_conv": (taps, channels, 2 * channels), "b_conv": (2 * channels,)}
        add(layer, **conv, W_out=(channels, channels), b_out=(channels,))
    add(len(dilations), W=(channels * len(dilations),), b=(1,))
    return {
        "activation": "gated", "output_channels": 1, "input_channels": 1, "residual_channels": channels,
        "filter_width": taps, "dilations": list(dilations), "variables": variables,
    }  # fmt: skip


def play_pedal(content, dry):
    """What its authors' net makes of dry audio, zeros before the first sample, in double precision."""
    data = {(one["layer_idx"], one["name"]): np.array(one["data"]) for one in content["variables"]}
    channels, taps = content["residual_channels"], content["filter_width"]
    x, skips = np.outer(data[-1, "W"], dry) + data[-1, "b"][:, None], []
    for layer, dilation in enumerate(content["dilations"]):
        kernel = data[layer, "W_conv"].reshape(taps, channels, 2 * channels).transpose(2, 1, 0)
        z = convolved(x, kernel, dilation) + data[layer, "b_conv"][:, None]
        skips.append(np.tanh(z[:channels]) / (1 + np.exp(-z[channels:])))
        x = x + data[layer, "W_out"].reshape(channels, channels).T @ skips[-1] + data[layer, "b_out"][:, None]
    last = len(content["dilations"])
    return data[last, "W"] @ np.concatenate(skips) + data[last, "b"]


def assert_close(found, expected, of_peak=1e-5):
    """Equal but for a share of the peak."""
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= of_peak * np.abs(expected).max()
