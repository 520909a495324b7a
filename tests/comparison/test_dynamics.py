"""Topology as one more measure of networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from comparison.cases import model, save_torch, trained

import pyrnnsim
from pyrnnsim.comparison.dynamics import _drawn, _key
from pyrnnsim.comparison.run import compare_files
from pyrnnsim.task_distances import LEADING, frequency_distances, leading_magnitudes, spectrum_distances
from pyrnnsim.task_dynamics import Effort, task_dynamics


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two vanilla networks and two GRUs with their dynamics."""
    folder = trained(tmp_path_factory.mktemp("trained"))
    out = tmp_path_factory.mktemp("out")
    return folder, out, compare_files([folder], out, measures=["cka"], n_jobs=1)


def test_topology_is_the_distance_between_transition_graphs(compared):
    folder, out, made = compared
    population = pyrnnsim.Population.load(folder / "networks.pyrnnsim")
    points = pyrnnsim.find_fixed_points(population, task=made.task, n_jobs=1)
    graphs = pyrnnsim.transition_graph(population, points, perturbations=100, n_jobs=1)
    expected = pyrnnsim.pairwise_graph_distances(graphs, method="matching")
    np.testing.assert_array_equal(made.distances["topology"], np.asarray(expected))
    np.testing.assert_array_equal(np.load(out / "distances-topology.npy"), np.asarray(expected))
    assert [row.measure for row in made.rows] == ["cka", "topology"]


def test_a_dissection_lies_beside_the_matrices(compared):
    _, out, made = compared
    found = {file.name for file in (out / "dissection").iterdir()}
    assert {"networks.csv", "points.csv", "points.pyrnnsim", "graphs.pyrnnsim", "counts.png"} <= found
    assert {file for file in made.files if file.parent.name == "dissection"} == set((out / "dissection").iterdir())
    assert made.dissection.examples == [0, 2]  # one network of each group


def test_fixed_points_are_counted_in_the_table(compared):
    _, _, made = compared
    points = made.dissection.points
    assert [row["fixed points"] for row in made.networks] == [
        sum(int(one.fixed.sum()) for one in row) for row in points
    ]


def test_topology_does_not_depend_on_the_other_networks(compared, tmp_path):
    folder, _, made = compared
    pyrnnsim.Population.load(folder / "networks.pyrnnsim")[[1, 2]].save(tmp_path / "two.pyrnnsim")
    two = compare_files([tmp_path / "two.pyrnnsim"], tmp_path / "out", measures=["cka"], n_jobs=2)
    for measure in ("cka", "topology"):
        expected = np.asarray(made.distances[measure])[np.ix_([1, 2], [1, 2])]
        np.testing.assert_array_equal(np.asarray(two.distances[measure]), expected)


def save_some(folder, inputs, outputs):
    for seed in range(3):
        save_torch(folder / f"net_{seed}.pt", model("GRU", 4 + seed, seed=seed, inputs=inputs, outputs=outputs))


def test_oscillations_are_compared_by_their_frequencies(tmp_path):
    save_some(tmp_path, 1, 1)
    task = pyrnnsim.tasks.SineWave(steps=20)
    made = compare_files([tmp_path], tmp_path / "out", task=task, measures=["cka"], n_jobs=1)
    population = pyrnnsim.Population.from_torch([str(tmp_path / f"net_{k}.pt") for k in range(3)])
    points = pyrnnsim.find_fixed_points(population, task=task, n_jobs=1)
    found = pyrnnsim.oscillations(population, task, fixed_points=points, n_jobs=1)
    expected = frequency_distances(found.frequency)
    np.testing.assert_array_equal(made.distances["topology"], expected)


def test_line_attractors_are_compared_by_their_modes(tmp_path):
    task = pyrnnsim.tasks.ContextIntegration()
    save_some(tmp_path, task.inputs, task.outputs)
    made = compare_files([tmp_path], tmp_path / "out", task=task, measures=["cka"], n_jobs=1)
    expected = spectrum_distances(leading_magnitudes(made.dissection.modes, LEADING))
    if np.isfinite(expected).any():
        np.testing.assert_array_equal(made.distances["topology"], expected)
    else:
        assert "topology" not in made.distances
    assert made.dissection.lines is not None


@pytest.mark.parametrize(
    ("does", "labels", "chosen"),
    [
        ([True, True, True], "aab", (0, 2)),
        ([False, True, False], "aab", (1, 2)),
        ([False] * 40, [str(k) for k in range(40)], tuple(range(12))),
    ],
)
def test_pictures_show_one_network_of_each_group_that_does_the_task(does, labels, chosen):
    assert _drawn(does, labels) == chosen


def test_a_killed_run_goes_on_where_it_was(compared, tmp_path, monkeypatch):
    folder, _, whole = compared
    monkeypatch.setattr("pyrnnsim.comparison.dynamics._AT_ONCE", 1)
    done = []

    def until_the_third(part, *given, **options):
        done.append(part.names)
        if len(done) == 3:
            raise KeyboardInterrupt
        return task_dynamics(part, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr("pyrnnsim.comparison.dynamics.task_dynamics", until_the_third)
        with pytest.raises(KeyboardInterrupt):
            compare_files([folder], tmp_path, measures=["cka"], n_jobs=1)
    left = sorted((tmp_path / ".dynamics").iterdir())
    assert len(left) == 2 * 2  # points and graphs of two networks
    left[0].write_bytes(left[0].read_bytes()[:-1])  # and one of them was cut
    done.clear()
    with monkeypatch.context() as patch:
        patch.setattr("pyrnnsim.comparison.dynamics.task_dynamics", until_the_third)
        with pytest.raises(KeyboardInterrupt):
            compare_files([folder], tmp_path, measures=["cka"], n_jobs=1)
    assert done[1:] == [(name,) for name in whole.names[2:]]
    made = compare_files([folder], tmp_path, measures=["cka"], n_jobs=2)
    np.testing.assert_array_equal(made.distances["topology"], whole.distances["topology"])
    assert not (tmp_path / ".dynamics").exists()


def test_dynamics_of_other_networks_or_tasks_are_not_taken_for_these(compared):
    folder, _, made = compared
    population = pyrnnsim.Population.load(folder / "networks.pyrnnsim")
    keys = {_key(population[:2], made.task, Effort()), _key(population[2:], made.task, Effort())}
    keys |= {
        _key(population[:2], pyrnnsim.tasks.FlipFlop(steps=50), Effort()),
        _key(population[:2], made.task, Effort(9)),
    }
    other = [replace(one, parameters={n: 1.01 * a for n, a in one.parameters.items()}) for one in population[:2]]
    keys.add(_key(pyrnnsim.Population(other), made.task, Effort()))
    assert len(keys) == 5
    assert _key(population[:2], made.task, Effort()) in keys


def test_graphs_are_compared_with_the_threads_that_are_given(compared, tmp_path, monkeypatch):
    folder, _, whole = compared
    given = []
    compare = pyrnnsim.pairwise_graph_distances

    def noted(graphs, **options):
        given.append(options["n_jobs"])
        return compare(graphs, **options)

    monkeypatch.setattr(pyrnnsim, "pairwise_graph_distances", noted)
    made = compare_files([folder], tmp_path, measures=["cka"], n_jobs=1)
    assert given == [1]
    np.testing.assert_array_equal(made.distances["topology"], whole.distances["topology"])
