"""Reusable layers of dilated nets, on any Keras backend."""

import dilatednets.backend  # noqa: F401  says so if Keras has none that works
from dilatednets.layers.causal_dilated_conv import CausalDilatedConv as CausalDilatedConv
from dilatednets.layers.centred_dilated_conv import CentredDilatedConv as CentredDilatedConv
from dilatednets.layers.character_encoder import CharacterEncoder as CharacterEncoder
from dilatednets.layers.condition_upsampler import ConditionUpsampler as ConditionUpsampler
from dilatednets.layers.context_module import ContextModule as ContextModule
from dilatednets.layers.conv_norm import ConvNorm as ConvNorm
from dilatednets.layers.dilated_identity import DilatedIdentity as DilatedIdentity
from dilatednets.layers.dilated_residual_block import DilatedResidualBlock as DilatedResidualBlock
from dilatednets.layers.fused_batch_normalization import FusedBatchNormalization as FusedBatchNormalization
from dilatednets.layers.last_step import LastStep as LastStep
from dilatednets.layers.light_front_end import LightFrontEnd as LightFrontEnd
from dilatednets.layers.linear_chain_crf import LinearChainCRF as LinearChainCRF
from dilatednets.layers.mu_law import MuLaw as MuLaw
from dilatednets.layers.output_distributions import output_distribution as output_distribution
from dilatednets.layers.receptive_field import receptive_field as receptive_field
from dilatednets.layers.residual_gated_block import ResidualGatedBlock as ResidualGatedBlock
from dilatednets.layers.temporal_block import TemporalBlock as TemporalBlock
from dilatednets.layers.vgg16_front_end import VGG16FrontEnd as VGG16FrontEnd
