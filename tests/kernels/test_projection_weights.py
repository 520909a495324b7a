"""The PWCCA weighting kernel: CPU against its definition, emulated and real CUDA against both."""

from __future__ import annotations

import numpy as np
import pytest
from emulation.build import COMPILER, KERNELS, compile_library
from emulation.projection_weights import emulated_weights
from kernels.guard import run_guarded

from pyrnnsim import _core

#: pairs, rank, count, units, networks: unequal, single, around the tile sizes, and nothing at all.
SIZES = [
    (3, 5, 7, 33, 2),
    (1, 1, 1, 1, 1),
    (2, 20, 20, 50, 4),
    (1, 33, 65, 130, 1),
    (2, 64, 64, 64, 2),
    (1, 17, 8, 49, 3),
    (0, 4, 3, 5, 1),
    (2, 0, 3, 5, 1),
    (2, 4, 0, 5, 1),
    (2, 4, 3, 0, 1),
]
RTOL = {np.dtype(np.float32): 2e-6, np.dtype(np.float64): 1e-14}


def by_definition(directions, loadings, network, norm):
    """alpha of Morcos et al. (2018), section 2.2, for the network that supplies the weights; in float64."""
    products = np.einsum("prm,prj->pmj", directions.astype(float), loadings.astype(float)[network])
    return (np.abs(products) ** norm).sum(axis=2)


def problem(rng, dtype, pairs, rank, count, units, networks):
    directions = rng.normal(size=(pairs, rank, count)).astype(dtype)
    loadings = rng.normal(size=(networks, rank, units)).astype(dtype)
    return directions, loadings, rng.integers(networks, size=pairs).astype(np.int32)


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("sizes", SIZES)
def test_equals_the_definition(rng, dtype, sizes, norm):
    arguments = problem(rng, dtype, *sizes)
    weights = _core.projection_weights(*arguments, norm=norm)
    assert weights.dtype == np.float64
    assert weights.shape == (sizes[0], sizes[2])
    np.testing.assert_allclose(weights, by_definition(*arguments, norm), rtol=RTOL[dtype])


def test_sums_over_units_in_double(rng):
    directions = np.ones((1, 1, 1), np.float32)
    loadings = np.full((1, 1, 100_000), 0.1, np.float32)
    weights = _core.projection_weights(directions, loadings, np.zeros(1, np.int32), norm=1)
    assert weights[0, 0] == pytest.approx(100_000 * float(np.float32(0.1)), rel=1e-12)


