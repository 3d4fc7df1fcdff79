"""Trained models in a form that TensorFlow Serving runs without Python."""
