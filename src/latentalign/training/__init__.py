"""Training: the order of the items, updates, checkpoints and logs, for any module that has a loss."""
