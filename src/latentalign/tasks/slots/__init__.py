"""The values of slots in an utterance, learned from labelled ones or from descriptions."""
