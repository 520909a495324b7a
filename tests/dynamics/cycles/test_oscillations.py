"""Linear frequency against command, of networks whose frequency at each command is known."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import FixedPoints, Oscillations, Population, find_fixed_points, oscillations
from pyrnnsim.dynamics.cycles.oscillations import oscillatory_mode
from pyrnnsim.figures import plot_oscillations
from pyrnnsim.tasks import FlipFlop, SineWave

TASK = SineWave(steps=100)


def gate(command, slope, offset):
    return 1 / (1 + np.exp(-(slope * command + offset)))


def cued(beta: float, slope: float, offset: float, *, copies: int = 1, dtype="float64") -> Population:
    """A ugrnn that turns about the origin at any command, the faster the wider its gate is open.

    h' = g h + (1 - g) tanh(W h) with g = sigmoid(slope x + offset) and W = [[1, -beta], [beta, 1]]: the eigenvalues at
    the origin, the only fixed point, are 1 +- i (1 - g) beta. Copies repeat the pair, each with a random sign.
    """
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=2 * copies)
    weights = np.kron(np.ones((copies, copies)) / copies, [[1.0, -beta], [beta, 1.0]]) * np.outer(signs, signs)
    size = 2 * copies
    return Population.from_arrays(
        "ugrnn",
        "tanh",
        w_rec=np.stack([weights, np.zeros((size, size))])[None],
        w_in=np.stack([np.zeros((size, 1)), np.full((size, 1), slope)])[None],
        b=np.stack([np.zeros(size), np.full(size, offset)])[None],
        w_out=np.ones((1, 1, size)),
        names=[f"cued {size}"],
        dtype=dtype,
    )


def expected(beta, slope, offset, commands):
    return np.arctan((1 - gate(commands, slope, offset)) * beta) / (2 * np.pi)


@pytest.fixture(scope="module")
def population() -> Population:
    """Two widths."""
    return cued(0.5, -1.0, 0.5) + cued(0.8, 1.5, -1.0, copies=3)


@pytest.fixture(scope="module")
def found(population) -> Oscillations:
    return oscillations(population, TASK, n_starts=30)


def test_frequencies_are_those_of_the_closed_form(found):
    commands = TASK.condition_inputs()[:, 0]
    for k, numbers in enumerate([(0.5, -1.0, 0.5), (0.8, 1.5, -1.0)]):
        np.testing.assert_allclose(found.frequency[k], expected(*numbers, commands), rtol=1e-10)
        growth = np.hypot(1, (1 - gate(commands, *numbers[1:])) * numbers[0])
        np.testing.assert_allclose(found.magnitude[k], growth, rtol=1e-10)
    assert (found.points == 1).all() and found.single_pair.all() and found.complete.all()
    assert found.single_pairs.tolist() == [20, 20]
    np.testing.assert_allclose(found.commanded, 0.01 + 0.04 * commands)


def test_lines_are_those_of_least_squares(found):
    for k in range(2):
        slope, intercept = np.polyfit(found.commanded, found.frequency[k], 1)
        np.testing.assert_allclose([found.slope[k], found.intercept[k]], [slope, intercept], atol=1e-12)
        correlation = np.corrcoef(found.commanded, found.frequency[k])[0, 1]
        np.testing.assert_allclose(found.correlation[k], correlation, rtol=1e-12)
    assert found.slope[0] > 0 > found.slope[1] and found.correlation[1] < -0.9  # the second one is cued the wrong way


class Ideal(SineWave):
    """Commands exactly what the first network does."""

    name = "ideal"

    def frequency(self, command):
        return expected(0.5, -1.0, 0.5, np.asarray(command))


def test_a_perfect_network_has_slope_one(population):
    found = oscillations(population[[0]], Ideal(steps=10), n_starts=10)
    np.testing.assert_allclose([found.slope[0], found.correlation[0]], 1, rtol=1e-9)
    assert abs(found.intercept[0]) < 1e-12
    assert found.rows[0]["mean_error"] < 1e-12


def test_given_points_are_used_and_bring_their_commands(population, found):
    points = find_fixed_points(population, [[0.2], [0.9]], n_starts=20)
    two = oscillations(population, TASK, fixed_points=points)
    np.testing.assert_allclose(two.commanded, [0.018, 0.046])
    np.testing.assert_allclose(two.frequency[0], expected(0.5, -1.0, 0.5, np.array([0.2, 0.9])), rtol=1e-10)
    alone = oscillations(population[[1]], TASK, n_starts=30, n_jobs=2)
    np.testing.assert_array_equal(alone.eigenvalue[0], found.eigenvalue[1])


def test_of_several_points_the_one_amid_the_trajectory_is_taken():
    """A pair that turns about the origin, beside a switch that h0 sets to +: the saddle and the other side are out."""
    angle = 2 * np.pi * 0.07
    weights = np.zeros((3, 3))
    weights[:2, :2] = 1.2 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    weights[2, 2] = 2.0
    population = Population.from_arrays(
        "vanilla",
        "tanh",
        w_rec=weights[None, None],
        w_in=np.zeros((1, 1, 3, 1)),
        w_out=np.ones((1, 1, 3)),
        h0=[[0.3, 0.0, 0.9]],
    )
    points = find_fixed_points(population, [[0.0]])
    found = oscillations(population, TASK, fixed_points=points)
    assert found.points.tolist() == [[3]] and not found.single_pair.any()
    assert points[0, 0].states[found.chosen[0, 0]][2] > 0.9
    np.testing.assert_allclose(found.frequency, 0.07, rtol=1e-6)
    assert np.isnan([found.slope[0], found.correlation[0]]).all()  # one command makes no line


def test_networks_without_oscillations_are_told():
    population = Population.from_arrays(
        "vanilla", "tanh", w_rec=[[[[0.5]]]], w_in=[[[[1.0]]]], w_out=[[[1.0]]], names=["still"]
    )
    found = oscillations(population, TASK, n_starts=1)
    assert np.isnan(found.frequency).all() and not found.single_pair.any() and (found.points == 1).all()
    assert np.isnan(found.slope).all() and "-" in str(found)
    assert plot_oscillations(found).axes


def test_a_network_without_fixed_points_is_told():
    """relu(h + 1) grows forever."""
    population = Population.from_arrays(
        "vanilla", "relu", w_rec=[[[[1.0]]]], w_in=[[[[0.0]]]], b=[[[1.0]]], w_out=[[[1.0]]]
    )
    found = oscillations(population, SineWave(steps=5), n_starts=2)
    assert (found.points == 0).all() and (found.chosen == -1).all() and np.isnan(found.eigenvalue).all()


def test_the_leading_complex_mode():
    values = np.array([2.0, -1.5, 1.1j, -1.1j, 0.9 + 0.3j, 0.9 - 0.3j, 1.2 + 1e-9j, 1.2 - 1e-9j])
    assert oscillatory_mode(values) == 1.1j
    assert np.isnan(oscillatory_mode(np.array([1.0 + 0j, -1.0 + 0j])))


def test_tables_files_and_figures(found, tmp_path):
    assert len(found.frame) == 2 and len(found.command_frame) == 40 and len(found) == 2
    assert found.frame["single_pair"].tolist() == [20, 20]
    found.save(tmp_path / "oscillations")
    again = Oscillations.load(tmp_path / "oscillations")
    assert again.names == found.names and again.cells == ("ugrnn", "ugrnn") and str(again) == str(found)
    for name in ("eigenvalue", "commanded", "points", "complete", "chosen", "unstable_modes", "inputs"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    axes = found.plot().axes[0]
    assert len(axes.lines) == 1 + 3 * 2
    assert "at 40 of 40" in repr(found)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"task": None}, TypeError, "task is missing"),
        ({"task": FlipFlop(bits=1)}, TypeError, "commands no frequency; use pyrnnsim.tasks.SineWave"),
        ({"task": 3}, TypeError, "task must be a task"),
        ({"fixed_points": 3}, TypeError, "must be what find_fixed_points returns, all of it, got int"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
    ],
)
def test_bad_options(population, change, error, match):
    with pytest.raises(error, match="oscillations: .*" + match):
        oscillations(population, **{"task": TASK, **change})


def test_points_of_other_networks_are_refused(population):
    points = find_fixed_points(population, [[0.5]], n_starts=5)
    with pytest.raises(ValueError, match="fixed_points are of 2 networks, the population has 1"):
        oscillations(population[[0]], TASK, fixed_points=points)
    with pytest.raises(ValueError, match="fixed_points of 'cued 2' stand where network 0 .'cued 6'. is"):
        oscillations(population[[1, 0]], TASK, fixed_points=points)
    with pytest.raises(TypeError, match="all of it, got FixedPointSet"):
        oscillations(population[[0]], TASK, fixed_points=points[0, 0])
    wrong = FixedPoints((points.sets[1],) * 2, points.inputs)
    with pytest.raises(ValueError, match="fixed_points of 'cued 6' stand where network 0 .'cued 2'. is"):
        oscillations(population, TASK, fixed_points=wrong)
    other = Population.from_arrays(
        "ugrnn",
        "tanh",
        w_rec=np.zeros((1, 2, 2, 2)),
        w_in=np.zeros((1, 2, 2, 1)),
        b=[[[1.0, 1.0], [0.0, 0.0]]],
        w_out=np.ones((1, 1, 2)),
        names=["cued 2"],
    )
    with pytest.raises(ValueError, match="were found in other weights of this name: point 0 moves by 0.38 in a step"):
        oscillations(other, TASK, fixed_points=FixedPoints(points.sets[:1], points.inputs))


def test_a_function_has_no_commands():
    with pytest.raises(TypeError, match="expected a Population"):
        oscillations(lambda h, x: h)
