"""The study of the 2019 paper from nothing to its figures: stages, claims as numbers, and a report."""
