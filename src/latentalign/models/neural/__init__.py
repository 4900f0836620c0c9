"""A word aligner of contextual states: subwords, a small transformer, and scores of both directions."""
