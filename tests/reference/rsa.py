"""Representational similarity analysis through SciPy's distances and correlations."""

from __future__ import annotations

import numpy as np
import scipy.stats
from scipy.spatial.distance import pdist


def dissimilarities(x, dissimilarity="correlation"):
    """Between all pairs of samples, in condensed order."""
    return pdist(np.asarray(x, dtype=np.float64), dissimilarity)


def rsa(x, y, *, dissimilarity="correlation", compare="spearman"):
    """Kriegeskorte, Mur & Bandettini (2008)."""
    a, b = dissimilarities(x, dissimilarity), dissimilarities(y, dissimilarity)
    if compare == "spearman":
        return float(scipy.stats.spearmanr(a, b).statistic)
    if compare == "pearson":
        return float(scipy.stats.pearsonr(a, b).statistic)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
