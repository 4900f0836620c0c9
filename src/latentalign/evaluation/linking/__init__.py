"""Links to catalogues and triples in texts, measured."""
