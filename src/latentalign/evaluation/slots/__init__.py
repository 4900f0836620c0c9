"""Slots of utterances, measured."""
