"""Words of a text and the concepts that they mean; triples and the words that express them."""
