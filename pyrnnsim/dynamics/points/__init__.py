"""Fixed and slow points: the search, its evidence, and what it returns."""
