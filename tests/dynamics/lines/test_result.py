"""Lines as results: the graph, the verdict, which points count, populations, files, errors."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from dynamics.integrators import grid, integrator, linear, points_of
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from pyrnnsim import LineAttractor, LineAttractors, Population, line_attractor

PLACES = np.array([0.0, -4.0, 7.0, 2.5, -1.0, 9.5, -6.0, 4.0])


@pytest.fixture(scope="module")
def case():
    made = integrator(np.random.default_rng(3))
    return made, line_attractor(made.population, points_of(made.population, made.at(PLACES), np.zeros(3)))


@pytest.fixture(scope="module")
def several():
    small = integrator(np.random.default_rng(0), (1.0, 0.5), 2)
    large = integrator(np.random.default_rng(1), (0.99, 0.5, 0.2), 2)
    population = Population([*small.population, replace(large.population[0], name="other")])
    xs = np.zeros(2), np.array([0.1, -0.1])
    rows = [
        [points_of(population[k], one.at(np.arange(4.0 + k) * 10), x) for x in xs]
        for k, one in enumerate((small, large))
    ]
    return population, grid(*rows), line_attractor(population, grid(*rows), max_speed=1.0)


class TestGraph:
    @pytest.mark.parametrize("neighbours", [1, 3, 100])
    def test_adjacency(self, rng, neighbours):
        states = rng.normal(size=(30, 4))
        still = linear(np.eye(4), np.zeros(4))
        line = line_attractor(still, points_of(still, states, [0.0]), neighbours=neighbours)
        distance = cdist(line.states, line.states)
        nearest = np.argsort(distance + 1e9 * np.eye(30), axis=1)[:, :neighbours]
        expected = np.zeros((30, 30), bool)
        np.put_along_axis(expected, nearest, values=True, axis=1)
        np.fill_diagonal(expected, val=False)
        tree = minimum_spanning_tree(distance).toarray() > 0
        np.testing.assert_array_equal(line.adjacency, expected | expected.T | tree | tree.T)
        assert connected_components(line.adjacency)[0] == 1

    def test_the_path_is_the_longest_through_the_tree(self, rng):
        from scipy.sparse.csgraph import shortest_path

        states = rng.normal(size=(40, 3))
        still = linear(np.eye(3), np.zeros(3))
        line = line_attractor(still, points_of(still, states, [0.0]))
        through = shortest_path(minimum_spanning_tree(cdist(line.states, line.states)), directed=False)
        np.testing.assert_allclose(line.length, through.max(), rtol=1e-12)
        np.testing.assert_allclose(line.arc_length[line.on_path], through[0][line.on_path], atol=1e-12)
        off = np.flatnonzero(~line.on_path)
        path = np.flatnonzero(line.on_path)
        leaves = path[through[np.ix_(off, path)].argmin(axis=1)]
        np.testing.assert_allclose(line.arc_length[off], line.arc_length[leaves], atol=1e-12)
        assert line.branched == len(off) / 40

    def test_points_on_branches(self):
        states = np.array([[x, 0.0] for x in range(10)] + [[4.0, 0.3], [4.0, 0.5]])
        still = linear(np.diag([1.0, 0.5]), np.zeros(2))
        line = line_attractor(still, points_of(still, states, [0.0]), max_speed=1.0)
        np.testing.assert_array_equal(line.order, [0, 1, 2, 3, 4, 10, 11, 5, 6, 7, 8, 9])
        assert np.flatnonzero(~line.on_path).tolist() == [5, 6]
        np.testing.assert_allclose(line.arc_length[4:7], 4)
        np.testing.assert_allclose(line.thickness, np.sqrt((0.3**2 + 0.5**2) / 12) / 9)


class TestVerdict:
    def line_of(self, values, places):
        made = integrator(np.random.default_rng(3), values)
        return line_attractor(made.population, points_of(made.population, made.at(places), np.zeros(3)), max_speed=1e9)

    def test_the_mode_must_be_slow(self):
        assert self.line_of((0.96, 0.5, 0.1), range(0, 50, 10)).is_line
        line = self.line_of((0.9, 0.5, 0.1), range(0, 50, 10))
        assert not line.is_line and "|lambda - 1| 0.1" in line.evidence

    def test_the_points_must_be_spread(self):
        line = self.line_of((1.0, 0.5), np.linspace(0, 1, 5))
        assert not line.is_line and "length 1" in line.evidence

    def test_more_slow_modes_are_counted(self):
        line = self.line_of((1.0, 0.97, 0.5), range(0, 50, 10))
        assert line.is_line and not line.single_mode and (line.slow_modes == 2).all()

    def test_a_sheet_is_no_line(self, rng):
        still = linear(np.diag([1.0, 1.0, 0.2]), np.zeros(3))
        states = np.column_stack([rng.uniform(0, 1, size=(300, 2)), np.zeros(300)])
        line = line_attractor(still, points_of(still, states, [0.0]))
        assert not line.is_line and "thickness" in line.evidence and not line.single_mode

    def test_the_mode_must_point_along_the_line(self):
        """Still points along the first axis, where the map shrinks; the slow mode points along the second."""
        still = linear(np.diag([0.3, 1.0]), np.zeros(2))
        states = np.column_stack([np.linspace(0, 1, 5), np.zeros(5)])
        line = line_attractor(still, points_of(still, states, [0.0]), max_speed=1.0)
        np.testing.assert_allclose(line.line_eigenvalues, 0.3)
        assert not line.is_line

    def test_three_slow_modes_at_55_degrees_to_the_points(self):
        still = linear(np.diag([1.0, 0.99, 0.98]), np.zeros(3))
        line = line_attractor(still, points_of(still, np.outer(np.arange(5.0), np.ones(3)), [0.0]), max_speed=1.0)
        np.testing.assert_allclose(line.alignment, 3**-0.5)
        assert not line.is_line and "alignment 0.58" in line.evidence


class TestWhichPoints:
    states = np.column_stack([[0.0, 1, 2, 3, 20, 21], np.zeros(6)])

    def lines(self, **options):
        still = linear(np.diag([1.0, 0.2]), np.zeros(2))
        return line_attractor(still, points_of(still, self.states, [0.0]), **options)

    def test_a_gap_divides(self):
        assert len(self.lines()) == 6
        line = self.lines(max_gap=5.0)
        np.testing.assert_array_equal(line.order, [0, 1, 2, 3])
        assert line.dropped == 2

    def test_fast_points_are_left_out(self):
        still = linear(np.diag([1.0, 0.2]), np.zeros(2))
        states = self.states + np.outer([0, 0, 1, 0, 0, 0], [0, 0.5])
        points = points_of(still, states, [0.0])
        assert line_attractor(still, points).order.tolist() == [0, 1, 3, 4, 5]
        assert len(line_attractor(still, points, max_speed=1.0)) == 6

    def test_readouts_outside_are_left_out(self, case):
        made, line = case
        low, high = line.outputs[2, 0], line.outputs[5, 0]
        points = points_of(made.population, made.at(PLACES), np.zeros(3))
        inside = line_attractor(made.population, points, output_range=(low, high))
        np.testing.assert_array_equal(inside.order, line.order[2:6])


class TestPopulations:
    def test_each_is_what_it_is_alone(self, several):
        population, points, lines = several
        assert len(lines) == 2 and len(lines[0]) == 2
        alone = line_attractor(population[1], points[1, 1], max_speed=1.0)
        for field in fields(LineAttractor):
            np.testing.assert_array_equal(getattr(alone, field.name), getattr(lines[1, 1], field.name))

    def test_files(self, several, tmp_path):
        lines = several[2]
        lines.save(tmp_path / "lines")
        again = LineAttractors.load(tmp_path / "lines")
        assert again.settings == lines.settings
        for row, other in zip(lines, again, strict=True):
            for one, two in zip(row, other, strict=True):
                for field in fields(LineAttractor):
                    np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))
        lines[0, 1].save(tmp_path / "line")
        np.testing.assert_array_equal(LineAttractor.load(tmp_path / "line").selection, lines[0, 1].selection)
        with pytest.raises(ValueError, match="expected 'pyrnnsim line attractors 1'"):
            LineAttractors.load(tmp_path / "line")

    def test_tables_and_figures(self, several):
        from pyrnnsim.figures import plot_line_spectrum

        lines = several[2]
        assert len(lines.frame) == 4 and set(lines.frame["condition"]) == {0, 1}
        assert len(lines[1, 0].frame) == 5 and "input_1" in lines[1, 0].frame
        assert "is_line" in str(lines) and repr(lines) == "<LineAttractors of 2 networks at 2 inputs>"
        assert lines.plot().axes and lines[1, 0].plot().axes and plot_line_spectrum(lines[1, 0]).axes

    def test_nothing_is_modified(self, several):
        population, points, _ = several
        before, generator = points[0, 0].states.copy(), np.random.get_state()[1].tolist()
        line_attractor(population, points)
        np.testing.assert_array_equal(points[0, 0].states, before)
        assert np.random.get_state()[1].tolist() == generator


class TestBadInput:
    def test_what_is_no_set_of_points(self, case):
        with pytest.raises(
            TypeError, match="line_attractor: fixed_points must be what find_fixed_points returns.*list"
        ):
            line_attractor(case[0].population, [])

    def test_points_of_another_number_of_networks(self, case):
        made, _ = case
        one = points_of(made.population, made.at(PLACES), np.zeros(3))
        with pytest.raises(ValueError, match="of 1 networks, the population has 2; pass one network"):
            line_attractor(Population([*made.population, *made.population]), one)
        with pytest.raises(ValueError, match="of 2 networks, the population has 1; pass the population"):
            line_attractor(made.population, grid([one], [one]))

    def test_points_of_another_name_size_or_weights(self, case):
        made, _ = case
        one = points_of(made.population, made.at(PLACES), np.zeros(3))
        with pytest.raises(ValueError, match="fixed_points of 'x' stand where network 0"):
            line_attractor(made.population, replace(one, name="x"))
        other = integrator(np.random.default_rng(9), (1.0, 0.5), 3)
        small = replace(one, name=other.population[0].name)
        with pytest.raises(ValueError, match="has S = 2 and M = 3, its fixed_points have S = 5"):
            line_attractor(other.population, small)
        other = integrator(np.random.default_rng(9))
        with pytest.raises(ValueError, match="were found in other weights"):
            line_attractor(other.population, one)

    @pytest.mark.parametrize(
        ("options", "kind", "match"),
        [
            ({"neighbours": 0}, ValueError, "neighbours must be an int from 1"),
            ({"neighbours": 1.5}, TypeError, "neighbours must be an int"),
            ({"tolerance": -0.1}, ValueError, "tolerance must be a finite number of at least 0"),
            ({"max_speed": np.nan}, ValueError, "max_speed must be a finite number"),
            ({"max_gap": -1.0}, ValueError, "max_gap must be a finite number of at least 0"),
            ({"output_range": 3}, TypeError, r"output_range must be \(low, high\) or None"),
            ({"output_range": (1.0, 0.0)}, ValueError, "low <= high"),
        ],
    )
    def test_options(self, case, options, kind, match):
        made, _ = case
        with pytest.raises(kind, match=match):
            line_attractor(made.population, points_of(made.population, made.at(PLACES), np.zeros(3)), **options)
