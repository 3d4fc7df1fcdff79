"""The TCN chunker: dilated convolutions over the words of a sentence, and a tag for each of them."""

from dilatednets.zoo.tcn_chunker.model import TCNChunker as TCNChunker
from dilatednets.zoo.tcn_chunker.sentence_batches import SentenceBatches as SentenceBatches
from dilatednets.zoo.tcn_chunker.tagger import Chunk as Chunk
from dilatednets.zoo.tcn_chunker.tagger import ChunkedSentence as ChunkedSentence
from dilatednets.zoo.tcn_chunker.word_features import WordFeatures as WordFeatures
