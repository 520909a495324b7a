"""Comparison of the user's own files: what is in them, distances by several measures, and a report."""
