"""Measurements of audio effects."""
