"""A compact pre-norm transformer, trained from nothing: one part a file."""
