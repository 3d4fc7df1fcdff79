"""Readers and pipelines, one data set or format a file. Importing them needs no TensorFlow."""
