"""Compiled sample-by-sample synthesis, on any Keras backend."""
