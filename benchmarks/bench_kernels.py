"""Single kernels of the extension against the NumPy expression that each replaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import peers
import pytest
from cases import Case
from results import OURS

from pyrnnsim import _core

NUMPY = "NumPy"


@dataclass(frozen=True)
class Kernel(Case):
    """One kernel on a population; times are per pair or per network."""

    @property
    def title(self) -> str:
        return {
            "product": "products of all pairs",
            "gram": "Gram matrix in float64",
            "project": "basis from activity",
            "weights": "PWCCA weights, one direction",
        }[self.measure]

    @property
    def items(self) -> int:
        return super().items if self.measure == "product" else self.networks

    @property
    def flops(self) -> float:
        rows = self.units if self.measure == "weights" else self.samples
        half = self.measure == "gram"  # symmetric
        return float(rows if half else 2 * rows) * self.units**2 * self.items

    @property
    def arithmetic(self) -> str:
        return "float64" if self.measure == "gram" else self.dtype


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    quick = config.getoption("--quick")
    dtypes = ("float32",) if quick else ("float32", "float64")
    names = "product", "gram", "project", "weights"
    cases = [Kernel(name, 8 if quick else 24, 128, dtype, scope="kernel") for dtype in dtypes for name in names]
    return [(case, backend) for case in cases for backend in (NUMPY, OURS)]


def bench_kernel(case: Case, backend: str, compete) -> None:
    action, expected = CASES[case.measure](case)[backend == OURS], CASES[case.measure](case)[2]
    compete(case, backend, action, lambda: (action(), expected()), tolerance=1e-4 if case.dtype == "float32" else 1e-10)


def _product(case: Case) -> tuple[Callable, Callable, Callable]:
    prepared = peers.prepare(case.data)
    widths = [case.units] * case.networks
    bases = [np.ascontiguousarray(basis) for basis in np.hsplit(prepared.stacked, case.networks)]
    tile = _core.CoreTileFloat32() if case.dtype == "float32" else _core.CoreTileFloat64()

    def ours() -> np.ndarray:
        tile.start(widths, widths, triangular=True)
        tile.accumulate(bases, bases, n_jobs=1)
        return tile.core(0, 1)

    def numpy() -> np.ndarray:
        for i in range(case.networks - 1):
            cores = prepared.cores(i)
            if i == 0:
                first = cores[0]
        return first

    return numpy, ours, lambda: bases[0].T.astype(np.float64) @ bases[1]


def _gram(case: Case) -> tuple[Callable, Callable, Callable]:
    data, scale = case.data, np.ones(case.units)
    means = [x.mean(axis=0, dtype=np.float64) for x in data]

    def ours() -> np.ndarray:
        for x, mean in zip(data, means, strict=True):
            gram = np.zeros(_core.gram_shape(case.units))
            _core.add_centred_gram(x, mean, scale, gram)
        return np.tril(gram[: case.units, : case.units]) / case.samples

    def numpy() -> np.ndarray:
        for x, mean in zip(data, means, strict=True):
            centred = x - mean  # float64, as the means are
            gram = centred.T @ centred
        return np.tril(gram) / case.samples

    return numpy, ours, lambda: np.tril(np.cov(data[-1].T.astype(np.float64), bias=True))


def _project(case: Case) -> tuple[Callable, Callable, Callable]:
    data = case.data
    weights = np.linalg.qr(np.random.default_rng(1).standard_normal((case.units, case.units)))[0]
    means = [x.mean(axis=0, dtype=np.float64) for x in data]
    narrow = weights.astype(case.dtype)

    def ours() -> np.ndarray:
        return [_core.project(x, mean, weights, precise=False) for x, mean in zip(data, means, strict=True)][-1]

    def numpy() -> np.ndarray:
        return [(x - mean.astype(x.dtype)) @ narrow for x, mean in zip(data, means, strict=True)][-1]

    return numpy, ours, lambda: (data[-1] - means[-1]) @ weights


def _weights(case: Case) -> tuple[Callable, Callable, Callable]:
    rng = np.random.default_rng(2)
    shape = case.networks, case.units, case.units
    directions, loadings = (rng.standard_normal(shape).astype(case.dtype) for _ in range(2))
    network = np.arange(case.networks, dtype=np.int32)

    def ours() -> np.ndarray:
        return _core.projection_weights(directions, loadings, network, norm=1) / case.units**1.5

    def numpy() -> np.ndarray:
        return np.abs(directions.transpose(0, 2, 1) @ loadings).sum(axis=2) / case.units**1.5

    def expected() -> np.ndarray:
        products = directions.transpose(0, 2, 1).astype(np.float64) @ loadings.astype(np.float64)
        return np.abs(products).sum(axis=2) / case.units**1.5

    return numpy, ours, expected


CASES = {"product": _product, "gram": _gram, "project": _project, "weights": _weights}
