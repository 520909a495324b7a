"""Similarity that unrelated networks of the same sizes reach: in closed form, or by permuting samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.collection import collect
from pyrnnsim.similarity.blocks import permuted_distances
from pyrnnsim.similarity.distances import choose, split_options
from pyrnnsim.similarity.functions import function_job
from pyrnnsim.similarity.native_null import native_chance, permuted_similarity
from pyrnnsim.similarity.vector_measures import vector_chance, vector_job

Array = NDArray[np.float64]


def chance_similarity(
    reps: Any,
    *,
    metric: str = "pwcca",
    permutations: int = 0,
    block: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Array:
    """Chance level of a measure for every two networks: the similarity left when their samples are unrelated.

    Wide networks look similar by chance: independent ones of 64 / 128 / 256 units reach a mean canonical correlation of
    0.12 / 0.17 / 0.24 on 3,200 samples. Subtract this floor (``calibrated=True``) before comparing across widths.

    Args:
        reps: As in ``pairwise_cca``.
        metric: A measure by name, as in ``pairwise_distances``.
        permutations: 0 asks for the closed form (CCA, SVCCA, PWCCA: independent Gaussian samples; linear and RBF CKA,
            RSA: the exact mean over all permutations). Otherwise this many random permutations of the samples of one
            network of each pair are compared and averaged.
        block: Permute blocks of this many consecutive samples whole (the T steps of a trial): samples within a trial
            are not independent, and permuting them one by one makes the floor too low. Must divide P.
        seed: Of the permutations.
        **options: Options of the measure, and common options other than ``out`` and ``calibrated``.
    Returns:
        (K, K) float64 similarities, symmetric; the diagonal is the floor of a network against an unrelated one of its
        own kind. For ``"procrustes"`` the cosine of the angle.
    Raises:
        ValueError: If there is no closed form (Procrustes) and ``permutations`` is 0, or for bad input.
    Cost: closed form: one preparation per network. Permutations: K^2 pairs each.
    """
    caller = "chance_similarity"
    _check(caller, metric, permutations, seed, options)
    if permutations == 0:
        if block is not None:
            raise ValueError(f"{caller}: block is an option of permutations; pass permutations=20, say")
        return _closed_form(caller, reps, metric, options)
    own, common = split_options(options)
    chosen = choose(caller, metric, own)
    samples = collect(reps, caller=caller).samples
    orders = _permutations(caller, samples, block, permutations, np.random.default_rng(seed))
    if chosen.native is not None:
        found = permuted_similarity(
            caller, reps, chosen.native, common, orders, norm=chosen.norm, leading=chosen.leading
        )
    elif chosen.vector is not None:
        found = 1.0 - permuted_distances(caller, reps, vector_job(chosen.vector), common, orders)
    else:
        assert chosen.function is not None
        found = 1.0 - permuted_distances(caller, reps, function_job(caller, chosen.function), common, orders)
    return 0.5 * (found + found.T)


def _check(caller: str, metric: object, permutations: object, seed: object, options: Mapping[str, Any]) -> None:
    if not isinstance(metric, str):
        raise TypeError(f"{caller}: metric must be the name of a measure, got {metric!r}")
    for name, value in (("permutations", permutations), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{caller}: {name} must be an int, got {value!r}")
        if value < 0:
            raise ValueError(f"{caller}: {name} must be 0 or more, got {value}")
    for name in ("out", "calibrated"):
        if name in options:
            raise TypeError(f"{caller}: {name} is not an option here")


def _closed_form(caller: str, reps: Any, metric: str, options: Mapping[str, Any]) -> Array:
    own, common = split_options(options)
    chosen = choose(caller, metric, own)
    if chosen.vector is not None:
        return vector_chance(caller, reps, chosen.vector, common)
    if chosen.native is None or chosen.native.chance is None:
        raise ValueError(
            f"{caller}: the chance level of {metric!r} has no closed form; pass permutations=20, and block=T if "
            "samples are consecutive time steps of trials"
        )
    return native_chance(caller, reps, chosen.native, chosen.leading, common)


def _permutations(
    caller: str, samples: int, block: object, count: int, rng: np.random.Generator
) -> list[NDArray[np.intp]]:
    if block is None:
        return [rng.permutation(samples) for _ in range(count)]
    if isinstance(block, bool) or not isinstance(block, int | np.integer):
        raise TypeError(f"{caller}: block must be an int, got {block!r}")
    if block < 1 or samples % block or samples == block:
        raise ValueError(f"{caller}: block must divide the {samples} samples into two blocks or more, got {block}")
    positions = np.arange(samples).reshape(-1, block)
    return [positions[rng.permutation(len(positions))].ravel() for _ in range(count)]
