"""A trained model's folder: find, fetch, verify, load, save. Knows no model."""
