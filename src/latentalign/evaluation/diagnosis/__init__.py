"""Diagnoses from symptoms, measured: decision support, not medical advice."""
