"""Catalogues of concepts: vocabularies, thesauri and ontologies, in the forms in which people keep them."""
