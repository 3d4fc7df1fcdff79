import numpy as np
import pytest


def test_pytorch_baseline_computes_a_net_of_the_same_size(tiny_model):
    torch = pytest.importorskip("torch")
    from dilatednets.benchmarks.wavenet.torch_incremental import IncrementalWaveNet

    net = IncrementalWaveNet(tiny_model)
    net.sample()
    assert [layer.dilation for layer in net.layers] == list(tiny_model.dilations)
    before = [layer.buffer.clone() for layer in net.layers]
    net.sample()
    assert net.last.sum() == 1 and net.last.shape == (1, 256)
    for layer, buffer, block in zip(net.layers, before, tiny_model.blocks, strict=True):
        assert torch.equal(layer.buffer[:, :-1], buffer[:, 1:]) and layer.buffer[:, -1].any()
        assert layer.conv[0].numel() == np.prod(block.conv.kernel.shape)
