"""The CUDA kernels of the cells, emulated on the CPU, against the CPU's own."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from emulation.build import KERNELS, compile_library
from emulation.cells import emulated_jacobians, emulated_rollout
from reference.networks import SPECS, label, random_networks

from pyrnnsim import _core

SOURCES = KERNELS.parent / "cells"
TOLERANCE = {np.dtype(np.float32): 4e-6, np.dtype(np.float64): 1e-13}
every_cell = pytest.mark.parametrize("spec", SPECS, ids=label)
#: networks, units, trials, steps, inputs: single, no multiple of a warp, more than a warp, and nothing at all.
SIZES = [(2, 5, 3, 4, 2), (1, 33, 2, 3, 40), (1, 1, 1, 1, 0), (0, 3, 2, 2, 1), (2, 3, 0, 2, 1), (2, 3, 2, 0, 1)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return compile_library("cells.cpp", tmp_path_factory.mktemp("cells"), SOURCES / "cell_states_cuda.cu")


def problem(rng, spec, sizes, dtype):
    networks, units, trials, steps, inputs = sizes
    params = random_networks(rng, spec, networks=networks, units=units, inputs=inputs, outputs=1, dtype=dtype)
    return params, rng.normal(size=(networks, trials, steps, inputs)).astype(dtype)


def close(got, expected):
    tolerance = TOLERANCE[expected.dtype]
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@every_cell
@pytest.mark.parametrize("sizes", SIZES)
def test_rollout(rng, dtype, library, spec, sizes):
    params, inputs = problem(rng, spec, sizes, dtype)
    close(emulated_rollout(library, spec, params, inputs), _core.cell_rollout(spec, params, inputs, 1))
    initial = rng.normal(size=(sizes[0], sizes[2], params["h0"].shape[1])).astype(dtype)
    expected = _core.cell_rollout(spec, params, inputs, 1, initial=initial)
    close(emulated_rollout(library, spec, params, inputs, initial), expected)


@every_cell
def test_rollout_on_shared_inputs(rng, library, spec):
    params, inputs = problem(rng, spec, (3, 5, 2, 3, 2), np.dtype(float))
    close(emulated_rollout(library, spec, params, inputs[:1]), _core.cell_rollout(spec, params, inputs[:1], 1))


@every_cell
@pytest.mark.parametrize("sizes", [sizes for sizes in SIZES if sizes[3]])
def test_jacobians(rng, dtype, library, spec, sizes):
    params, inputs = problem(rng, spec, sizes, dtype)
    inputs = np.ascontiguousarray(inputs[:, :, 0])
    states = rng.normal(size=(*inputs.shape[:2], params["h0"].shape[1])).astype(dtype)
    expected = _core.cell_jacobian(spec, params, states, inputs, 1)
    for got, wanted in zip(emulated_jacobians(library, spec, params, states, inputs), expected, strict=True):
        close(got, wanted)


def test_a_forgotten_barrier_shows(rng, tmp_path):
    """The emulation notices when a warp reads masked states that another has not yet written."""
    for folder in ("cells", "common"):
        shutil.copytree(SOURCES.parent / folder, tmp_path / folder)
    header = tmp_path / "cells" / "unit_step_cuda.hpp"
    faultless = header.read_text()
    header.write_text(faultless.replace("    }\n    __syncthreads();\n  }\n", "    }\n  }\n"))
    assert header.read_text() != faultless
    library = compile_library("cells.cpp", tmp_path, tmp_path / "cells" / "cell_states_cuda.cu")
    spec = {"cell": "gru", "activation": "tanh"}
    params, inputs = problem(rng, spec, (1, 33, 1, 3, 2), np.dtype(float))
    expected = _core.cell_rollout(spec, params, inputs, 1)
    assert not np.allclose(emulated_rollout(library, spec, params, inputs), expected)
