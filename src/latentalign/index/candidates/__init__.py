"""Engines that propose candidates: one protocol, and one file for each engine."""
