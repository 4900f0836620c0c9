"""Ontologies, papers and citations, and what relates them."""
