"""The same bits whatever the threads, the tiles, the memory, the order of the networks, or where a run was resumed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference

import pyrnnsim
from pyrnnsim import _core
from pyrnnsim.similarity import call, engine, plan

WIDTHS = [1, 2, 7, 8, 15, 16, 17, 31, 33, 40, 41, 47, 48, 49, 64, 96, 100, 129]
CORE = ("cca", "svcca", "pwcca", "cka", "procrustes")


def population(dtype, widths=WIDTHS, samples=801, seed=5):
    """Networks of many widths; the last two are another one turned, and one of lower rank: ties, zeros and ones."""
    rng = np.random.default_rng(seed)
    reps = generators.population(rng, len(widths), samples, list(widths))
    reps += [reps[7] @ generators.mixing(rng, widths[7]), np.hstack([reps[3], reps[3][:, :2]])]
    return [rep.astype(dtype) for rep in reps]


def everything(reps, **options):
    """All five measures in one pass, and those that alone take another way: leading directions, centred activity."""
    found = pyrnnsim.pairwise(reps, side="first", **options)
    found["svcca alone"] = pyrnnsim.pairwise_svcca(reps, n_components=9, **options)
    found["cca alone"] = pyrnnsim.pairwise_cca(reps, **options)
    found["cka alone"] = pyrnnsim.pairwise_cka(reps, **options)
    found["cka debiased"] = pyrnnsim.pairwise_cka(reps, debiased=True, **options)
    return {name: np.asarray(matrix) for name, matrix in found.items()}


@pytest.fixture(scope="module")
def base():
    made = {}
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        reps = population(dtype)
        made[dtype] = reps, everything(reps, n_jobs=1)
    return made


def assert_same_bits(found, expected):
    different = [name for name in expected if not np.array_equal(found[name], expected[name])]
    assert different == []


@pytest.fixture
def plans(monkeypatch):
    """Every plan that is made during a test."""
    made = []

    def remember(*arguments, **options):
        made.append(plan.make_plan(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(call, "make_plan", remember)
    return made


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 8])
def test_any_number_of_threads(base, dtype, n_jobs):
    reps, expected = base[dtype]
    assert_same_bits(everything(reps, n_jobs=n_jobs), expected)


@pytest.mark.parametrize("columns", [1, 129, 300])
def test_any_width_of_tiles(base, dtype, monkeypatch, plans, columns):
    monkeypatch.setattr(plan, "_TILE_COLUMNS", columns)
    reps, expected = base[dtype]
    assert_same_bits(everything(reps, n_jobs=2), expected)
    assert len(plans[0].left) > 2


@pytest.mark.parametrize("networks", [1, 5])
def test_any_number_of_networks_in_a_tile(base, dtype, monkeypatch, plans, networks):
    monkeypatch.setattr(plan, "_MOST_NETWORKS", networks)
    reps, expected = base[dtype]
    assert_same_bits(everything(reps, n_jobs=2), expected)
    assert all(np.diff(one.left).max() <= networks for one in plans)


def test_bases_made_again_for_every_tile(base, dtype, monkeypatch, plans):
    monkeypatch.setattr(call, "holds", lambda *_: False)
    monkeypatch.setattr(plan, "_TILE_COLUMNS", 250)
    reps, expected = base[dtype]
    assert_same_bits(everything(reps, n_jobs=2), expected)
    assert not any(one.hold for one in plans)


def test_little_memory_streams_the_samples(dtype, plans):
    reps = population(dtype, (33, 8, 40, 17, 33, 20, 1, 12), samples=6050)
    expected = everything(reps, n_jobs=1)
    assert all(one.hold and one.chunk == 6050 for one in plans)
    plans.clear()
    assert_same_bits(everything(reps, n_jobs=2, max_memory=500_000 * dtype.itemsize + 400_000), expected)
    assert not any(one.hold for one in plans)
    cut = [one for one in plans if one.chunk < 6050]
    assert len(cut) == len(plans) - 1, "the leading directions of SVCCA alone fit"
    assert all(one.chunk % _core.SAMPLE_BLOCK == 0 for one in cut)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_the_networks(base, dtype, monkeypatch, seed):
    monkeypatch.setattr(plan, "_TILE_COLUMNS", 300)
    reps, expected = base[dtype]
    order = np.random.default_rng(seed).permutation(len(reps)) if seed else np.arange(len(reps))[::-1]
    found = everything([reps[i] for i in order], n_jobs=2)
    back = np.argsort(order)
    assert_same_bits({name: matrix[np.ix_(back, back)] for name, matrix in found.items()}, expected)


def test_the_order_of_networks_that_begin_alike(dtype):
    """Spike trains of equal counts and equal first samples: sums are exact, so only later samples tell them apart."""
    rng = np.random.default_rng(3)
    spikes = rng.permuted(np.repeat([0, 1], 256)[:, None].repeat(12, axis=1), axis=0).astype(dtype)
    late = spikes.copy()
    late[100:] = late[100:][rng.permutation(412)]
    reps = [spikes, late, *population(dtype, (12, 12, 5, 9, 12, 1, 2, 3), samples=512)]
    expected = everything(reps)
    found = everything(reps[::-1])
    assert_same_bits({name: matrix[::-1, ::-1] for name, matrix in found.items()}, expected)


def test_the_order_of_exact_copies(dtype):
    reps = population(dtype, WIDTHS)
    reps += [rep.copy() for rep in reps]
    expected = everything(reps)
    found = everything(reps[::-1])
    assert_same_bits({name: matrix[::-1, ::-1] for name, matrix in found.items()}, expected)


def test_three_runs(base, dtype):
    reps, expected = base[dtype]
    for _ in range(3):
        assert_same_bits(everything(reps), expected)


def test_an_array_to_fill(base, dtype):
    reps, expected = base[dtype]
    out = np.full((len(reps), len(reps)), 7.0)
    found = pyrnnsim.pairwise_pwcca(reps, side="first", out=out)
    assert np.shares_memory(found, out)
    np.testing.assert_array_equal(out, expected["pwcca"])


@pytest.mark.parametrize("broken_after", [0, 1, 4, 9])
def test_a_resumed_run(base, dtype, monkeypatch, plans, tmp_path, broken_after):
    monkeypatch.setattr(plan, "_TILE_COLUMNS", 200)
    reps, expected = base[dtype]
    compute, calls = engine.TileEngine.compute, []

    def breaking(self, rows, columns):
        if len(calls) == broken_after:
            raise KeyboardInterrupt
        calls.append(1)
        return compute(self, rows, columns)

    def going_on(self, rows, columns):
        calls.append(1)
        return compute(self, rows, columns)

    out = tmp_path / "d.npy"
    monkeypatch.setattr(engine.TileEngine, "compute", breaking)
    with pytest.raises(KeyboardInterrupt):
        pyrnnsim.pairwise_pwcca(reps, side="first", out=out, n_jobs=1)
    monkeypatch.setattr(engine.TileEngine, "compute", going_on)
    monkeypatch.setattr(plan, "_TILE_COLUMNS", 150)  # memory differs today
    found = pyrnnsim.pairwise_pwcca(reps, side="first", out=out, n_jobs=3)
    np.testing.assert_array_equal(found, expected["pwcca"])
    np.testing.assert_array_equal(np.load(out), expected["pwcca"])
    assert len(calls) == len(list(plans[0].tiles(triangular=True))) > broken_after  # no tile twice
    whole = pyrnnsim.pairwise_pwcca(reps, side="first").report
    np.testing.assert_array_equal(found.report.ambiguous, whole.ambiguous)
    assert found.report.refined == whole.refined


def test_one_pass_and_single_functions_share_these_bits(base, dtype):
    """PWCCA goes the same way alone; the others need no vectors or bases then, and other pairs are refined."""
    reps, expected = base[dtype]
    np.testing.assert_array_equal(pyrnnsim.pairwise_pwcca(reps, side="first"), expected["pwcca"])
    if dtype == np.float64:  # nothing is refined
        np.testing.assert_array_equal(pyrnnsim.pairwise_procrustes(reps), expected["procrustes"])


class TestTwoSets:
    @pytest.mark.parametrize("metric", [*CORE, "cka:debiased=True"])
    def test_any_order_threads_and_tiles(self, dtype, monkeypatch, metric):
        reps = population(dtype)
        a, b = reps[::2], reps[1::2]
        expected = np.asarray(pyrnnsim.cross_distances(a, b, metric=metric, n_jobs=1))
        monkeypatch.setattr(plan, "_TILE_COLUMNS", 200)
        monkeypatch.setattr(call, "holds", lambda *_: False)
        found = pyrnnsim.cross_distances(a[::-1], b[::-1], metric=metric, n_jobs=3)
        np.testing.assert_array_equal(found[::-1, ::-1], expected)

    @pytest.mark.parametrize("metric", [*CORE, "cka:debiased=True", "pwcca:side=first", "pwcca:side=smaller"])
    def test_the_square_matrix_has_the_same_values_to_rounding(self, dtype, atol, metric):
        """Not the same bits: the square one may compute pair (i, j) as (j, i)."""
        reps = population(dtype)[:18]
        whole = pyrnnsim.pairwise_distances(reps, metric=metric)
        found = pyrnnsim.cross_distances(reps[:7], reps[7:], metric=metric)
        np.testing.assert_allclose(found, whole[:7, 7:], rtol=0, atol=atol)


SCRIPT = """
import sys
import numpy as np
sys.path[:0] = sys.argv[3:]
from similarity_determinism import everything, population
from pyrnnsim import _core
assert _core.chosen_isa() == sys.argv[1]
for dtype in (np.float32, np.float64):
    reps = population(dtype)
    first, second = everything(reps, n_jobs=1), everything(reps[::-1], n_jobs=3)
    different = [name for name in first if not np.array_equal(first[name], second[name][::-1, ::-1])]
    assert different == [], f"{dtype}: {different}"
    np.savez(f"{sys.argv[2]}/{np.dtype(dtype).name}.npz", **first)
"""


@pytest.mark.parametrize("isa", _core.available_isas())
def test_every_instruction_set(base, tmp_path, pytestconfig, isa):
    """Each agrees with itself to the bit, and with the others and the reference to rounding."""
    (tmp_path / "similarity_determinism.py").write_bytes(Path(__file__).read_bytes())
    paths = [str(tmp_path), str(pytestconfig.rootpath / "tests")]
    command = [sys.executable, "-c", SCRIPT, isa, str(tmp_path), *paths]
    done = subprocess.run(command, env={**os.environ, "PYRNNSIM_ISA": isa}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for dtype, (reps, expected) in base.items():
        found, atol = np.load(tmp_path / f"{dtype.name}.npz"), 1e-5 if dtype == np.float32 else 1e-10
        small = len(WIDTHS)  # the networks after these are copies: small angles and ties, where rounding shows
        for name, matrix in expected.items():
            np.testing.assert_allclose(found[name][:small, :small], matrix[:small, :small], rtol=0, atol=atol)
        assert found["cca"][9, 14] == pytest.approx(1 - reference.mean_cca(reps[9], reps[14]), abs=atol)
        assert found["pwcca"][14, 9] == pytest.approx(1 - reference.pwcca(reps[14], reps[9]), abs=atol)
