"""Packages that people use for these measures, called as their authors document, from checkouts the user names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from cases import MEASURES, symmetric
from reference import google

Matrix = Callable[[Sequence[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Package:
    """One measure of one package.

    Attributes:
        option: Command line option that names the checkout.
        name: As the table shows it.
        measure: Key of ``cases.MEASURES``: what of ours it competes with.
        load: Folder -> function from K networks to their (K, K) distances.
        distance: Distance of one pair by definition, None where the package computes something else.
        tolerance: Largest deviation from it, in the units of the distance.
    """

    option: str
    name: str
    measure: str
    load: Callable[[Path], Matrix]
    distance: Callable[[np.ndarray, np.ndarray], float] | None
    tolerance: float


def import_from(folder: Path, *names: str) -> list[ModuleType]:
    """Import modules of a checkout that is not installed: most of these are folders of scripts."""
    sys.path.insert(0, str(folder))
    try:
        return [import_module(name) for name in names]
    finally:
        sys.path.remove(str(folder))


def _google_pwcca(folder: Path) -> Matrix:
    (module,) = import_from(folder, "pwcca")
    return lambda data: symmetric(lambda x, y: 1 - module.compute_pwcca(x.T, y.T)[0], data)


def _google_distance(x: np.ndarray, y: np.ndarray) -> float:
    return 1 - google.google_pwcca(x, y)


def _google_cca(folder: Path) -> Matrix:
    (module,) = import_from(folder, "cca_core")

    def distance(x: np.ndarray, y: np.ndarray) -> float:
        return 1 - module.get_cca_similarity(x.T, y.T, compute_dirns=False, verbose=False)["cca_coef1"].mean()

    return lambda data: symmetric(distance, data)


def _netrep(alpha: float, angle_to_distance: Callable[[float], float]) -> Callable[[Path], Matrix]:
    def load(folder: Path) -> Matrix:
        (module,) = import_from(folder, "netrep.metrics")

        def matrix(data: Sequence[np.ndarray]) -> np.ndarray:
            metric = module.LinearMetric(alpha=alpha)
            indices = range(len(data))
            cached = [metric.partial_fit(x) for x in data]  # its fastest way: the networks are whitened once

            def distance(i: int, j: int) -> float:
                return angle_to_distance(metric.finalize_fit(cached[i], cached[j]).score(data[i], data[j]))

            return symmetric(distance, indices)

        return matrix

    return load


def _anatome(name: str, convert: Callable[[float], float] = lambda d: d, **options: object) -> Callable[[Path], Matrix]:
    def load(folder: Path) -> Matrix:
        (module,) = import_from(folder, "anatome.distance")
        torch = import_module("torch")

        def distance(x: np.ndarray, y: np.ndarray) -> float:
            return convert(float(getattr(module, name)(torch.from_numpy(x), torch.from_numpy(y), **options)))

        def matrix(data: Sequence[np.ndarray]) -> np.ndarray:
            before = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                return symmetric(distance, data)
            finally:
                torch.set_num_threads(before)

        return matrix

    return load


def _angle(distance: float) -> float:
    """Procrustes angle from 1 - nuclear norm."""
    return float(np.arccos(1 - distance))


def _sim_metric(measure: Callable) -> Callable[[Path], Matrix]:
    def load(folder: Path) -> Matrix:
        (module,) = import_from(folder / "dists", "scoring")

        def matrix(data: Sequence[np.ndarray]) -> np.ndarray:
            rows = [np.ascontiguousarray((x - x.mean(axis=0)).T) for x in data]  # it expects centred units
            return symmetric(lambda a, b: measure(module, a, b), rows)

        return matrix

    return load


def _sim_metric_pwcca(module: ModuleType, a: np.ndarray, b: np.ndarray) -> float:
    _, rho, _, from_a, from_b = module.cca_decomp(a, b)
    return (module.pwcca_dist(a, rho, from_a) + module.pwcca_dist(b, rho, from_b)) / 2


def _sim_metric_cca(module: ModuleType, a: np.ndarray, b: np.ndarray) -> float:
    return 1 - module.mean_cca_corr(module.cca_decomp(a, b)[1])


_DEFINED = {name: measure.reference for name, measure in MEASURES.items()}
_NUCLEAR = "orthogonal_procrustes_distance"
_ONE_WAY = "(own formula, one direction)"

PACKAGES = [
    Package("svcca", f"google/svcca {_ONE_WAY}", "pwcca", _google_pwcca, _google_distance, 1e-5),
    Package("sim-metric", "js-d/sim_metric", "pwcca", _sim_metric(_sim_metric_pwcca), _DEFINED["pwcca"], 1e-3),
    Package("anatome", f"anatome {_ONE_WAY}", "pwcca", _anatome("pwcca_distance", backend="qr"), None, 0),
    Package("svcca", "google/svcca", "cca", _google_cca, _DEFINED["cca"], 1e-5),
    Package("sim-metric", "js-d/sim_metric", "cca", _sim_metric(_sim_metric_cca), _DEFINED["cca"], 1e-3),
    Package("netrep", "netrep", "cca", _netrep(0.0, lambda angle: 1 - np.cos(angle)), _DEFINED["cca"], 1e-3),
    Package("anatome", "anatome", "cka", _anatome("linear_cka_distance", reduce_bias=False), _DEFINED["cka"], 1e-5),
    Package("netrep", "netrep", "procrustes", _netrep(1.0, float), _DEFINED["procrustes"], 1e-5),
    Package("anatome", "anatome", "procrustes", _anatome(_NUCLEAR, _angle), _DEFINED["procrustes"], 1e-5),
]
