"""A word aligner that is counted and not backpropagated: hidden Markov models over several views of the words."""
