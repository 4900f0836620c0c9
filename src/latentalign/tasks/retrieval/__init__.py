"""An index that is asked, and retrievers for the frameworks that ask it."""