@pytest.mark.parametrize("norm", [1, 2])
def test_squares_of_large_float32_products_do_not_overflow(norm):
    directions = np.full((1, 1, 1), 1e30, np.float32)
    loadings = np.ones((1, 1, 1), np.float32)
    weights = _core.projection_weights(directions, loadings, np.zeros(1, np.int32), norm=norm)
    assert weights[0, 0] == pytest.approx(float(np.float32(1e30)) ** norm, rel=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_directions_reach_their_own_weight_only(rng, dtype, bad):
    directions, loadings, network = problem(rng, dtype, 1, 9, 21, 35, 1)
    expected = by_definition(directions, loadings, network, 1)
    directions[0, 4, 13] = bad
    weights = _core.projection_weights(directions, loadings, network, norm=1)
    assert np.isnan(weights[0, 13]) if np.isnan(bad) else weights[0, 13] == np.inf
    np.testing.assert_allclose(np.delete(weights[0], 13), np.delete(expected[0], 13), rtol=RTOL[dtype])


def test_a_pair_does_not_depend_on_its_neighbours(rng, dtype):
    directions, loadings, network = problem(rng, dtype, 5, 30, 23, 41, 3)
    together = _core.projection_weights(directions, loadings, network, norm=1)
    for pair in range(5):
        alone = _core.projection_weights(directions[pair : pair + 1], loadings, network[pair : pair + 1], norm=1)
        np.testing.assert_array_equal(alone[0], together[pair])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"directions": np.zeros((3, 4))}, r"directions must be \(pairs, rank, count\), got \(3, 4\)"),
        ({"loadings": np.zeros((1, 5, 6))}, r"loadings must be \(networks, 4, units\), got \(1, 5, 6\)"),
        ({"network": np.zeros(3, np.int32)}, r"network must be \(2,\), got \(3,\)"),
        ({"network": np.array([0, 1], np.int32)}, r"network\[1\] is 1, expected 0 to 0"),
        ({"network": np.array([-1, 0], np.int32)}, r"network\[0\] is -1"),
        ({"norm": 3}, "norm must be 1 or 2, got 3"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {
        "directions": np.zeros((2, 4, 3)),
        "loadings": np.zeros((1, 4, 6)),
        "network": np.zeros(2, np.int32),
        "norm": 1,
    }
    with pytest.raises(ValueError, match=f"projection_weights: {message}"):
        _core.projection_weights(**(arguments | change))


def test_mixed_dtypes_and_other_layouts_are_refused(rng):
    directions, loadings, network = problem(rng, np.float64, 1, 3, 4, 5, 1)
    for wrong in (directions.astype(np.float32), directions.transpose(0, 2, 1), directions.astype(int)):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _core.projection_weights(wrong, loadings, network, norm=1)


def test_nothing_is_read_beyond_the_arrays():
    """Both operands end at the end of a page that is followed by one nobody may touch."""
    script = """
        for dtype in (np.float32, np.float64):
            for rank, count, units in ((5, 7, 33), (1, 1, 1), (16, 8, 49), (3, 21, 50)):
                directions = guarded(np.ones((1, rank, count), dtype))
                loadings = guarded(np.ones((1, rank, units), dtype))
                weights = _core.projection_weights(directions, loadings, np.zeros(1, np.int32), norm=1)
                assert (weights == rank * units).all()
    """
    run_guarded(script)


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    if COMPILER is None:
        pytest.skip("needs a C++ compiler")
    kernel = KERNELS / "projection_weights_cuda.cu"
    return compile_library("projection_weights.cpp", tmp_path_factory.mktemp("emulated"), kernel)


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("sizes", SIZES)
def test_emulated_cuda_equals_the_definition_and_the_cpu(emulated, rng, dtype, sizes, norm):
    arguments = problem(rng, dtype, *sizes)
    weights = emulated_weights(emulated, *arguments, norm)
    np.testing.assert_allclose(weights, by_definition(*arguments, norm), rtol=RTOL[dtype])
    np.testing.assert_allclose(weights, _core.projection_weights(*arguments, norm=norm), rtol=RTOL[dtype])


def test_emulated_cuda_keeps_infinity_in_its_own_weight(emulated, rng, dtype):
    directions, loadings, network = problem(rng, dtype, 1, 9, 21, 35, 1)
    directions[0, 4, 13] = np.inf
    weights = emulated_weights(emulated, directions, loadings, network, 1)
    assert np.flatnonzero(~np.isfinite(weights[0])).tolist() == [13]
    assert weights[0, 13] == np.inf


@pytest.mark.gpu
@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("sizes", SIZES)
def test_cuda_equals_the_definition(rng, dtype, sizes, norm):
    torch = pytest.importorskip("torch")
    from pyrnnsim import _cuda

    arguments = problem(rng, dtype, *sizes)
    directions, loadings, network = (torch.from_numpy(a).cuda() for a in arguments)
    pairs, rank, count, units, _ = sizes
    weights = torch.full((pairs, count), torch.nan, dtype=torch.float64, device="cuda")
    _cuda.projection_weights(
        dtype=dtype.name, device=weights.get_device(), stream=torch.cuda.current_stream().cuda_stream,
        directions=directions.data_ptr(), direction_stride=count, loadings=loadings.data_ptr(), loading_stride=units,
        network=network.data_ptr(), weights=weights.data_ptr(),
        pairs=pairs, count=count, rank=rank, units=units, norm=norm,
    )  # fmt: skip
    np.testing.assert_allclose(weights.cpu().numpy(), by_definition(*arguments, norm), rtol=RTOL[dtype])
