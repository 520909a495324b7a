"""pyrnnsim: train, dissect and compare thousands of recurrent networks, fast.

A :class:`Population` of networks is trained on a task of :mod:`pyrnnsim.tasks`; the ``pairwise_*`` functions compare.
Representations are (P, N): P samples in rows, the same probe inputs in every network, and N units in columns.
"""

try:
    from pyrnnsim import _core as _core
except ImportError as error:
    raise ImportError(
        f"pyrnnsim's compiled module cannot be loaded ({error}); inside a source checkout run `pip install -e .`, "
        "or start Python elsewhere"
    ) from error

from pyrnnsim import tasks
from pyrnnsim._config import Config, show_config
from pyrnnsim._options import Options
from pyrnnsim.dynamics.cycle_result import LimitCycles, LimitCycleSet
from pyrnnsim.dynamics.fixed_points import find_fixed_points
from pyrnnsim.dynamics.graph import TopologyGraph, TopologyGraphs
from pyrnnsim.dynamics.graph_distances import pairwise_graph_distances
from pyrnnsim.dynamics.limit_cycles import find_limit_cycles
from pyrnnsim.dynamics.line_attractor import line_attractor
from pyrnnsim.dynamics.line_result import LineAttractor, LineAttractors
from pyrnnsim.dynamics.linearization import Linearization, linearize
from pyrnnsim.dynamics.mode_truncation import mode_truncation
from pyrnnsim.dynamics.oscillation_result import Oscillations
from pyrnnsim.dynamics.oscillations import oscillations
from pyrnnsim.dynamics.result import FixedPoints, FixedPointSet
from pyrnnsim.dynamics.settling import add_slow_points
from pyrnnsim.dynamics.topology import transition_graph
from pyrnnsim.dynamics.trajectories import pca_trajectories
from pyrnnsim.dynamics.trajectory_result import Trajectories, TrajectorySet
from pyrnnsim.dynamics.truncation_result import ModeTruncation, ModeTruncations
from pyrnnsim.eigen import EigenDecomposition, eig
from pyrnnsim.embedding import Embedding, embed
from pyrnnsim.populations.evaluation import Evaluation
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.recipes import Recipes, load_recipes
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.search import SearchResult, random_search
from pyrnnsim.similarity.correlations import CanonicalCorrelations, canonical_correlations
from pyrnnsim.similarity.distances import cross_distances, pairwise_distances
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.similarity.measures import (
    pairwise,
    pairwise_cca,
    pairwise_cka,
    pairwise_procrustes,
    pairwise_pwcca,
    pairwise_rsa,
    pairwise_svcca,
)
from pyrnnsim.similarity.null import chance_similarity
from pyrnnsim.similarity.representation import Representation, prepare

__version__ = "0.1.0"

__all__ = [
    "CanonicalCorrelations",
    "Config",
    "DistanceMatrix",
    "EigenDecomposition",
    "Embedding",
    "Evaluation",
    "FixedPointSet",
    "FixedPoints",
    "LimitCycleSet",
    "LimitCycles",
    "LineAttractor",
    "LineAttractors",
    "Linearization",
    "ModeTruncation",
    "ModeTruncations",
    "Network",
    "Options",
    "Oscillations",
    "Population",
    "Recipes",
    "Report",
    "Representation",
    "SearchResult",
    "TopologyGraph",
    "TopologyGraphs",
    "TrainingRecord",
    "Trajectories",
    "TrajectorySet",
    "add_slow_points",
    "canonical_correlations",
    "chance_similarity",
    "cross_distances",
    "eig",
    "embed",
    "find_fixed_points",
    "find_limit_cycles",
    "line_attractor",
    "linearize",
    "load_recipes",
    "mode_truncation",
    "oscillations",
    "pairwise",
    "pairwise_cca",
    "pairwise_cka",
    "pairwise_distances",
    "pairwise_graph_distances",
    "pairwise_procrustes",
    "pairwise_pwcca",
    "pairwise_rsa",
    "pairwise_svcca",
    "pca_trajectories",
    "prepare",
    "random_search",
    "run_study",
    "show_config",
    "tasks",
    "transition_graph",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "torch":  # loads torch, which takes seconds
        return import_module("pyrnnsim.torch")
    if name == "run_study":  # stands above all that is imported here
        return import_module("pyrnnsim.study.run").run_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
