"""The `dilatednets` command."""
