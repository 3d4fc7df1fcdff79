"""Mel vocoders: dilated convolutions find the spectrum that mels leave out, and Griffin-Lim its phases."""

from dilatednets.zoo.mel_front_end import MelFrontEnd as MelFrontEnd
from dilatednets.zoo.mel_vocoder.losses import SpectrumLoss as SpectrumLoss
from dilatednets.zoo.mel_vocoder.model import MelVocoder as MelVocoder
from dilatednets.zoo.mel_vocoder.spectra_windows import SpectraWindows as SpectraWindows
