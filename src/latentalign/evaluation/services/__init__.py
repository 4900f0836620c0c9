"""Services that are only described, measured: intents, goals, bots."""
