"""A small matrix, and how it is read."""

import numpy as np

from pyrnnsim._inputs.arrays import as_matrix, rows
from pyrnnsim._inputs.labels import Label

LABEL = Label("prepare", "rep")
X = np.random.default_rng(0).normal(size=(12, 4))
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


def matrix(value, **options):
    return as_matrix(value, LABEL, **options)


def read_all(value, dtype=F64):
    array = matrix(value)
    return rows(array, 0, len(array), dtype)


def assert_ready(array, dtype):
    assert type(array) is np.ndarray
    assert array.dtype == dtype
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.flags.aligned
