"""Principal axes of visited states: orthonormal, in a fixed order and sign, and of the variance they claim."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from matplotlib.figure import Figure

from pyrnnsim import FixedPoints, Population, Trajectories, TrajectorySet, find_fixed_points, pca_trajectories
from pyrnnsim.dynamics.principal import principal_axes
from pyrnnsim.figures import trajectory_panels
from pyrnnsim.tasks import SineWave


@pytest.fixture(scope="module")
def population() -> Population:
    """Unequal widths, an lstm with twice as many entries in its state, both float types."""
    made = Population.create(["vanilla", "lstm"], ["tanh"], [5, 7], [0], inputs=2, outputs=1, gain=1.8)
    return made + Population.create(["gru"], ["relu"], [2], [0], inputs=2, outputs=1, dtype="float64")


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 30, 2))


@pytest.fixture(scope="module")
def points(population) -> FixedPoints:
    return find_fixed_points(population, [[0.0, 0.0], [0.5, 0.1]], n_starts=40)


@pytest.fixture(scope="module")
def found(population, inputs, points) -> Trajectories:
    return pca_trajectories(population, inputs, fixed_points=points)


def visited(population, inputs, k) -> np.ndarray:
    return population[[k]].states(inputs)[0][0].astype(float)


def test_axes_are_the_eigenvectors_of_the_covariance(population, inputs, found):
    for k, one in enumerate(found):
        flat = visited(population, inputs, k).reshape(-1, population[k].state_size)
        values, vectors = np.linalg.eigh(np.cov(flat.T, bias=True))
        count = min(3, population[k].state_size)
        np.testing.assert_allclose(one.explained, (values[::-1] / values.sum())[:count], atol=1e-12)
        overlap = np.abs(one.axes @ vectors[:, ::-1][:, :count])
        np.testing.assert_allclose(overlap, np.eye(count), atol=1e-6)
        np.testing.assert_allclose(one.axes @ one.axes.T, np.eye(count), atol=1e-13)
        np.testing.assert_allclose(one.mean, flat.mean(axis=0), atol=1e-14)
        largest = np.abs(one.axes).argmax(axis=1)
        assert (one.axes[np.arange(count), largest] > 0).all()
        assert (np.diff(one.explained) <= 0).all()


def test_projections_and_reconstruction(population, inputs, points):
    whole = pca_trajectories(population, inputs, dimensions=100, fixed_points=points)
    for k, one in enumerate(whole):
        states = visited(population, inputs, k)
        assert one.axes.shape == (population[k].state_size,) * 2
        np.testing.assert_allclose(one.trials @ one.axes + one.mean, states, atol=1e-12)
        np.testing.assert_allclose(one.trials, one.project(states), atol=1e-12)
        np.testing.assert_allclose(one.explained.sum(), 1)
        expected = np.concatenate([found.states[found.fixed] for found in points[k]])
        np.testing.assert_allclose(one.points @ one.axes + one.mean, expected, atol=1e-12)
        kinds = np.concatenate([found.unstable_modes[found.fixed] for found in points[k]])
        np.testing.assert_array_equal(one.unstable_modes, kinds)
        assert np.bincount(one.condition, minlength=2).tolist() == [int(found.fixed.sum()) for found in points[k]]


def test_axes_of_given_states(population, inputs, rng):
    direction = rng.normal(size=5)
    direction /= np.linalg.norm(direction)
    line = 0.3 + rng.normal(size=(50, 1)) * direction
    one = pca_trajectories(population[[0]], inputs, dimensions=1, states=line)[0]
    assert abs(abs(one.axes[0] @ direction) - 1) < 1e-12
    np.testing.assert_allclose(one.explained, 1)
    np.testing.assert_allclose(one.mean, line.mean(axis=0))
    np.testing.assert_allclose(one.trials[..., 0], (visited(population, inputs, 0) - one.mean) @ one.axes[0])
    each = [rng.normal(size=(9, network.state_size)) for network in population]
    many = pca_trajectories(population, inputs, states=each)
    np.testing.assert_allclose(many[3].mean, each[3].mean(axis=0))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_fewer_states_than_axes_still_give_a_basis(rng, count):
    made = principal_axes(rng.normal(size=(count, 6)), 5)
    np.testing.assert_allclose(made.axes @ made.axes.T, np.eye(5), atol=1e-13)
    np.testing.assert_allclose(made.variance[max(count - 1, 0) :], 0, atol=1e-28)


def test_states_that_do_not_vary(inputs):
    still = Population.from_arrays("vanilla", "tanh", w_rec=np.zeros((1, 1, 3, 3)), w_in=np.zeros((1, 1, 3, 2)))
    one = pca_trajectories(still, inputs)[0]
    assert (one.explained == 0).all() and (one.trials == 0).all() and one.plot().axes


def test_faint_directions_are_seen(rng):
    """Their variances lie 1e-20 and 1e-23 below the first, out of the reach of a covariance matrix."""
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    made = principal_axes(rng.normal(size=(200, 4)) * [1, 1e-4, 1e-10, 3e-12] @ basis, 4)
    np.testing.assert_allclose(np.abs(np.diag(made.axes @ basis.T)), 1, atol=1e-2)


def test_each_network_is_on_its_own(population, inputs, found):
    alone = pca_trajectories(population[[2]], inputs, n_jobs=1)[0]
    np.testing.assert_array_equal(alone.axes, found[2].axes)
    np.testing.assert_array_equal(alone.trials, found[2].trials)


def test_a_task_gives_its_probe_inputs():
    task = SineWave(steps=20)
    population = Population.create(["gru"], ["tanh"], [4], [0], task=task)
    one = pca_trajectories(population, task)[0]
    assert one.trials.shape == (*task.probe_inputs().shape[:2], 3)


def test_one_unit_one_trial_one_step():
    population = Population.create(["vanilla"], ["tanh"], [1], [0], inputs=1, outputs=1)
    one = pca_trajectories(population, np.ones((1, 1, 1)))[0]
    assert one.trials.shape == (1, 1, 1) and one.axes.tolist() == [[1.0]]
    assert one.plot().axes


def test_tables_files_and_figures(found, tmp_path):
    assert len(found.frame) == 5 and len(found[0].frame) == 3
    assert found.rows[4]["axis_2"] is None  # two units
    assert "4 trials of 30 steps" in repr(found) and "fixed points" in repr(found[0]) and "axis_0" in str(found)
    found.save(tmp_path / "trajectories")
    again = Trajectories.load(tmp_path / "trajectories")
    for one, two in zip(found, again, strict=True):
        for field in fields(TrajectorySet):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))
    assert len(found.plot().axes) == 5 and found[0].plot().axes[0].name == "3d"
    plane = Figure().add_subplot()
    assert found[0].plot(ax=plane) is plane.get_figure() and len(plane.lines) == 4 + len(found[0].points)
    assert trajectory_panels(Trajectories(found.sets[:1])).axes
    with pytest.raises(ValueError, match="ax is for one network, got 5"):
        found.plot(ax=plane)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"inputs": np.zeros((3, 2))}, ValueError, r"inputs must be \(B, T, M\)"),
        ({"inputs": np.zeros((3, 4, 1))}, ValueError, "takes M = 2 inputs"),
        ({"inputs": np.zeros((0, 4, 2))}, ValueError, "inputs hold no step"),
        ({"inputs": np.full((1, 4, 2), np.nan)}, ValueError, "inputs hold NaN"),
        ({"dimensions": 0}, ValueError, "dimensions must be an int from 1"),
        ({"dimensions": 2.0}, TypeError, "dimensions must be an int from 1"),
        ({"states": np.zeros((4, 3))}, ValueError, "states of network"),
        ({"states": np.zeros((0, 5))}, ValueError, "are empty"),
        ({"fixed_points": []}, TypeError, "must be what find_fixed_points returns, all of it, got list"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
    ],
)
def test_bad_options(population, inputs, change, error, match):
    with pytest.raises(error, match="pca_trajectories: .*" + match):
        pca_trajectories(population, **{"inputs": inputs, **change})


def test_a_function_has_no_trials(inputs):
    with pytest.raises(TypeError, match="pca_trajectories: expected a Population"):
        pca_trajectories(lambda h, x: h, inputs)
