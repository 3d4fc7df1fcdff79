"""Recipes, and the loop that turns one into a trained model."""
