"""Words and sentences of two texts, aligned: the aligners and their training."""
