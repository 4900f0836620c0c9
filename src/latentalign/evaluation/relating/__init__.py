"""Ontologies and citations, measured."""
