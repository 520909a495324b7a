"""Populations of recurrent networks: made, imported, trained, searched, kept and evaluated as one thing."""
