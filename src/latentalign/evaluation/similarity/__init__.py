"""The similarity of sentences, measured."""
