"""Objectives: losses written once against the value, the evidence and the posterior of any alignment family."""
