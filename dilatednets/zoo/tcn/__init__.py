"""The TCN: dilated convolutions over any sequence, to classify it, measure it, forecast it, or say what comes next."""

from dilatednets.zoo.tcn.losses import ScaledLoss as ScaledLoss
from dilatednets.zoo.tcn.model import TCN as TCN
