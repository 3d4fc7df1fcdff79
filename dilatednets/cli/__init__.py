"""The `dilatednets` command: what all models share; a family's own verb lies in its folder."""
