"""Figures: data in, matplotlib ``Figure`` out. Nothing here opens a window or changes matplotlib's settings."""

from __future__ import annotations

from pyrnnsim.figures.dendrogram import plot_dendrogram
from pyrnnsim.figures.embedding import plot_embedding
from pyrnnsim.figures.fixed_points import plot_fixed_points, plot_point_counts
from pyrnnsim.figures.matrix import plot_matrix
from pyrnnsim.figures.panels import dendrogram_panels, embedding_panels, matrix_panels, topology_panels
from pyrnnsim.figures.scaling import plot_scaling
from pyrnnsim.figures.spectrum import plot_spectrum
from pyrnnsim.figures.topology import plot_topology

__all__ = [
    "dendrogram_panels",
    "embedding_panels",
    "matrix_panels",
    "plot_dendrogram",
    "plot_embedding",
    "plot_fixed_points",
    "plot_matrix",
    "plot_point_counts",
    "plot_scaling",
    "plot_spectrum",
    "plot_topology",
    "topology_panels",
]
