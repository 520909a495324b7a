"""Three small networks, and whether a collection holds them."""

import numpy as np

from pyrnnsim._inputs.collection import collect

GENERATOR = np.random.default_rng(0)
REPS = [GENERATOR.normal(size=(12, units)) for units in (4, 1, 7)]
STACK = GENERATOR.normal(size=(3, 12, 5))


def gather(reps, **options):
    return collect(reps, caller="pairwise_cca", **options)


def assert_holds(collection, arrays):
    assert len(collection) == len(arrays)
    assert collection.samples == 12
    assert collection.units == tuple(np.shape(array)[1] for array in arrays)
    for i, array in enumerate(arrays):
        got = collection.rows(i)
        assert type(got) is np.ndarray
        assert got.dtype == collection.dtype
        assert got.flags.c_contiguous
        np.testing.assert_array_equal(got, np.asarray(array, dtype=collection.dtype))
        np.testing.assert_array_equal(collection.rows(i, 3, 7), got[3:7])
