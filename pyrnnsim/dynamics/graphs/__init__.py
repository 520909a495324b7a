"""Transition graphs between fixed points, and distances between graphs."""
