"""The context-module segmenter: a label, or a value, for every pixel (Yu & Koltun 2016)."""

from dilatednets.zoo.context_segmenter.augmentation import Augmentation as Augmentation
from dilatednets.zoo.context_segmenter.batch_statistics import measure_batch_statistics as measure_batch_statistics
from dilatednets.zoo.context_segmenter.counting import instances as instances
from dilatednets.zoo.context_segmenter.image_batches import ImageBatches as ImageBatches
from dilatednets.zoo.context_segmenter.loss import RegressionLoss as RegressionLoss
from dilatednets.zoo.context_segmenter.loss import SegmentationLoss as SegmentationLoss
from dilatednets.zoo.context_segmenter.model import ContextSegmenter as ContextSegmenter
