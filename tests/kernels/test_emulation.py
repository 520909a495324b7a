"""CUDA kernels run on the CPU: the emulation itself, and that it notices what it must notice."""

from __future__ import annotations

import ctypes
import re

import numpy as np
import pytest
from emulation.build import COMPILER, KERNELS, compile_library
from emulation.projection_weights import emulated_weights

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler")

SUM, LANES, BARRIER_FOR_HALF, SHUFFLE_FOR_HALF, UNINITIALISED = range(5)
BARRIER = re.compile(r"^ *__syncthreads\(\);\n", re.MULTILINE)
SOURCE = KERNELS / "projection_weights_cuda.cu"


@pytest.fixture(scope="module")
def self_check(tmp_path_factory):
    return compile_library("self_check.cpp", tmp_path_factory.mktemp("self_check"))


def run(library, kernel, *, blocks=1, threads=64, shared_bytes=64, size=96):
    out = np.full(size, -1, np.int32)
    message = ctypes.create_string_buffer(200)
    pointer = out.ctypes.data_as(ctypes.c_void_p)
    if library.run(kernel, blocks, threads, shared_bytes, pointer, message, ctypes.c_size_t(len(message))):
        raise RuntimeError(message.value.decode())
    return out


def test_blocks_threads_barriers_and_shuffles(self_check):
    sums = run(self_check, SUM, blocks=3, threads=256, size=3)
    assert sums.tolist() == [256 * 255 // 2] * 3


def test_shuffles_stay_inside_their_group(self_check):
    lane = np.arange(32)
    own, neighbour, five_down = run(self_check, LANES, threads=32).reshape(3, 32)
    np.testing.assert_array_equal(own, lane // 8 * 8 + 3)
    np.testing.assert_array_equal(neighbour, lane ^ 1)
    np.testing.assert_array_equal(five_down, np.where(lane % 8 < 3, lane + 5, lane))


def test_shared_memory_starts_as_nan(self_check):
    assert run(self_check, UNINITIALISED, threads=1)[0] == 1


@pytest.mark.parametrize(
    ("kernel", "options", "message"),
    [
        (BARRIER_FOR_HALF, {}, "not reached by every thread of a block"),
        (SHUFFLE_FOR_HALF, {}, "not reached by every thread of a warp"),
        (SUM, {"blocks": 0}, "self_check: CUDA says 'invalid configuration argument'"),
        (SUM, {"threads": 1025}, "invalid configuration"),
        (SUM, {"shared_bytes": 49 * 1024}, "invalid configuration"),
    ],
)
def test_faulty_launches_are_reported(self_check, kernel, options, message):
    with pytest.raises(RuntimeError, match=message):
        run(self_check, kernel, **options)


@pytest.mark.parametrize("missing", range(len(BARRIER.findall(SOURCE.read_text()))))
def test_each_missing_barrier_gives_wrong_weights(tmp_path, rng, missing):
    text = SOURCE.read_text()
    barrier = list(BARRIER.finditer(text))[missing]
    mutant = tmp_path / "mutant.cu"
    mutant.write_text(text[: barrier.start()] + text[barrier.end() :])
    library = compile_library("projection_weights.cpp", tmp_path, mutant)
    directions, loadings = rng.normal(size=(1, 40, 70)), rng.normal(size=(1, 40, 90))
    weights = emulated_weights(library, directions, loadings, np.zeros(1, np.int32), norm=1)
    expected = np.abs(directions[0].T @ loadings[0]).sum(axis=1)
    assert not np.allclose(weights[0], expected, rtol=1e-3)
