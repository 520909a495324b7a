"""The GPU pass on torch's CPU device: the same code but for the weighting kernel, which the emulation tests run."""

import numpy as np
import pytest
from reference import generators

import pyrnnsim
from pyrnnsim.similarity.call import Call
from pyrnnsim.similarity.gpu_engine import GpuTileEngine


@pytest.fixture
def on_torch(monkeypatch):
    def engine(self, left, right, plan):
        return GpuTileEngine(left, right, self.request, chunk=plan.chunk, device="cpu")

    monkeypatch.setattr(Call, "engine", engine)


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


def test_single_measures_and_two_sets(on_torch, networks, monkeypatch):
    calls = [pyrnnsim.pairwise_cca, pyrnnsim.pairwise_svcca, pyrnnsim.pairwise_cka]
    found = [call(networks) for call in calls] + [pyrnnsim.cross_distances(networks[:3], networks[3:])]
    monkeypatch.undo()
    expected = [call(networks) for call in calls] + [pyrnnsim.cross_distances(networks[:3], networks[3:])]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


def test_reports_ties(on_torch, rng):
    basis = np.linalg.qr(rng.normal(size=(100, 8)))[0]
    tied = basis[:, :4] @ rng.normal(size=(4, 4))
    other = np.hstack([basis[:, :2], basis[:, 4:6]]) @ rng.normal(size=(4, 4))
    assert pyrnnsim.pairwise_pwcca([tied, other]).report.ambiguous.tolist() == [[0, 1]]
