"""A page on this machine to try models on: what it asks for and shows, a family's page.py says."""
