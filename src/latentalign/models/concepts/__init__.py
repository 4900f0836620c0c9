"""Concepts of two ontologies compared: their names word by word, and their places among their neighbours."""
