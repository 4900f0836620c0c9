"""The sections of a document, in order."""
