"""The pass over all pairs: one product per tile, every measure read off the cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim.similarity.networks import Networks

MEASURES = {"cca": 1, "svcca": 2, "pwcca": 4, "cka": 8, "procrustes": 16}
"""Bits that the native solver takes."""

# Columns of the values of a pair (csrc/similarity/tile_values.hpp).
MEAN, LEADING, FROM_LEFT, FROM_RIGHT, ALIGNMENT, NUCLEAR = range(6)
# Flags of a pair (csrc/similarity/pair_batch.hpp).
UNRESOLVED, REFINED, BY_LAPACK, AMBIGUOUS = 1, 2, 4, 8

# Rounding error of one element of a core from the product alone, measured (see csrc/similarity/strassen.hpp).
NOISE = {"float32": 3e-8, "float64": 1e-16}
# Estimated error of a similarity above which a pair is solved again, and above which a tie is reported.
TOLERANCE = {"float32": 6e-6, "float64": 1e-11}
NEAR_ONE = 0.999  # nuclear norms of float32 bases above this are taken again (tile_values.cpp)
# Pairs of float32 input that are solved again need no more digits than this.
_REFINED_TOLERANCE = 1e-7
AMBIGUITY = {"float32": 3e-4, "float64": 1e-9}
# Networks per side whose pairs are solved again together: a few of their bases in float64 are in memory at a time.
_REFINED_TOGETHER = 16


@dataclass(frozen=True)
class Request:
    """What is asked of each pair: measures by name, and the exponent of the PWCCA weights."""

    measures: tuple[str, ...]
    norm: int = 1

    @property
    def bits(self) -> int:
        """The measures as the native solver takes them."""
        return sum(MEASURES[name] for name in self.measures)

    def options(self, precision: str, given: str) -> _core.SolveOptions:
        """Options of the native solver for cores of this precision, made from input of the ``given`` one."""
        return {
            "measures": self.bits,
            "norm": self.norm,
            "core_noise": NOISE[precision],
            "tolerance": TOLERANCE[precision] if precision == given else _REFINED_TOLERANCE,
            "ambiguity": AMBIGUITY[given],
        }


@cache
def connect_lapack() -> None:
    """Hand SciPy's LAPACK to the extension; once per process."""
    exported = import_module("scipy.linalg.cython_lapack").__pyx_capi__
    _core.set_lapack(exported["dgesdd"])


class TileEngine:
    """Computes tiles of pairs; keeps the native buffers between them."""

    def __init__(self, left: Networks, right: Networks | None, request: Request, *, chunk: int, n_jobs: int) -> None:
        self._left, self._right = left, right or left
        self._same = right is None
        self._request, self._chunk, self._n_jobs = request, chunk, n_jobs
        single = left.collection.dtype == np.float32
        self._tile: _core.CoreTileFloat32 | _core.CoreTileFloat64 = (
            _core.CoreTileFloat32() if single else _core.CoreTileFloat64()
        )
        self._precision = "float32" if single else "float64"
        connect_lapack()

    def compute(self, rows: Sequence[int], columns: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Values and flags of the pairs of these networks; below the diagonal of a square tile they are missing.

        Returns:
            (len(rows), len(columns), 6) values and (len(rows), len(columns)) flags.
        """
        triangular = self._same and list(rows) == list(columns)
        self._tile.start(self._widths(self._left, rows), self._widths(self._right, columns), triangular=triangular)
        for start, stop in self._chunks():
            left = self._left.bases(rows, start, stop, self._n_jobs)
            right = left if triangular else self._right.bases(columns, start, stop, self._n_jobs)
            self._tile.accumulate(left, right, n_jobs=self._n_jobs)
        dtype = self._left.collection.dtype
        values, flags = self._tile.solve(
            self._side(self._left, rows, dtype),
            self._side(self._right, columns, dtype),
            self._request.options(self._precision, self._precision),
            n_jobs=self._n_jobs,
        )
        self._refine(rows, columns, values, flags)
        return values, flags

    def _refine(
        self, rows: Sequence[int], columns: Sequence[int], values: NDArray[np.float64], flags: NDArray[np.uint8]
    ) -> None:
        """Solve float32 pairs again whose values depend on more digits than their cores have."""
        if self._precision == "float64":
            return
        step = _REFINED_TOGETHER
        for a, b in product(range(0, len(rows), step), range(0, len(columns), step)):
            open_pairs = (flags[a : a + step, b : b + step] & UNRESOLVED) != 0
            if not open_pairs.any():
                continue
            used_rows, used_columns = open_pairs.any(axis=1), open_pairs.any(axis=0)
            if rows[a : a + step] == columns[b : b + step]:  # then only pairs above the diagonal are open
                used_rows = used_columns = used_rows | used_columns
            used_rows, used_columns = np.flatnonzero(used_rows), np.flatnonzero(used_columns)
            only = open_pairs[np.ix_(used_rows, used_columns)]
            left, right = [rows[a + int(i)] for i in used_rows], [columns[b + int(j)] for j in used_columns]
            again, marks = self._exact(left, right, only)
            at = (a + used_rows[np.nonzero(only)[0]], b + used_columns[np.nonzero(only)[1]])
            values[at] = again
            flags[at] = marks | REFINED

    def _exact(
        self, left: Sequence[int], right: Sequence[int], only: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Values and flags of the pairs that ``only`` marks, in its order, from cores in float64."""
        dense = 4 * np.count_nonzero(only) > only.size
        tile, cores = _core.CoreTileFloat64(), _core.CoreListFloat64()
        widths = self._widths(self._left, left), self._widths(self._right, right)
        if dense:
            tile.start(*widths, triangular=self._same and left == right)
        else:
            cores.start(*widths, [(int(i), int(j)) for i, j in np.argwhere(only)])
        for start, stop in self._chunks():
            a = [self._left.exact_basis(i, start, stop) for i in left]
            known = dict(zip(left, a, strict=True)) if self._same else {}
            b = [known[j] if j in known else self._right.exact_basis(j, start, stop) for j in right]
            (tile if dense else cores).accumulate(a, b, n_jobs=self._n_jobs)
        double = np.dtype(np.float64)
        sides = self._side(self._left, left, double), self._side(self._right, right, double)
        options = self._request.options("float64", self._precision)
        if not dense:
            return cores.solve(*sides, options, n_jobs=self._n_jobs)
        values, flags = tile.solve(*sides, options, n_jobs=self._n_jobs, only=only)
        return values[only], flags[only]

    def _chunks(self) -> list[tuple[int, int]]:
        samples = self._left.collection.samples
        return [(start, min(start + self._chunk, samples)) for start in range(0, samples, self._chunk)]

    @staticmethod
    def _widths(networks: Networks, chosen: Sequence[int]) -> list[int]:
        return [networks.width(i) for i in chosen]

    def _side(self, networks: Networks, chosen: Sequence[int], dtype: np.dtype[np.floating]) -> _core._Side:
        weighted = "pwcca" in self._request.measures
        loadings = [networks.loadings(i).astype(dtype, copy=False) for i in chosen] if weighted else []
        leading = [min(networks.kept(i), networks.width(i)) for i in chosen]
        scales = [networks.scale(i) for i in chosen]
        noise = [networks.noise(i, dtype) for i in chosen]
        return loadings, scales, leading, noise, [networks.doubt(i) for i in chosen]
