"""The GPU pass on torch's CPU device: the same code but for the weighting kernel, which the emulation tests run."""

import numpy as np
import pytest
from reference import generators

import pyrnnsim
from pyrnnsim.similarity.call import Call
from pyrnnsim.similarity.gpu_engine import GpuTileEngine


def _on_torch(call, left, right, plan):
    return GpuTileEngine(left, right, call.request, chunk=plan.chunk, device="cpu")


@pytest.fixture
def on_torch(monkeypatch):
    monkeypatch.setattr(Call, "engine", _on_torch)


@pytest.fixture
def networks(rng):
    return [x for n in (5, 12, 12, 20) for x in generators.population(rng, 2, 150, n)]


@pytest.mark.parametrize("options", [{}, {"side": "first"}, {"norm": "l2"}, {"n_components": 3}])
def test_equals_the_native_pass(on_torch, networks, options, monkeypatch):
    ours = pyrnnsim.pairwise(networks, **options)
    monkeypatch.undo()
    native = pyrnnsim.pairwise(networks, **options)
    for name, matrix in native.items():
        np.testing.assert_allclose(ours[name], matrix, atol=1e-7 if name == "procrustes" else 1e-10)


def test_float32_pairs_that_need_more_digits_are_solved_again(on_torch, rng, monkeypatch):
    base = generators.population(rng, 3, 400, 12)
    reps = [one.astype(np.float32) for one in (*base, base[0] @ _turned(rng, 12, 1.0))]
    ours = pyrnnsim.pairwise(reps)
    monkeypatch.undo()
    for name, matrix in pyrnnsim.pairwise(reps).items():
        np.testing.assert_allclose(ours[name], matrix, atol=1e-6, err_msg=name)
    assert ours["procrustes"].report.refined > 0


def test_single_measures_and_two_sets(on_torch, networks, monkeypatch):
    calls = [pyrnnsim.pairwise_cca, pyrnnsim.pairwise_svcca, pyrnnsim.pairwise_cka]
    found = [call(networks) for call in calls] + [pyrnnsim.cross_distances(networks[:3], networks[3:])]
    monkeypatch.undo()
    expected = [call(networks) for call in calls] + [pyrnnsim.cross_distances(networks[:3], networks[3:])]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


def tied(rng, rho, units, dtype=np.float64, condition=1.0, samples=300):
    """Two networks with these canonical correlations, and others that are independent where units are left."""
    n, (a, b) = len(rho), units
    basis = np.linalg.qr(rng.normal(size=(samples, a + b)))[0]
    basis = np.linalg.qr(basis - basis.mean(0))[0]
    x, y = basis[:, :a], basis[:, a:].copy()
    y[:, :n] = x[:, :n] * rho + y[:, :n] * np.sqrt(1 - np.square(rho))
    return [(one @ _turned(rng, one.shape[1], condition)).astype(dtype) for one in (x, y)]


def _turned(rng, units, condition):
    left, right = (np.linalg.qr(rng.normal(size=(units, units)))[0] for _ in range(2))
    return left * condition ** -np.linspace(0, 1, units) @ right


SPECTRA = {
    "apart": [0.9, 0.7, 0.5, 0.3],
    "tied": [0.9, 0.6, 0.6, 0.3],
    "copies": [1.0, 1.0, 1.0, 1.0],
    "ones": [1.0, 1.0, 0.5, 0.2],
    "one cluster": [0.7, 0.7, 0.7, 0.7],
    "zeros": [0.9, 0.5, 0.0, 0.0],
    "near": [0.9, 0.6 + 1e-6, 0.6, 0.3],
}


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("condition", [1.0, 100.0])
def test_reports_the_ambiguous_pairs_that_the_native_pass_reports(rng, monkeypatch, dtype, norm, condition):
    sizes = [(4, 4), (4, 9), (9, 4), (8, 12)]
    pairs = {(name, units): tied(rng, rho, units, dtype, condition) for name, rho in SPECTRA.items() for units in sizes}

    def reported():
        return {key for key, pair in pairs.items() if len(pyrnnsim.pairwise_pwcca(pair, norm=norm).report.ambiguous)}

    native = reported()
    monkeypatch.setattr(Call, "engine", _on_torch)
    assert reported() == native
    if norm == "l1":
        assert ("tied", (4, 4)) in native
    assert ("apart", (4, 4)) not in native


@pytest.mark.parametrize("condition", [1.0, 1e3])
def test_the_estimate_crosses_the_threshold_where_the_native_one_does(monkeypatch, condition):
    """Ties of every width: as far as one is reported, so is the other."""
    gaps = 10.0 ** np.arange(-15, -3, 0.25)
    pairs = [tied(np.random.default_rng(3), [0.9, 0.6 + gap, 0.6, 0.3], (4, 4), np.float64, condition) for gap in gaps]
    native = [len(pyrnnsim.pairwise_pwcca(pair).report.ambiguous) for pair in pairs]
    monkeypatch.setattr(Call, "engine", _on_torch)
    assert [len(pyrnnsim.pairwise_pwcca(pair).report.ambiguous) for pair in pairs] == native
    assert 0 < sum(native) < len(native)
