"""Audio effects: feed-forward WaveNets that make wet audio of dry, as amplifiers and pedals do."""

from dilatednets.zoo.audio_effect.model import AudioEffect as AudioEffect
