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

from typing import TYPE_CHECKING

from pyrnnsim import tasks
from pyrnnsim._config import Config, show_config
from pyrnnsim._options import Options
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

if TYPE_CHECKING:
    from pyrnnsim.dynamics.cycles.finder import find_limit_cycles
    from pyrnnsim.dynamics.cycles.oscillation_result import Oscillations
    from pyrnnsim.dynamics.cycles.oscillations import oscillations
    from pyrnnsim.dynamics.cycles.result import LimitCycles, LimitCycleSet
    from pyrnnsim.dynamics.cycles.trajectories import pca_trajectories
    from pyrnnsim.dynamics.cycles.trajectory_result import Trajectories, TrajectorySet
    from pyrnnsim.dynamics.graphs.distances import pairwise_graph_distances
    from pyrnnsim.dynamics.graphs.result import TopologyGraph, TopologyGraphs
    from pyrnnsim.dynamics.graphs.topology import transition_graph
    from pyrnnsim.dynamics.linearization import Linearization, linearize
    from pyrnnsim.dynamics.lines.attractor import line_attractor
    from pyrnnsim.dynamics.lines.mode_truncation import mode_truncation
    from pyrnnsim.dynamics.lines.result import LineAttractor, LineAttractors
    from pyrnnsim.dynamics.lines.truncation_result import ModeTruncation, ModeTruncations
    from pyrnnsim.dynamics.points.finder import find_fixed_points
    from pyrnnsim.dynamics.points.result import FixedPoints, FixedPointSet
    from pyrnnsim.dynamics.points.settling import add_slow_points
    from pyrnnsim.eigen import EigenDecomposition, eig

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
    "compare_files",
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

#: Module -> the names that it gives, loaded when one of them is asked for: together they take as long as all the rest.
_LATER = {
    "eigen": ("EigenDecomposition", "eig"),
    "dynamics.cycles.finder": ("find_limit_cycles",),
    "dynamics.cycles.oscillation_result": ("Oscillations",),
    "dynamics.cycles.oscillations": ("oscillations",),
    "dynamics.cycles.result": (
        "LimitCycles",
        "LimitCycleSet",
    ),
    "dynamics.cycles.trajectories": ("pca_trajectories",),
    "dynamics.cycles.trajectory_result": (
        "Trajectories",
        "TrajectorySet",
    ),
    "dynamics.graphs.distances": ("pairwise_graph_distances",),
    "dynamics.graphs.result": (
        "TopologyGraph",
        "TopologyGraphs",
    ),
    "dynamics.graphs.topology": ("transition_graph",),
    "dynamics.linearization": (
        "Linearization",
        "linearize",
    ),
    "dynamics.lines.attractor": ("line_attractor",),
    "dynamics.lines.mode_truncation": ("mode_truncation",),
    "dynamics.lines.result": (
        "LineAttractor",
        "LineAttractors",
    ),
    "dynamics.lines.truncation_result": (
        "ModeTruncation",
        "ModeTruncations",
    ),
    "dynamics.points.finder": ("find_fixed_points",),
    "dynamics.points.result": (
        "FixedPoints",
        "FixedPointSet",
    ),
    "dynamics.points.settling": ("add_slow_points",),
    # These stand above all that is imported here.
    "comparison.run": ("compare_files",),
    "study.run": ("run_study",),
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "torch":  # loads torch, which takes seconds
        return import_module("pyrnnsim.torch")
    for module, given in _LATER.items():
        if name in given:
            globals()[name] = getattr(import_module(f"pyrnnsim.{module}"), name)
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
