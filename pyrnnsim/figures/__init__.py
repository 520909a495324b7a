"""Figures: data in, matplotlib ``Figure`` out. Nothing here opens a window or changes matplotlib's settings."""

from __future__ import annotations

from pyrnnsim.figures.analog_memory import plot_analog_memory
from pyrnnsim.figures.clusters import find_clusters, plot_clusters
from pyrnnsim.figures.dendrogram import plot_dendrogram
from pyrnnsim.figures.discrete_memory import plot_discrete_memory
from pyrnnsim.figures.embedding import plot_embedding
from pyrnnsim.figures.fixed_points import plot_fixed_points, plot_point_counts
from pyrnnsim.figures.limit_cycles import plot_cycle_shares, plot_limit_cycles
from pyrnnsim.figures.line_attractor import plot_line, plot_line_spectrum, plot_sorted_eigenvalues
from pyrnnsim.figures.losses import plot_losses
from pyrnnsim.figures.matrix import plot_matrix
from pyrnnsim.figures.mode_truncation import plot_mode_truncation, plot_mode_truncations
from pyrnnsim.figures.oscillations import plot_oscillations
from pyrnnsim.figures.own_task import plot_own_task
from pyrnnsim.figures.panels import dendrogram_panels, embedding_panels, matrix_panels, topology_panels
from pyrnnsim.figures.paper import paper_figures
from pyrnnsim.figures.pattern_generation import plot_pattern_generation
from pyrnnsim.figures.scaling import plot_scaling
from pyrnnsim.figures.signal_and_noise import plot_signal_and_noise, signal_and_noise
from pyrnnsim.figures.spectrum import plot_spectrum
from pyrnnsim.figures.topology import plot_topology
from pyrnnsim.figures.trajectories import plot_trajectories, trajectory_panels
from pyrnnsim.figures.two_measures import plot_two_measures
from pyrnnsim.figures.untrained import plot_untrained

__all__ = [
    "dendrogram_panels",
    "embedding_panels",
    "find_clusters",
    "matrix_panels",
    "paper_figures",
    "plot_analog_memory",
    "plot_clusters",
    "plot_cycle_shares",
    "plot_dendrogram",
    "plot_discrete_memory",
    "plot_embedding",
    "plot_fixed_points",
    "plot_limit_cycles",
    "plot_line",
    "plot_line_spectrum",
    "plot_losses",
    "plot_matrix",
    "plot_mode_truncation",
    "plot_mode_truncations",
    "plot_oscillations",
    "plot_own_task",
    "plot_pattern_generation",
    "plot_point_counts",
    "plot_scaling",
    "plot_signal_and_noise",
    "plot_sorted_eigenvalues",
    "plot_spectrum",
    "plot_topology",
    "plot_trajectories",
    "plot_two_measures",
    "plot_untrained",
    "signal_and_noise",
    "topology_panels",
    "trajectory_panels",
]
