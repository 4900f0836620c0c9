"""Texts and their categories: from descriptions, from examples, or trained."""
