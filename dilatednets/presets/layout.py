"""The files of a preset's folder."""

CONFIG, WEIGHTS, CARD, RECIPE, GOLDEN, README = (
    "config.json", "model.weights.h5", "card.json", "recipe.toml", "golden.npz", "README.md",
)  # fmt: skip
FILES = (CONFIG, WEIGHTS, CARD, RECIPE, GOLDEN, README)
