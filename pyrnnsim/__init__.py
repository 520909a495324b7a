"""pyrnnsim: train, dissect and compare thousands of recurrent networks, fast.

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
from pyrnnsim.embedding import Embedding, embed
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
    "Embedding",
    "Options",
    "Report",
    "Representation",
    "canonical_correlations",
    "chance_similarity",
    "cross_distances",
    "embed",
    "pairwise",
    "pairwise_cca",
    "pairwise_cka",
    "pairwise_distances",
    "pairwise_procrustes",
    "pairwise_pwcca",
    "pairwise_rsa",
    "pairwise_svcca",
    "prepare",
    "show_config",
    "tasks",
]
