"""All-pairs matrices: pyrnnsim against NumPy that prepares every network once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import peers
import pytest
from cases import MEASURES, Case, checked_data, expected, largest_error, similarity_cases
from results import OURS

import pyrnnsim

NUMPY, BY_EIGENVALUES = "NumPy", "NumPy, eigvalsh"
#: Largest difference of the rivals' full matrices; float32 NumPy is the less exact one.
AGREEMENT = {"float32": 1e-3, "float64": 1e-8}
_FOUND: dict[Case, object] = {}


def contests(config: pytest.Config) -> list[tuple[Case, str]]:
    chosen = []
    for case in similarity_cases(config.getoption("--quick")):
        chosen += [(case, NUMPY), (case, OURS)]
        if case.measure == "cca" and case.units == 128 and case.dtype == "float32" and case.threads == 1:
            chosen.append((case, BY_EIGENVALUES))
    return chosen


def bench_all_pairs(case: Case, backend: str, compete) -> None:
    data = case.data

    def check() -> tuple[object, object]:
        return _whole(case, backend, checked_data(case)), expected(case)

    if case.scope == "whole":
        found = compete(case, backend, lambda: _whole(case, backend, data), check)
    else:
        prepared = _prepared(case, backend)
        found = compete(case, backend, lambda: _pairs(case, backend, prepared), check)
    first = _FOUND.setdefault(case, found)
    assert largest_error(found, first) <= AGREEMENT[case.dtype], f"{backend} differs from its rival on the whole matrix"


def _whole(case: Case, backend: str, data: list[np.ndarray]) -> object:
    measure = MEASURES[case.measure]
    if backend == OURS:
        return measure.ours(data, case.threads)
    return _pairs(case, backend, measure.prepare(data, case.threads))


def _pairs(case: Case, backend: str, prepared: object) -> object:
    measure = MEASURES[case.measure]
    if backend == OURS:
        return measure.ours(prepared, case.threads)
    rival = peers.cca_by_eigenvalues if backend == BY_EIGENVALUES else measure.rival
    return rival(prepared, case.threads)


def _prepared(case: Case, backend: str) -> object:
    how = _prepare_each if backend == OURS else MEASURES[case.measure].prepare
    return _prepared_by(how, replace(case, measure="pwcca", scope="pairs", threads=1))


def _prepare_each(data: list[np.ndarray]) -> list[pyrnnsim.Representation]:
    return [pyrnnsim.prepare(x) for x in data]


@lru_cache(maxsize=2)
def _prepared_by(how: Callable, population: Case) -> object:
    return how(population.data)
