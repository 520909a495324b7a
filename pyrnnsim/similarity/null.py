"""Similarity that unrelated networks of the same sizes reach: in closed form, or by permuting samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.collection import Collection, collect
from pyrnnsim._options import Options
from pyrnnsim.similarity.distances import choose, distances
from pyrnnsim.similarity.runner import native_chance
from pyrnnsim.similarity.whole import rows_of, vector_chance

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
    collection = collect(reps, caller=caller, names=options.get("names"), dtype=options.get("dtype"))
    orders = _permutations(caller, collection.samples, block, permutations, np.random.default_rng(seed))
    own = {key: value for key, value in options.items() if key != "names"}
    total = np.zeros((len(collection), len(collection)))
    for order in orders:
        shuffled = _Shuffled(collection, order)
        total += _similarity(metric, distances(caller, reps, shuffled, metric, own))
    mean = total / permutations
    return 0.5 * (mean + mean.T)


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


def _similarity(metric: str, matrix: Array) -> Array:
    values = np.asarray(matrix)
    return np.cos(values) if metric.partition(":")[0] == "procrustes" else 1.0 - values


def _closed_form(caller: str, reps: Any, metric: str, options: Mapping[str, Any]) -> Array:
    own = {key: value for key, value in options.items() if key not in Options.__annotations__}
    common = {key: value for key, value in options.items() if key in Options.__annotations__}
    chosen = choose(caller, metric, own)
    if chosen.vector is not None:
        return vector_chance(caller, reps, chosen.vector, common)
    if chosen.native is None or chosen.native.chance is None:
        raise ValueError(
            f"{caller}: the chance level of {metric!r} has no closed form; pass permutations=20, and block=T if samples "
            "are consecutive time steps of trials"
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


class _Shuffled(Sequence[NDArray[Any]]):
    """The networks with their samples permuted, made when asked for."""

    def __init__(self, collection: Collection, order: NDArray[np.intp]) -> None:
        self._collection, self._order = collection, order

    def __len__(self) -> int:
        return len(self._collection)

    def __getitem__(self, i: Any) -> Any:
        return rows_of(self._collection, int(i))[self._order]
