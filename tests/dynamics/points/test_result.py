"""Results: tables, files, figures."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from dynamics.cases import vanilla

from pyrnnsim import FixedPoints, FixedPointSet, Population, find_fixed_points
from pyrnnsim.figures import plot_fixed_points, plot_point_counts


@pytest.fixture(scope="module")
def found() -> FixedPoints:
    population = Population.create(["vanilla", "lstm"], ["tanh"], [5], [0, 1], inputs=2, outputs=3, gain=2.5)
    return find_fixed_points(population, [[0.0, 0.0], [0.5, 1.0]], n_starts=100)


def test_indexing(found):
    assert len(found) == 4 and len(found[0]) == 2 and found[3, 1].states.shape[1] == 10
    assert [row[0].name for row in found] == list(found.names)
    np.testing.assert_array_equal(found[1, 1].input, [0.5, 1.0])


def test_tables(found):
    frame = found.frame
    assert len(frame) == 8 and frame["fixed"].sum() == found.counts.sum()
    one = found[0, 0]
    assert len(one.frame) == len(one) and "output_2" in one.frame
    assert one.evidence in str(one) and "condition" in str(found)
    assert repr(found).startswith("<FixedPoints of 4 networks at 2 inputs")


def test_outputs_and_modes_belong_to_the_states(found):
    one = found[2, 1]
    assert one.outputs.shape == (len(one), 3)
    np.testing.assert_array_equal(one.unstable_modes, (np.abs(one.eigenvalues) > 1).sum(axis=1))
    kinds = one.unstable_modes[one.fixed]
    assert (np.diff(kinds) >= 0).all()


def test_files(found, tmp_path):
    found.save(tmp_path / "points")
    again = FixedPoints.load(tmp_path / "points")
    np.testing.assert_array_equal(again.inputs, found.inputs)
    assert again.settings == found.settings
    for row, other in zip(found, again, strict=True):
        for one, two in zip(row, other, strict=True):
            for field in fields(FixedPointSet):
                np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def test_a_damaged_file_is_refused(found, tmp_path):
    path = tmp_path / "points"
    found.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="damaged"):
        FixedPoints.load(path)


def test_figures(found):
    assert found.plot().axes and found[0, 0].plot().axes
    empty = find_fixed_points(vanilla([[1.0]], [1.0], "relu"), starts=[[np.float64(2)]])
    assert plot_fixed_points(empty[0, 0]).axes and plot_point_counts(empty).axes
