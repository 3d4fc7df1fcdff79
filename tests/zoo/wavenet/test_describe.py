import pytest

from dilatednets.zoo.wavenet.model import WaveNet


def test_describe_counts_the_published_nets():
    ibab = WaveNet(5 * [2**i for i in range(10)], 2, 32, 64, 512).describe()
    assert ibab["receptive_field"] == 5117  # and the sample itself makes the 5118 of facts that count it
    assert ibab["macs_per_sample"] == pytest.approx(1.47e6, rel=0.02)
    assert WaveNet().receptive_field == 3071
