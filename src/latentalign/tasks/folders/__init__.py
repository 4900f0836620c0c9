"""Trained models as folders: written whole or not at all, with a hash of every file."""
