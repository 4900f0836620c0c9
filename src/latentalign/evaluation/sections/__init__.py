"""The sections of documents, measured."""
