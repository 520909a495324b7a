"""All-pairs distances by one measure each, and by many in one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, Unpack

import numpy as np

from pyrnnsim._options import Options
from pyrnnsim.similarity import readings
from pyrnnsim.similarity.functions import google_function, pairwise_function
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.matrix import DistanceMatrix
from pyrnnsim.similarity.measure import Measure
from pyrnnsim.similarity.readings import Side, choice
from pyrnnsim.similarity.runner import compare
from pyrnnsim.similarity.vector_measures import pairwise_vectors, rbf_measure, rsa_measure

MEASURES = ("cca", "svcca", "pwcca", "cka", "procrustes")
Norm = Literal["l1", "l2"]
ThresholdOn = Literal["variance", "singular_values"]


def pairwise_cca(reps: Any, **options: Unpack[Options]) -> DistanceMatrix:
    """Mean CCA distance between every two networks: 1 - mean of all canonical correlations.

    Args:
        reps: K representations (P, N_i): rows are the same P samples in every network, widths may differ. A list, a
            (K, P, N) array, a mapping, a directory of files, prepared representations; see the README.
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 distances in [0, 1], symmetric, diagonal exactly 0; ``.report`` tells ranks, cuts and chance.
    Raises:
        TypeError, ValueError: For bad input, before any work, naming the network.
        MemoryError: If ``max_memory`` does not hold one pair.
    Cost: one Gram matrix and eigen-decomposition per network; P R^2 + O(R^3) flops per pair.
    Source: Morcos, Raghu & Bengio (2018), section 2.1, mean over min(rank_i, rank_j) correlations.
    """
    return _one("pairwise_cca", reps, readings.cca(), options)


def pairwise_svcca(
    reps: Any,
    *,
    variance: float = 0.95,
    n_components: int | None = None,
    threshold_on: ThresholdOn = "variance",
    **options: Unpack[Options],
) -> DistanceMatrix:
    """SVCCA distance: mean CCA distance of the leading principal subspaces.

    Args:
        reps: As in ``pairwise_cca``.
        variance: Share in (0, 1]; each network keeps the fewest leading directions that reach it.
        n_components: Keep this many directions instead (fewer where the rank is smaller).
        threshold_on: What the share is counted in: ``"variance"`` (squared singular values, the paper's "95 % of the
            variance") or ``"singular_values"`` (as google/svcca's tutorial and anatome count).
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 distances in [0, 1]; ``.report.kept`` has the directions kept of each network.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: as ``pairwise_cca`` with R the directions kept.
    Source: Raghu et al. (2017); Maheswaranathan et al. (2019), Appendix D, read as CCA of the leading sample scores (of
        the right singular vectors, as printed, it would always be 1).
    """
    caller = "pairwise_svcca"
    leading = leading_of(caller, variance, n_components, threshold_on)
    return _one(caller, reps, readings.svcca(leading), options, leading=leading)


def pairwise_pwcca(
    reps: Any,
    *,
    side: Side = "mean",
    norm: Norm = "l1",
    definition: Literal["paper", "google"] = "paper",
    **options: Unpack[Options],
) -> DistanceMatrix:
    """Projection-weighted CCA distance, as the paper defines it: 1 - sum_k alpha_k rho_k, alpha from one network.

    Packages differ in what they call PWCCA; google/svcca's code leaves out the whitening and uses uncentred activity.

    Args:
        reps: As in ``pairwise_cca``.
        side: Which network gives the weights of D[i, j]: ``"first"`` i, ``"second"`` j, ``"smaller"`` the one of lower
            rank (both, averaged, when equal), ``"mean"`` the average of both. "mean" and "smaller" are symmetric.
        norm: ``"l1"`` alpha_k ~ sum_j |<h_k, z_j>| (the paper) or ``"l2"`` the sum of squares, which ties in the
            correlations leave unique.
        definition: ``"google"`` reproduces google/svcca's formula with its side (fewer units, ties to the first). Its
            value depends on the arbitrary signs of singular vectors, so it is what one LAPACK gives, no more; it takes
            no other ``side`` or ``norm``.
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 distances in [0, 1]; ``.report.ambiguous`` lists pairs whose tied correlations leave the L1
        weights open.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: as ``pairwise_cca`` and three R^3 products per pair; both directions come from one decomposition.
    Source: Morcos, Raghu & Bengio (2018), section 2.2.
    """
    caller = "pairwise_pwcca"
    choice(caller, "side", side, "mean", "first", "second", "smaller")
    choice(caller, "norm", norm, "l1", "l2")
    if choice(caller, "definition", definition, "paper", "google") == "google":
        if side != "mean" or norm != "l1":
            raise ValueError(f"{caller}: definition='google' fixes side and norm; leave them out")
        return pairwise_function(caller, reps, google_function(), options)
    return _one(caller, reps, readings.pwcca(side, norm), options, norm=1 if norm == "l1" else 2)


def pairwise_cka(
    reps: Any,
    *,
    kernel: Literal["linear", "rbf"] = "linear",
    debiased: bool = False,
    bandwidth: float | Literal["median"] = "median",
    **options: Unpack[Options],
) -> DistanceMatrix:
    """Centred kernel alignment distance, 1 - CKA.

    Args:
        reps: As in ``pairwise_cca``.
        kernel: ``"linear"``, or ``"rbf"``: exp(-|a - b|^2 / (2 sigma^2)).
        debiased: Use the unbiased estimate of HSIC; then 1 - CKA may exceed 1 a little. Needs P >= 4.
        bandwidth: sigma of the rbf kernel in the units of X, or ``"median"`` of each network's pairwise distances.
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 distances, symmetric, diagonal exactly 0; in [0, 1] unless debiased.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: linear: 2 P N^2 flops per pair. rbf: P^2 N per network and P^2 per pair.
    Source: Kornblith et al. (2019), eq. 3 and section 4; Song et al. (2012), eq. 5.
    """
    caller = "pairwise_cka"
    flag(caller, "debiased", debiased)
    if choice(caller, "kernel", kernel, "linear", "rbf") == "rbf":
        return pairwise_vectors(caller, reps, rbf_measure(caller, bandwidth, debiased), options)
    if not (isinstance(bandwidth, str) and bandwidth == "median"):
        raise ValueError(f"{caller}: bandwidth is an option of kernel='rbf'; the linear kernel has none")
    measure = readings.debiased_cka() if debiased else readings.linear_cka()
    return _one(caller, reps, measure, options)


def pairwise_procrustes(reps: Any, **options: Unpack[Options]) -> DistanceMatrix:
    """Angular Procrustes distance: arccos of the nuclear norm of X^T Y over |X|_F |Y|_F. A true metric.

    Args:
        reps: As in ``pairwise_cca``.
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 angles in radians, in [0, pi/2], symmetric, diagonal exactly 0.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: as ``pairwise_cca``.
    Source: Williams et al. (2021), "Generalized shape metrics", eq. 4 for rotations after centring and scaling.
    """
    return _one("pairwise_procrustes", reps, readings.procrustes(), options)


def pairwise_rsa(
    reps: Any,
    *,
    dissimilarity: Literal["correlation", "euclidean", "cosine"] = "correlation",
    compare: Literal["spearman", "pearson", "cosine"] = "spearman",
    **options: Unpack[Options],
) -> DistanceMatrix:
    """Representational similarity analysis: 1 - correlation of the networks' P x P dissimilarity matrices.

    Args:
        reps: As in ``pairwise_cca``.
        dissimilarity: Between the activity patterns of two samples: 1 - Pearson correlation over units, Euclidean
            distance, or 1 - cosine.
        compare: How two networks' dissimilarities (upper triangles) are compared.
        **options: Common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) float64 distances in [0, 2], symmetric, diagonal exactly 0.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: P^2 N per network and P^2 / 2 per pair.
    Source: Kriegeskorte, Mur & Bandettini (2008).
    """
    caller = "pairwise_rsa"
    return pairwise_vectors(caller, reps, rsa_measure(caller, dissimilarity, compare), options)


def pairwise(
    reps: Any,
    *,
    measures: Sequence[str] = MEASURES,
    variance: float = 0.95,
    n_components: int | None = None,
    threshold_on: ThresholdOn = "variance",
    side: Side = "mean",
    norm: Norm = "l1",
    **options: Unpack[Options],
) -> dict[str, DistanceMatrix]:
    """Distances by several measures from one pass over the pairs.

    Args:
        reps: As in ``pairwise_cca``.
        measures: Any of "cca", "svcca", "pwcca", "cka" (linear, biased), "procrustes".
        variance: As in ``pairwise_svcca``.
        n_components: As in ``pairwise_svcca``.
        threshold_on: As in ``pairwise_svcca``.
        side: As in ``pairwise_pwcca``.
        norm: As in ``pairwise_pwcca``.
        **options: Common options. ``out="d.npy"`` writes ``d-cca.npy`` and so on.
    Returns:
        One (K, K) matrix per measure, in the order asked for.
    Raises:
        TypeError, ValueError: For bad input, before any work.
    Cost: little more than the dearest of the measures alone.
    Source: as the single measures.
    """
    caller = "pairwise"
    given: Any = measures
    if not isinstance(given, Sequence):
        raise TypeError(f"{caller}: measures must be a list of {', '.join(MEASURES)}, got {measures!r}")
    if isinstance(given, str) or not given:
        raise ValueError(f"{caller}: measures must be a list of {', '.join(MEASURES)}, got {measures!r}")
    for name in measures:
        choice(caller, "measures", name, *MEASURES)
    if len(set(measures)) != len(measures):
        raise ValueError(f"{caller}: measures names one twice: {list(measures)}")
    choice(caller, "side", side, "mean", "first", "second", "smaller")
    choice(caller, "norm", norm, "l1", "l2")
    leading = leading_of(caller, variance, n_components, threshold_on)
    made = {
        "cca": readings.cca(),
        "svcca": readings.svcca(leading),
        "pwcca": readings.pwcca(side, norm),
        "cka": readings.linear_cka(),
        "procrustes": readings.procrustes(),
    }
    chosen = [made[name] for name in measures]
    return compare(caller, reps, chosen, options, norm=1 if norm == "l1" else 2, leading=leading)


def leading_of(caller: str, variance: object, n_components: object, threshold_on: object) -> Leading:
    """The SVCCA rule that these arguments name.

    Raises:
        TypeError, ValueError: If one is out of range.
    """
    word = choice(caller, "threshold_on", threshold_on, "variance", "singular_values")
    if n_components is not None:
        if isinstance(n_components, bool) or not isinstance(n_components, int | np.integer):
            raise TypeError(f"{caller}: n_components must be an int, got {n_components!r}")
        if n_components < 1:
            raise ValueError(f"{caller}: n_components must be at least 1, got {n_components}")
    if isinstance(variance, bool) or not isinstance(variance, int | float | np.floating):
        raise TypeError(f"{caller}: variance must be a number in (0, 1], got {variance!r}")
    if not (math.isfinite(variance) and 0 < variance <= 1):
        raise ValueError(f"{caller}: variance must lie in (0, 1], got {variance!r}")
    fixed = None if n_components is None else int(n_components)
    return Leading(fixed, float(variance), word)  # type: ignore[arg-type]


def flag(caller: str, name: str, value: object) -> None:
    """Refuse anything but True and False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{caller}: {name} must be True or False, got {value!r}")


def _one(
    caller: str, reps: Any, measure: Measure, options: Options, *, norm: int = 1, leading: Leading | None = None
) -> DistanceMatrix:
    return compare(caller, reps, [measure], options, norm=norm, leading=leading)[measure.name]
