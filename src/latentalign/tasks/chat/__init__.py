"""A bot: what a turn wants, what it tells, and what is said back."""
