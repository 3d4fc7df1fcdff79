"""Models, one a file, and their trained presets."""
