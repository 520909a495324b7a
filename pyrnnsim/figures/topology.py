"""Transition graphs: which fixed points lead to which stable ones."""
