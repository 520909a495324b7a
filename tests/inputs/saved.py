"""A small matrix in a file, and how it is compared."""

import re

import numpy as np
import pytest

from pyrnnsim._inputs.collection import collect

X = np.random.default_rng(0).normal(size=(12, 4))


def gather(reps, **options):
    return collect(reps, caller="compare", **options)


def refused(reps, text, error=ValueError):
    return pytest.raises(error, match=re.escape(f"compare: {text}"))


def save(path, array):
    np.save(path, array)
    return path
