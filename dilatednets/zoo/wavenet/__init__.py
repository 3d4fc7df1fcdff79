"""WaveNet: raw audio, trained in parallel, generated sample by sample (van den Oord et al. 2016)."""

from dilatednets.zoo.mel_front_end import MelFrontEnd as MelFrontEnd
from dilatednets.zoo.wavenet.clip_windows import ClipWindows as ClipWindows
from dilatednets.zoo.wavenet.likelihood import BitsPerSample as BitsPerSample
from dilatednets.zoo.wavenet.likelihood import NegativeLogLikelihood as NegativeLogLikelihood
from dilatednets.zoo.wavenet.model import WaveNet as WaveNet
from dilatednets.zoo.wavenet.windows import SpeechWindows as SpeechWindows
from dilatednets.zoo.wavenet.word_front_end import WordFrontEnd as WordFrontEnd
from dilatednets.zoo.wavenet.word_front_end import fit_durations as fit_durations
