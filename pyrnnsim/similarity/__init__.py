"""Similarity of representations: all pairs of a population, by every measure."""
