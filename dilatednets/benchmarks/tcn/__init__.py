"""Comparisons and speed of the TCN for any sequence."""
