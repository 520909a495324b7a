"""Graphs of memories that nobody trained: sizes, shares, and the hours of their comparison."""

from __future__ import annotations

import numpy as np
import pytest
from study import tiny

from pyrnnsim.study.configuration import parse_configuration
from pyrnnsim.study.estimate import estimate
from pyrnnsim.study.made_graphs import made_graph


@pytest.mark.parametrize(("values", "points", "stable"), [((2, 2, 2), 27, 8), ((3, 2, 2), 45, 12), ((2,), 3, 2)])
def test_sizes_and_shares(values, points, stable):
    adjacency, kinds = made_graph(values, np.random.default_rng(0))
    assert stable == kinds.sum() <= len(kinds) <= points
    np.testing.assert_allclose(adjacency.sum(axis=1), 1.0)
    np.testing.assert_array_equal(adjacency[:, ~kinds], 0.0)
    np.testing.assert_array_equal(adjacency[np.ix_(kinds, kinds)], np.eye(stable))


def test_only_tasks_with_graphs_have_hours_of_topology():
    rows = {row["task"]: row for row in estimate(parse_configuration(tiny.TINY), n_jobs=1)}
    assert rows["flip_flop"]["topology_h"] > 0
    assert rows["sine_wave"]["topology_h"] == 0
    for row in rows.values():
        assert row["total_h"] == pytest.approx(sum(row[name] for name in row if name.endswith("_h")) / 2)
