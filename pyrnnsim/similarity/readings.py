"""How each measure is read off the values that the native solver gives of a pair."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim.similarity.chance import expected_cca, expected_kernel_cka
from pyrnnsim.similarity.engine import ALIGNMENT, FROM_LEFT, FROM_RIGHT, LEADING, MEAN, NUCLEAR
from pyrnnsim.similarity.factors import chunks
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.measure import Measure, Place, Similarities
from pyrnnsim.similarity.networks import Networks

Side = Literal["mean", "first", "second", "smaller"]
Array = NDArray[np.float64]

_TOGETHER = 256  # networks whose diagonals are multiplied in one tile


def choice(caller: str, name: str, value: object, *allowed: str) -> str:
    """``value`` if it is one of the words allowed.

    Raises:
        ValueError: If it is not, listing them.
    """
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{caller}: {name} must be one of {listed}, got {value!r}")
    return value


def _alike(similarity: Array) -> Similarities:
    return similarity, similarity


def _chance_of_ranks(place: Place, kept: bool) -> Array:
    """Mean canonical correlation of unrelated networks: depends on ranks and samples alone."""
    samples = place.left.collection.samples
    level = cache(lambda a, b: expected_cca(a, b, samples))

    def rank(side: Networks, i: int) -> int:
        return side.kept(i) if kept else side.factors(i).rank

    rows, columns = [rank(place.left, i) for i in place.rows], [rank(place.right, j) for j in place.columns]
    return np.array([[level(min(a, b), max(a, b)) for b in columns] for a in rows])


def cca() -> Measure:
    """Mean canonical correlation over min(rank_i, rank_j)."""
    return Measure("cca", "cca", lambda v, _: _alike(v[..., MEAN]), chance=lambda p: _chance_of_ranks(p, False))


def svcca(leading: Leading) -> Measure:
    """Mean canonical correlation of the leading subspaces."""
    options: dict[str, Any] = (
        {"n_components": leading.n_components}
        if leading.n_components is not None
        else {"variance": leading.share, "threshold_on": leading.threshold_on}
    )
    return Measure(
        "svcca",
        "svcca",
        lambda v, _: _alike(v[..., LEADING]),
        chance=lambda p: _chance_of_ranks(p, True),
        options=options,
    )


def pwcca(side: Side, norm: Literal["l1", "l2"]) -> Measure:
    """Projection-weighted mean of the canonical correlations."""

    def read(values: Array, place: Place) -> Similarities:
        left, right = values[..., FROM_LEFT], values[..., FROM_RIGHT]
        if side == "first":
            return left, right
        if side == "second":
            return right, left
        both = 0.5 * (left + right)
        if side == "mean":
            return _alike(both)
        rows = np.array([place.left.factors(i).rank for i in place.rows])[:, None]
        columns = np.array([place.right.factors(j).rank for j in place.columns])[None, :]
        return _alike(np.where(rows < columns, left, np.where(rows > columns, right, both)))

    # Weights are independent of the correlations of unrelated networks, so the weighted mean has the plain one's level.
    options = {"side": side, "norm": norm, "definition": "paper"}
    return Measure("pwcca", "pwcca", read, chance=lambda p: _chance_of_ranks(p, False), options=options)


def procrustes() -> Measure:
    """Angle between the optimally rotated activities, in radians."""

    def angle(similarity: Array) -> Array:
        return np.arccos(np.clip(similarity, -1.0, 1.0))

    return Measure("procrustes", "procrustes", lambda v, _: _alike(v[..., NUCLEAR]), distance=angle)


def linear_cka() -> Measure:
    """|X^T Y|_F^2 / (|X^T X|_F |Y^T Y|_F) of centred activity."""

    def read(values: Array, place: Place) -> Similarities:
        return _alike(values[..., ALIGNMENT] / np.outer(*_alignments(place)))

    def chance(place: Place) -> Array:
        a, b = _alignments(place)
        shares = _traces(place.left, place.rows) / a, _traces(place.right, place.columns) / b
        return np.array(
            [[expected_kernel_cka(x, y, place.left.collection.samples) for y in shares[1]] for x in shares[0]]
        )

    return Measure("cka", "cka", read, chance=chance, options={"kernel": "linear", "debiased": False})


def _alignments(place: Place) -> tuple[Array, Array]:
    rows = np.array([place.left.alignment(i) for i in place.rows])
    return rows, np.array([place.right.alignment(j) for j in place.columns])


def _traces(side: Networks, chosen: NDArray[np.intp]) -> Array:
    """Traces of the centred Gram matrices in the units of ``scale``."""
    return np.array([side.trace(int(i)) for i in chosen])


def debiased_cka() -> Measure:
    """Linear CKA from the unbiased estimate of HSIC (Song et al. 2012, eq. 5), in feature space.

    With K = X X^T of centred X, K 1 = 0, so the kernel without its diagonal has row sums -diag K and needs no P x P
    array: HSIC P (P - 3) = |X^T Y|_F^2 - q + tr K tr L / ((P - 1)(P - 2)) - 2 q / (P - 2), q = diag K . diag L.
    """
    products: dict[str, Array] = {}
    own: dict[str, Array] = {}

    def unbiased(norm2: Any, q: Any, traces: Any, samples: int) -> Any:
        return norm2 - q + traces / ((samples - 1) * (samples - 2)) - 2 * q / (samples - 2)

    def begin(left: Networks, right: Networks | None) -> None:
        products["q"] = _diagonal_products(left, right or left)
        for key, side in (("left", left), ("right", right or left)):
            own[key] = np.ones(len(side.collection))
            for i in side.present:
                norms = side.row_norms(i)
                norm2, trace = side.alignment(i) ** 2, side.trace(i)
                own[key][i] = unbiased(norm2, (norms**2).sum(), trace**2, side.collection.samples)
                if not own[key][i] > 0:
                    raise ValueError(
                        f"{side.collection.label(i)}: the unbiased norm of its kernel is not positive "
                        f"({own[key][i]:.3g}); {side.collection.samples} samples are too few for debiased=True"
                    )

    def read(values: Array, place: Place) -> Similarities:
        samples = place.left.collection.samples
        traces = np.outer(_traces(place.left, place.rows), _traces(place.right, place.columns))
        hsic = unbiased(values[..., ALIGNMENT], products["q"][np.ix_(place.rows, place.columns)], traces, samples)
        return _alike(hsic / np.sqrt(np.outer(own["left"][place.rows], own["right"][place.columns])))

    return Measure(
        "cka",
        "cka",
        read,
        chance=lambda p: np.zeros((len(p.rows), len(p.columns))),
        begin=begin,
        row_norms=True,
        options={"kernel": "linear", "debiased": True},
        least_samples=4,
    )


def _diagonal_products(left: Networks, right: Networks) -> Array:
    """(K, L) dot products of the diagonals of the Gram matrices; rows and columns of skipped networks are 0."""
    tile = _core.CoreTileFloat64()
    whole = np.zeros((len(left.collection), len(right.collection)))
    blocks = [
        [side.present[at : at + _TOGETHER] for at in range(0, len(side.present), _TOGETHER)] for side in (left, right)
    ]
    for rows, columns in product(*blocks):
        tile.start([1] * len(rows), [1] * len(columns), triangular=False)
        diagonals = [left.row_norms(i) for i in rows], [right.row_norms(j) for j in columns]
        for start, stop in chunks(left.collection.samples):
            tile.accumulate(*([one[start:stop] for one in side] for side in diagonals), n_jobs=1)
        whole[np.ix_(rows, columns)] = tile.matrix()
    return whole
