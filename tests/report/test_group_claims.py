"""Accuracies and silhouettes of groups, with intervals, against what can be counted by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from study.cases import task

from pyrnnsim.report.group_claims import group_claims
from pyrnnsim.separation import separation


def grouped(groups, distances):
    rows = [{"name": str(k), "group": group} for k, group in enumerate(groups)]
    return dataclasses.replace(task(), networks=rows, distances={"cka": np.asarray(distances, float)}, embeddings={})


def line(*places):
    return squareform(pdist(np.array(places, float)[:, None]))


def test_numbers_are_those_of_the_separation():
    groups = ["a"] * 4 + ["b"] * 5
    table = squareform(pdist(np.random.default_rng(3).standard_normal((9, 2))))
    accuracy, silhouette = group_claims(grouped(groups, table))
    expected = separation(table, groups)
    assert accuracy.value == pytest.approx(expected.accuracy)
    assert accuracy.reference == pytest.approx(expected.chance)
    assert silhouette.value == pytest.approx(expected.silhouette)
    assert (silhouette.reference, silhouette.against) == (0.0, "chance")
    assert accuracy.low <= accuracy.value <= accuracy.high
    assert {accuracy.statement, silhouette.statement} == {""}


def test_groups_that_are_apart_are_told_and_mixed_ones_not():
    apart = group_claims(grouped("aaabbb", line(0, 1, 2, 10, 11, 12)))
    assert [claim.supported for claim in apart] == [True, True]
    assert (apart[0].value, apart[0].low, apart[0].high) == (1.0, 1.0, 1.0)
    mixed = group_claims(grouped("ababab", line(0, 1, 2.1, 3.3, 4.6, 6)))
    assert [claim.supported for claim in mixed] == [False, False]
    assert mixed[0].value == 0.0


def test_the_bootstrap_draws_inside_groups():
    """All of a and none of b have a neighbour of their own, so that nothing is left to chance."""
    claim = group_claims(grouped("aaabbcc", line(0, 1, 2, 10, 20, 11, 21)))[0]
    assert (claim.value, claim.low, claim.high) == (pytest.approx(3 / 7),) * 3


@pytest.mark.parametrize(
    ("groups", "reason"),
    [("ab", "2 networks with distances, at least 3"), ("aaa", "1 kind to tell apart"), ("a", "1 networks with")],
)
def test_too_few_say_why(groups, reason):
    for claim in group_claims(grouped(groups, line(*range(len(groups))))):
        assert (claim.value, claim.supported) == (None, None)
        assert claim.reason.startswith(reason)


def test_groups_of_one_have_no_interval():
    for claim in group_claims(grouped("abc", line(0, 1, 3))):
        assert (claim.low, claim.high, claim.supported) == (None, None, None)
        assert claim.reason == "one network in each group: no interval"
    assert group_claims(grouped("abc", line(0, 1, 3)))[0].value == 0.0


def test_networks_without_distances_are_left_out():
    table = line(0, 1, 2, 10, 11, 12, 5)
    table[6] = table[:, 6] = np.nan
    with_one, without = (group_claims(grouped(g, t)) for g, t in (("aaabbba", table), ("aaabbb", table[:6, :6])))
    assert [c.value for c in with_one] == [c.value for c in without]


def test_no_groups_no_claims():
    assert group_claims(task()) == []
