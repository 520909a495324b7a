"""The engine for measures that are scalar products of one vector per network."""

from __future__ import annotations

import threading
import tracemalloc
from functools import partial

import numpy as np
import pytest
from reference import generators

from pyrnnsim._inputs.labels import Label
from pyrnnsim.similarity.kernels import rbf_vector
from pyrnnsim.similarity.rsa import rsa_vector
from pyrnnsim.similarity.vectors import vector_similarities

PLENTY = 10**9


class Networks:
    """A list of arrays that looks like a collection; rows may only be read in the thread that made it."""

    def __init__(self, reps, names=None):
        self.reps = reps
        self.samples = len(reps[0])
        self.units = tuple(rep.shape[1] for rep in reps)
        self.names = names or [str(i) for i in range(len(reps))]
        self.thread = threading.get_ident()
        self.read = 0

    def __len__(self):
        return len(self.reps)

    def label(self, i):
        return Label("pairwise_test", "reps", i, self.names[i])

    def rows(self, i):
        assert threading.get_ident() == self.thread
        self.read += 1
        return self.reps[i]


def compare(networks, other=None, make_vector=rbf_vector, *, max_memory=PLENTY, n_jobs=1, progress=lambda amount: None):
    return vector_similarities(
        networks, other, make_vector, max_memory=max_memory, n_jobs=n_jobs, progress_update=progress
    )


def least_memory(networks):
    """Smallest ``max_memory`` that is accepted, as the error states it."""
    with pytest.raises(MemoryError, match="expected at least") as caught:
        compare(networks, max_memory=1)
    return int(float(str(caught.value).split("at least ")[1].split(" MB")[0]) * 1.001e6)


@pytest.fixture
def reps(rng):
    """140 samples give vectors of ten pieces: more than one slab; 21 networks make tiles of 8, 8 and 5."""
    return generators.population(rng, 21, 140, [3 + i % 4 for i in range(21)])


@pytest.mark.parametrize("make_vector", [rbf_vector, partial(rbf_vector, debiased=True), rsa_vector])
def test_is_the_scalar_product_of_the_vectors(reps, make_vector):
    networks = Networks(reps)
    vectors = np.array([make_vector(rep, networks.label(i)) for i, rep in enumerate(reps)])
    similarities = compare(networks, make_vector=make_vector)
    np.testing.assert_allclose(similarities, vectors @ vectors.T, rtol=0, atol=1e-14)
    assert (similarities == similarities.T).all()
    assert (np.diag(similarities) == 1).all()
    assert similarities.dtype == np.float64


@pytest.mark.parametrize("make_vector", [rbf_vector, rsa_vector])
def test_memory_and_threads_change_no_bit(reps, make_vector):
    networks = Networks(reps)
    least = least_memory(networks)
    expected = compare(networks, make_vector=make_vector)
    assert networks.read == 21
    for max_memory in (least, int(1.3 * least), 2 * least, PLENTY):
        for n_jobs in (1, 2, 5):
            found = compare(networks, make_vector=make_vector, max_memory=max_memory, n_jobs=n_jobs)
            assert (found == expected).all(), (max_memory, n_jobs)
    assert networks.read > 12 * 21  # else nothing was ever made twice, and the test shows nothing


def test_order_of_the_networks_changes_no_bit(rng, reps):
    order = rng.permutation(len(reps))
    shuffled = compare(Networks([reps[i] for i in order]), max_memory=2 * least_memory(Networks(reps)), n_jobs=2)
    assert (shuffled == compare(Networks(reps))[np.ix_(order, order)]).all()


@pytest.mark.parametrize("split", [1, 5, 10, 20])
def test_rectangle_is_part_of_the_square(reps, split):
    square = compare(Networks(reps))
    first, second = Networks(reps[:split]), Networks(reps[split:])
    for max_memory in (least_memory(Networks(reps)), PLENTY):
        assert (compare(first, second, max_memory=max_memory, n_jobs=2) == square[:split, split:]).all()
        assert (compare(second, first, max_memory=max_memory) == square[split:, :split]).all()


def test_identical_networks_are_perfectly_similar(reps):
    assert compare(Networks([reps[0]] * 3)) == pytest.approx(np.ones((3, 3)), abs=1e-15)
    assert compare(Networks(reps[:1])).tolist() == [[1.0]]
    assert compare(Networks(reps[:1]), Networks(reps[:1]))[0, 0] <= 1.0


@pytest.mark.parametrize("samples", [2, 44, 45, 46])
def test_vectors_around_the_length_of_a_piece(rng, samples):
    """45 samples give 990 pairs and 1,035 values with the diagonal, on both sides of the 1,024 of a piece."""
    networks = Networks(generators.population(rng, 3, samples, 4))
    vectors = np.array([rbf_vector(rep, networks.label(0)) for rep in networks.reps])
    np.testing.assert_allclose(compare(networks), vectors @ vectors.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize("rectangle", [False, True])
def test_progress_adds_up_to_the_pairs(reps, rectangle):
    networks, other = Networks(reps), Networks(reps[:4]) if rectangle else None
    for max_memory in (least_memory(networks), PLENTY):
        seen = []
        compare(networks, other, max_memory=max_memory, n_jobs=2, progress=seen.append)
        assert min(seen) >= 0
        assert len(seen) > 21
        assert sum(seen) == pytest.approx(21 * 4 if rectangle else 21 * 20 / 2)


def test_memory_limit_is_kept(rng):
    networks = Networks(generators.population(rng, 12, 400, 5))
    compare(networks)  # imports
    for limit in (1.1 * least_memory(networks), 3 * least_memory(networks)):
        tracemalloc.start()
        compare(networks, make_vector=rsa_vector, max_memory=int(limit), n_jobs=4)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < limit


def test_too_little_memory_is_refused_before_any_work(reps):
    networks = Networks(reps)
    with pytest.raises(
        MemoryError, match=r"pairwise_test: max_memory is 0\.05 MB; expected at least .* MB for 140 samples"
    ):
        compare(networks, max_memory=50_000)
    assert networks.read == 0


def test_errors_of_one_network_name_it(reps):
    reps[7] = np.ones((140, 3))
    for n_jobs in (1, 3):
        with pytest.raises(ValueError, match=r"pairwise_test: reps\[7\] \('dead'\): all 140 samples are equal"):
            compare(Networks(reps, ["dead" if i == 7 else str(i) for i in range(21)]), n_jobs=n_jobs)


def test_threads_end_with_the_call(reps):
    before = threading.active_count()
    compare(Networks(reps), n_jobs=4)
    with pytest.raises(ValueError, match="equal"):
        compare(Networks([*reps, np.zeros((140, 2))]), n_jobs=4)
    assert threading.active_count() == before
