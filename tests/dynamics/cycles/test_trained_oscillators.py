"""A network trained here, in a second, to oscillate as told: linear modes, limit cycles and trajectories agree."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Population, TrainingRecord, find_fixed_points, find_limit_cycles, oscillations, pca_trajectories
from pyrnnsim.tasks import SineWave

TASK = SineWave(steps=60, lowest=0.05, highest=0.15)


@pytest.fixture(scope="module")
def record() -> TrainingRecord:
    population = Population.create(["ugrnn"], ["tanh"], [16], [0], task=TASK)
    return population.train(
        TASK, iterations=600, optimizer="adam", learning_rate=0.01, decay=0.05, n_jobs=1, progress=False
    )


@pytest.fixture(scope="module")
def points(record):
    return find_fixed_points(record, n_starts=64)


def test_each_command_has_one_point_with_an_unstable_pair(record, points):
    found = oscillations(record, fixed_points=points)
    assert found.single_pairs.tolist() == [20] and found.complete.all()
    assert found.correlation[0] > 0.98 and 0.5 < found.slope[0] < 1.5
    np.testing.assert_array_equal(found.commanded, TASK.frequency(points.inputs)[:, 0])


def test_each_command_has_one_limit_cycle_of_its_frequency(record):
    commands = TASK.condition_inputs()[::6]
    found = find_limit_cycles(record, commands, n_starts=4, transient=500, longest=64)
    for one, wanted in zip(found[0], TASK.frequency(commands)[:, 0], strict=True):
        assert len(one) == 1 and one.basin.tolist() == [4] and one.stable.all()
        np.testing.assert_allclose(one.frequency, wanted, rtol=0.03)
        assert np.ptp(one.outputs[0]) == pytest.approx(2, abs=0.3)  # a sine of unit amplitude


def test_points_lie_amid_their_trajectories(record, points):
    one = pca_trajectories(record, TASK, dimensions=16, fixed_points=points)[0]
    assert one.explained[:3].sum() > 0.8
    commands, trials = len(points.inputs), TASK.probe_inputs()[:, 0, 0]
    assert one.condition.tolist() == list(range(commands))
    for c in range(commands):
        trial = int(np.abs(trials - points.inputs[c, 0]).argmin())
        orbit = one.trials[trial, 20:]
        away = np.linalg.norm(one.points[c] - orbit.mean(axis=0))
        assert away < np.linalg.norm(orbit - orbit.mean(axis=0), axis=1).mean()
