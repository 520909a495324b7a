"""Fixtures of all tests, and the tolerances they share."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import DTypeLike

#: Largest absolute error of a similarity or distance on well-conditioned data.
ATOL = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20181203)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> np.dtype:
    return np.dtype(request.param)


@pytest.fixture
def atol(dtype: DTypeLike) -> float:
    return ATOL[np.dtype(dtype)]


@pytest.fixture(scope="session")
def published_networks() -> Path:
    """Folder of the networks published with Turner et al. (2021), as safetensors; no part of this repository.

    PYRNNSIM_TEST_DATA names the folder that holds it; where it is not set, shared/data beside the checkout is tried.
    """
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PYRNNSIM_TEST_DATA", beside)) / "charting"
    if not folder.is_dir():
        pytest.skip("the published networks are not here; set PYRNNSIM_TEST_DATA to the folder that holds charting/")
    return folder


def _missing_gpu() -> str:
    """Why no kernel can run on a GPU here; empty where one can."""
    try:
        cuda = importlib.import_module("pyrnnsim._cuda")
    except ImportError:
        return "built without the CUDA extension"
    return "" if cuda.device_count() > 0 else f"no CUDA device ({cuda.status()})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    reason = _missing_gpu() if marked else ""
    for item in marked:
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
