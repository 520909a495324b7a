"""How often input that costs something to get is got: once to learn its shape, once to prepare, once per pass."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from reference import generators

import pyrnnsim

NETWORKS, SAMPLES, UNITS = 12, 5000, 10  # of 400 kB in float64
METRICS = ["cca", "svcca", "svcca:n_components=3", "pwcca", "cka", "cka:debiased=True", "procrustes"]


@pytest.fixture(scope="module")
def arrays():
    return list(generators.population(np.random.default_rng(5), NETWORKS, SAMPLES, UNITS))


class Lazy:
    """Makes a network, or hands out a prepared one, whenever it is asked for one, and counts."""

    def __init__(self, arrays):
        self.arrays, self.loads = arrays, Counter()

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        self.loads[index] += 1
        one = self.arrays[index]
        return one.copy() if isinstance(one, np.ndarray) else one


class OnDisk:
    """Stands for an HDF5 dataset, and counts the rows read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.rows_read = array, array.shape, array.dtype, 0

    def __getitem__(self, key):
        part = self.array[key]
        self.rows_read += len(part)
        return part

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("read as a whole")


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("metric", METRICS)
def test_networks_that_fit_are_loaded_twice(arrays, metric, n_jobs, tmp_path):
    lazy = Lazy(arrays)
    pyrnnsim.pairwise_distances(lazy, metric=metric, n_jobs=n_jobs, max_memory="1GB", out=tmp_path / "d.npy")
    assert set(lazy.loads.values()) == {2}, "for its shape, and to be prepared"


@pytest.mark.parametrize("metric", METRICS)
def test_rows_that_fit_are_read_once(arrays, metric, tmp_path):
    datasets = [OnDisk(one) for one in arrays]
    pyrnnsim.pairwise_distances(datasets, metric=metric, max_memory="1GB", out=tmp_path / "d.npy")
    assert {one.rows_read for one in datasets} == {SAMPLES}


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("metric", ["cca", "pwcca", "cka"])
def test_networks_that_do_not_fit_are_loaded_once_per_pass(arrays, metric, n_jobs):
    counts, memories = [], (3_600_000, 4_100_000, 4_600_000)
    for memory in memories:
        assert NETWORKS * arrays[0].nbytes > memory
        lazy = Lazy(arrays)
        pyrnnsim.pairwise_distances(lazy, metric=metric, n_jobs=n_jobs, max_memory=memory)
        counts.append(lazy.loads)
    # A tile is a pair here, and its networks take eight times their size; the rest holds further networks of a pass.
    for memory, loads in zip(memories, counts, strict=True):
        band = 1 + max(0, memory - 8 * arrays[0].nbytes - 3 * 8 * UNITS**2 * NETWORKS) // (1.2 * arrays[0].nbytes)
        assert max(loads.values()) <= 2 + math.ceil(NETWORKS / band)
    assert sum(counts[2].values()) < sum(counts[0].values())


def test_permuted_networks_are_loaded_no_more_often_than_others(arrays):
    lazy = Lazy(arrays)
    options = {"metric": "cca", "permutations": 1, "max_memory": "4.5MB"}
    found = pyrnnsim.chance_similarity(lazy, **options)
    assert max(lazy.loads.values()) <= 3 + NETWORKS // 2  # once more, for the number of samples
    np.testing.assert_array_equal(found, pyrnnsim.chance_similarity(arrays, **{**options, "max_memory": "1GB"}))


def test_prepared_elements_are_loaded_once_for_their_factors(arrays):
    lazy = Lazy([pyrnnsim.prepare(one) for one in arrays])
    pyrnnsim.pairwise_cca(lazy, max_memory="1GB")
    assert max(lazy.loads.values()) <= 3


def test_lazy_and_resident_networks_give_the_same_bits_in_any_memory(arrays, tmp_path: Path):
    expected = pyrnnsim.pairwise(arrays)
    for memory in ("1.5MB", "3MB", "1GB"):
        found = pyrnnsim.pairwise(Lazy(arrays), max_memory=memory, n_jobs=2, out=tmp_path / f"{memory}.npy")
        for name, matrix in expected.items():
            np.testing.assert_array_equal(found[name], matrix)
