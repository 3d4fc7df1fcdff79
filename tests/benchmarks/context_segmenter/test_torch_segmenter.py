"""The segmenter in PyTorch is the same net as the one in Keras."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from dilatednets.benchmarks.context_segmenter import speed
from dilatednets.errors import InputError
from dilatednets.layers.vgg16_front_end import VGG16FrontEnd

torch = pytest.importorskip("torch")
from dilatednets.benchmarks.context_segmenter import torch_segmenter  # noqa: E402


@pytest.mark.parametrize("small", [("none", 2, 0.1), ("basic", 8, 0.1), ("large", 4, 0.1)], indirect=True)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pytorch_net_gives_the_same_logits(small, images, dtype):
    net = torch_segmenter.from_keras(small)
    assert sum(p.numel() for p in net.parameters()) == sum(math.prod(w.shape) for w in small.trainable_weights)
    assert net.front_end.stem.conv.weight.is_contiguous(memory_format=torch.channels_last)
    ours = ops.convert_to_numpy(small(images.astype(dtype), training=False))
    theirs = torch_segmenter.inference_call(net, images.astype(dtype), "float32")()
    assert np.abs(ours).max() > 0.1
    np.testing.assert_allclose(theirs.permute(0, 2, 3, 1).numpy(), ours, atol=1e-3)


@pytest.mark.slow
def test_pytorch_net_trains_the_same(small, images, rng):
    labels = rng.integers(0, 3, images.shape[:3], np.int32)
    net = torch_segmenter.from_keras(small)
    theirs = torch_segmenter.training_step(net, images, labels, "float32", speed._adamw())
    ours = speed.training_step(small, images, labels)
    losses = np.array([(ours(), theirs()) for _ in range(4)])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=1e-3)
    assert losses[-1, 0] < losses[0, 0]
    # The statistics that PyTorch keeps come from the unbiased variance; the means agree.
    norm, same = small.front_end.stem.norm, net.front_end.stem.norm
    np.testing.assert_allclose(same.running_mean.numpy(), ops.convert_to_numpy(norm.moving_mean), atol=1e-3)


def test_only_the_light_front_end_has_a_pytorch_net():
    with pytest.raises(InputError, match="not VGG16FrontEnd"):
        torch_segmenter.from_keras(SimpleNamespace(front_end=VGG16FrontEnd()))
