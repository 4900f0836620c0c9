"""Symptoms and the diseases that explain them: decision support, not medical advice."""
