"""The index: token vectors and words of many texts on disk, candidates, and their exact rescoring."""
