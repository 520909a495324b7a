"""Stand-ins for what users pass: a lazy sequence, a dataset on disk, a prepared representation."""

import weakref

import numpy as np
import pytest


class Prepared:
    """Stands for a prepared representation, which this layer knows by its attributes only."""

    is_prepared_representation = True

    def __init__(self, samples=12, units=4, dtype=np.float32, name=None):
        self.samples, self.units, self.dtype, self.name = samples, units, np.dtype(dtype), name


class Lazy:
    """Sequence that makes an array per access and knows how many of them are alive when it makes the next."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.alive = 0
        self.most_alive = 0
        self.loads = []

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, index):
        self.most_alive = max(self.most_alive, self.alive)
        self.loads.append(index)
        array = np.array(self.arrays[index])
        self.alive += 1
        weakref.finalize(array, self._gone)
        return array

    def _gone(self):
        self.alive -= 1


class OnDisk:
    """Stands for an HDF5 or zarr dataset: slicing reads, ``__array__`` would read everything."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.rows_read = 0

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        part = self._array[key]
        self.rows_read += part.shape[0]
        return part

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("the whole dataset was read")


@pytest.fixture
def prepared_type():
    return Prepared


@pytest.fixture
def lazy_sequence():
    return Lazy


@pytest.fixture
def slow_array():
    return OnDisk
