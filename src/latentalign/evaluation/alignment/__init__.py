"""Words and sentences of two texts, measured."""
