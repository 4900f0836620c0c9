"""Mappings between the concepts of two ontologies, in the forms in which people exchange them."""
