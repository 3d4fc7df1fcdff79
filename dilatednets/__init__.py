"""Dilated convolutions in Keras 3: layers, trained models, fine-tuning and generation."""

__version__ = "0.1.0"
