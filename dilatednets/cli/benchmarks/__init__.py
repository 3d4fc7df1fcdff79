"""The kinds of `dilatednets benchmark`."""
