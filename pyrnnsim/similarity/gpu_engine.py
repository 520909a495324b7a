"""The pass over all pairs on a GPU: products and decompositions by torch in float64, weights by the CUDA kernel.

Everything is float64: the float64 units of data-centre GPUs are as fast as their plain float32 ones, and it leaves no
TF32 to think about. Only the bases of float32 input are float32; pairs that need more digits are solved again without.
The same code runs on torch's CPU device, which is how it is tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.similarity.engine import (
    ALIGNMENT,
    AMBIGUITY,
    AMBIGUOUS,
    FROM_LEFT,
    FROM_RIGHT,
    LEADING,
    MEAN,
    NEAR_ONE,
    NOISE,
    NUCLEAR,
    REFINED,
    TOLERANCE,
    UNRESOLVED,
    Request,
)
from pyrnnsim.similarity.networks import Networks
from pyrnnsim.similarity.pair_error import Rounding

_TOGETHER = 512  # pairs per batched decomposition

Pairs = list[tuple[int, int]]


class GpuTileEngine:
    """Computes tiles of pairs as ``engine.TileEngine`` does, on a torch device."""

    def __init__(self, left: Networks, right: Networks | None, request: Request, *, chunk: int, device: str) -> None:
        self._left, self._right, self._same = left, right or left, right is None
        self._request, self._chunk, self._dtype = request, chunk, left.collection.dtype
        self._torch: Any = import_module("torch")
        self._device = self._torch.device(device)

    def compute(self, rows: Sequence[int], columns: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Values and flags of the pairs of these networks; see ``engine.TileEngine.compute``."""
        triangular = self._same and list(rows) == list(columns)
        values = np.full((len(rows), len(columns), 6), np.nan)
        flags = np.zeros((len(rows), len(columns)), np.uint8)
        cores = self._product(rows, columns)
        row_at = np.cumsum([0, *(self._left.width(i) for i in rows)])
        column_at = np.cumsum([0, *(self._right.width(j) for j in columns)])
        pairs = [(a, b) for a in range(len(rows)) for b in range(a + 1 if triangular else 0, len(columns))]
        for group in self._groups(rows, columns, pairs):
            stack = [cores[row_at[a] : row_at[a + 1], column_at[b] : column_at[b + 1]] for a, b in group]
            at = tuple(np.array(group).T)
            values[at], flags[at] = self._solve(self._torch.stack(stack), rows, columns, group, self._dtype)
        if self._dtype == np.float32:
            self._refine(rows, columns, values, flags)
        return values, flags

    def _refine(
        self, rows: Sequence[int], columns: Sequence[int], values: NDArray[np.float64], flags: NDArray[np.uint8]
    ) -> None:
        """Solve pairs again from float64 bases whose values depend on more digits than float32 ones give."""
        pairs = [(int(a), int(b)) for a, b in np.argwhere(flags & UNRESOLVED)]
        for group in self._groups(rows, columns, pairs):
            cores: list[Any] = [0] * len(group)
            for start, stop in self._chunks():
                left = {a: self._tensor(self._left.exact_basis(rows[a], start, stop)).T for a, _ in group}
                right = {b: self._tensor(self._right.exact_basis(columns[b], start, stop)) for _, b in group}
                cores = [core + left[a] @ right[b] for core, (a, b) in zip(cores, group, strict=True)]
            again, marks = self._solve(self._torch.stack(cores), rows, columns, group, np.dtype(np.float64))
            at = tuple(np.array(group).T)
            values[at], flags[at] = again, (marks & AMBIGUOUS) | REFINED

    def _chunks(self) -> list[tuple[int, int]]:
        samples = self._left.collection.samples
        return [(start, min(start + self._chunk, samples)) for start in range(0, samples, self._chunk)]

    def _product(self, rows: Sequence[int], columns: Sequence[int]) -> Any:
        total: Any = 0
        for start, stop in self._chunks():
            left = self._tensor(np.hstack([self._left.basis(i, start, stop) for i in rows]))
            right = self._tensor(np.hstack([self._right.basis(j, start, stop) for j in columns]))
            total = total + left.T @ right
        return total

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._torch.as_tensor(np.asarray(array, np.float64)).to(self._device)

    def _groups(self, rows: Sequence[int], columns: Sequence[int], pairs: Pairs) -> list[Pairs]:
        """Pairs of equal shapes, for batched decompositions."""
        by_shape: dict[tuple[int, ...], Pairs] = defaultdict(list)
        left, right = self._left, self._right
        for a, b in pairs:
            i, j = rows[a], columns[b]
            shape = left.width(i), right.width(j), left.kept(i), right.kept(j)
            by_shape[(*shape, left.collection.units[i], right.collection.units[j])].append((a, b))
        return [
            some[first : first + _TOGETHER] for some in by_shape.values() for first in range(0, len(some), _TOGETHER)
        ]

    def _solve(
        self, cores: Any, rows: Sequence[int], columns: Sequence[int], group: Pairs, dtype: np.dtype[Any]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        torch, wanted = self._torch, self._request.measures
        left, right = [rows[a] for a, _ in group], [columns[b] for _, b in group]
        values = np.full((len(group), 6), np.nan)
        flags = np.zeros(len(group), np.uint8)
        if "pwcca" in wanted:
            flags |= self._weigh(cores, left, right, values, dtype)
        elif "cca" in wanted:
            values[:, MEAN] = torch.linalg.svdvals(cores).clamp(max=1.0).mean(-1).cpu().numpy()
        if "svcca" in wanted:
            block = cores[:, : self._left.kept(left[0]), : self._right.kept(right[0])]
            values[:, LEADING] = torch.linalg.svdvals(block).clamp(max=1.0).mean(-1).cpu().numpy()
        if "cka" in wanted or "procrustes" in wanted:
            a = self._tensor(np.stack([self._left.scale(i) for i in left]))
            b = self._tensor(np.stack([self._right.scale(j) for j in right]))
            scaled = a[:, :, None] * cores * b[:, None, :]
            values[:, ALIGNMENT] = scaled.square().sum((-1, -2)).cpu().numpy()
            if "procrustes" in wanted:
                values[:, NUCLEAR] = torch.linalg.svdvals(scaled).sum(-1).cpu().numpy()
                if dtype == np.float32:  # near 1 the angle turns rounding into whole digits
                    flags[values[:, NUCLEAR] > NEAR_ONE] |= UNRESOLVED
        return values, flags

    def _weigh(
        self, cores: Any, left: list[int], right: list[int], values: NDArray[np.float64], dtype: np.dtype[Any]
    ) -> NDArray[np.uint8]:
        """Fill the correlations' mean and both weighted means; flags of what rounding leaves open."""
        u, rho, vt = self._torch.linalg.svd(cores, full_matrices=False)
        rho = rho.clamp(max=1.0)
        values[:, MEAN] = rho.mean(-1).cpu().numpy()
        flags, (arithmetic, given) = np.zeros(len(left), np.uint8), self._rounding(left, right, dtype)
        for column, side, chosen, directions in (
            (FROM_LEFT, self._left, left, u),
            (FROM_RIGHT, self._right, right, vt.transpose(-1, -2)),
        ):
            alpha = self._weights(side, chosen, directions)
            values[:, column] = ((alpha * rho).sum(-1) / alpha.sum(-1)).cpu().numpy()
            units = np.array([side.collection.units[i] for i in chosen])
            outside = np.array([side.width(i) > rho.shape[-1] for i in chosen])
            seen = rho.cpu().numpy(), alpha.cpu().numpy(), units, outside
            flags[~(arithmetic.error(*seen) <= TOLERANCE[str(self._dtype)])] |= UNRESOLVED
            flags[given.error(*seen) > AMBIGUITY[str(self._dtype)]] |= AMBIGUOUS
        return flags

    def _weights(self, side: Networks, chosen: list[int], directions: Any) -> Any:
        """(pairs, c) sums over units of |<h_k, z_j>| to the power of the norm."""
        used = sorted(set(chosen))
        network = np.array([used.index(i) for i in chosen], np.int32)
        loadings = self._tensor(np.stack([side.loadings(i) for i in used]))
        torch = self._torch
        if self._device.type != "cuda":
            product = directions.transpose(-1, -2) @ loadings[torch.as_tensor(network, dtype=torch.int64)]
            return product.abs().pow(self._request.norm).sum(-1)
        directions, index = directions.contiguous(), torch.as_tensor(network, device=self._device)
        pairs, rank, count = directions.shape
        weights = torch.empty((pairs, count), dtype=torch.float64, device=self._device)
        units = int(loadings.shape[-1])
        import_module("pyrnnsim._cuda").projection_weights(
            dtype="float64",
            device=self._device.index or 0,
            stream=torch.cuda.current_stream(self._device).cuda_stream,
            directions=directions.data_ptr(),
            direction_stride=count,
            loadings=loadings.data_ptr(),
            loading_stride=units,
            network=index.data_ptr(),
            weights=weights.data_ptr(),
            pairs=pairs,
            count=count,
            rank=rank,
            units=units,
            norm=self._request.norm,
        )
        return weights

    def _rounding(self, left: list[int], right: list[int], dtype: np.dtype[Any]) -> tuple[Rounding, Rounding]:
        """Of the arithmetic on bases of ``dtype``, and of the input."""
        pairs = list(zip(left, right, strict=True))
        noise = [NOISE["float64"] + self._left.noise(i, dtype) + self._right.noise(j, dtype) for i, j in pairs]
        doubt = [self._left.doubt(i) + self._right.doubt(j) for i, j in pairs]
        given = Rounding(np.array(doubt), np.array(noise), neighbours=self._request.norm == 1)
        return Rounding(np.array(noise), None, neighbours=True), given
