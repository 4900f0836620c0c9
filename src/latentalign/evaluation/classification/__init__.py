"""Classifiers measured, beside machines that know no alignment."""
