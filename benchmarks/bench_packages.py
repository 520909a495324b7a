"""pyrnnsim against packages: scikit-learn, and checkouts of others named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import peers
import pytest
from cases import MEASURES, Case, checked_data, expected, symmetric
from packages import PACKAGES, Package
from reference import similarity as reference
from results import OURS

import pyrnnsim

SKLEARN, COMPONENTS = "scikit-learn", 10


@dataclass(frozen=True)
class Leading(Case):
    """The leading canonical correlations of one pair."""

    @property
    def title(self) -> str:
        return f"{COMPONENTS} canonical correlations"

    @property
    def flops(self) -> float:
        return 0.0


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    given = [package for package in PACKAGES if config.getoption(f"--{package.option}")]
    networks, dtypes = (3, ["float32"]) if config.getoption("--quick") else (16, ["float32", "float64"])
    pair = Leading("leading", 2, 32, "float64", samples=800)
    chosen: list[tuple[Case, str]] = [(pair, SKLEARN), (pair, OURS)]
    for dtype in dtypes:
        for measure in dict.fromkeys(package.measure for package in given):
            case = Case(measure, networks, 128, dtype)
            chosen += [(case, package.name) for package in given if package.measure == measure]
            chosen.append((case, OURS))
    return chosen


def bench_package(case: Case, backend: str, compete, pytestconfig: pytest.Config) -> None:
    if case.measure == "leading":
        _leading(case, backend, compete)
    elif backend == OURS:
        ours = MEASURES[case.measure].ours
        compete(case, OURS, lambda: ours(case.data, 1), lambda: (ours(checked_data(case), 1), expected(case)))
    else:
        package = next(one for one in PACKAGES if one.name == backend and one.measure == case.measure)
        _checkout(case, package, Path(pytestconfig.getoption(f"--{package.option}")), compete)


def _leading(case: Case, backend: str, compete) -> None:
    x, y = case.data

    def ours() -> np.ndarray:
        return pyrnnsim.canonical_correlations(x, y).correlations[:COMPONENTS]

    def check() -> tuple[np.ndarray, np.ndarray]:
        return action(), reference.canonical_correlations(x, y)[:COMPONENTS]

    action = ours if backend == OURS else lambda: peers.sklearn_cca(x, y, COMPONENTS)
    # The iteration of scikit-learn stops early by default.
    compete(case, backend, action, check, tolerance=None if backend == OURS else 1e-3)


def _checkout(case: Case, package: Package, folder: Path, compete) -> None:
    if not folder.is_dir():
        pytest.fail(f"--{package.option} {folder} is no folder; give the checkout of {package.name}")
    try:
        matrix = package.load(folder)
    except (ImportError, RuntimeError) as error:  # a library of its own is missing or does not load
        pytest.skip(f"{package.name} cannot be imported: {error}")

    def check() -> tuple[np.ndarray, np.ndarray]:
        return matrix(checked_data(case)), symmetric(package.distance, checked_data(case))

    if package.option == "svcca" and case.measure == "pwcca":
        _agrees_with_our_google_mode(matrix, checked_data(case), package.tolerance)
    verified = check if package.distance is not None else None
    compete(case, package.name, lambda: matrix(case.data), verified, tolerance=package.tolerance)


def _agrees_with_our_google_mode(matrix, data: list[np.ndarray], tolerance: float) -> None:
    ours = pyrnnsim.pairwise_pwcca(data, definition="google", n_jobs=1)
    # Its value depends on which network comes first; the rival is asked for one order only.
    assert np.abs(np.triu(matrix(data) - ours)).max() <= tolerance
