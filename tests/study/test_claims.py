"""Claims on planted results: perfect clusters, shuffled ones, known counts and slopes; what cannot be decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from study import made

from pyrnnsim import FixedPoints, LineAttractors, ModeTruncations
from pyrnnsim.separation import separation
from pyrnnsim.study.claims import claims


def chosen(every, **wanted):
    found = [claim for claim in every if all(wanted[key] in getattr(claim, key) for key in wanted)]
    assert found, wanted
    return found


def one(every, **wanted):
    (claim,) = chosen(every, **wanted)
    return claim


@pytest.fixture(scope="module")
def memory():
    return claims(made.flip_flop())


@pytest.mark.parametrize("measure", ["svcca", "pwcca", "cka"])
@pytest.mark.parametrize("column", ["cell", "activation"])
def test_perfect_clusters_are_told_apart_and_topology_tells_less(memory, measure, column):
    claim = one(memory, topic="accuracy", subject=measure, quantity=column)
    assert (claim.value, claim.low, claim.high, claim.supported) == (1.0, 1.0, 1.0, True)
    expected = separation(made.flip_flop().distances["topology"], made.flip_flop().labels(column)).accuracy
    assert claim.reference == pytest.approx(expected)
    silhouette = one(memory, topic="silhouette", subject=measure, quantity=column)
    expected = separation(made.flip_flop().distances[measure], made.flip_flop().labels(column)).silhouette
    assert silhouette.value == pytest.approx(expected)


def test_shuffled_labels_are_told_by_chance():
    rows = made.networks(12)
    labels = [str(label) for label in np.random.default_rng(0).permutation([row["cell"] for row in rows])]
    every = claims(
        made.results(rows=rows, distances={"svcca": made.clusters(labels), "topology": made.clusters(labels)})
    )
    claim = one(every, subject="topology", quantity="cell")
    assert claim.reference == pytest.approx((4 * 24 * 23) / (96 * 95))
    assert claim.low < claim.reference < claim.high and claim.supported is True
    same = one(every, topic="accuracy", subject="svcca", quantity="cell")
    assert same.value == claim.value and same.supported is False  # no better than the same distances


def test_topology_that_clusters_contradicts_universality():
    rows = made.networks(6)
    table = made.clusters([row["cell"] for row in rows])
    every = claims(made.results(rows=rows, distances={"topology": table}))
    assert one(every, quantity="cell").supported is False
    lines = claims(made.results("context_integration", rows, distances={"topology": table}))
    assert one(lines, quantity="cell").supported is False
    other = made.clusters([row["activation"] for row in rows])
    lines = claims(made.results("context_integration", rows, distances={"topology": other}))
    assert one(lines, quantity="activation").supported is True  # the paper's exception
    both = claims(made.results("context_integration", rows, distances={"svcca": other, "topology": other}))
    geometry = one(both, topic="accuracy", subject="svcca", quantity="activation")
    assert (geometry.against, geometry.supported) == ("chance", True) and "less so" not in geometry.statement


def test_without_topology_geometry_is_held_against_chance():
    rows = made.networks(4)
    every = claims(made.results(rows=rows, distances={"svcca": made.clusters([r["cell"] for r in rows])}))
    claim = one(every, topic="accuracy", quantity="cell")
    assert (claim.against, claim.supported) == ("chance", True)
    assert claim.reference == pytest.approx((4 * 8 * 7) / (32 * 31))


def test_only_networks_with_both_distances_count():
    rows = made.networks(3)
    labels = [row["cell"] for row in rows]
    table, topology = made.clusters(labels), made.clusters(labels)
    topology[:3] = topology[:, :3] = np.nan
    claim = one(
        claims(made.results(rows=rows, distances={"svcca": table, "topology": topology}, embeddings={"svcca": None})),
        topic="silhouette", subject="svcca", quantity="cell",
    )  # fmt: skip
    assert claim.value == pytest.approx(separation(table[3:, 3:], labels[3:]).silhouette)
    assert claim.value != pytest.approx(separation(table, labels).silhouette)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (made.networks(3, ("gru",), ("tanh",)), "1 kind"),
        (made.networks(1, ("gru", "lstm"), ("tanh",)), "2 networks"),
        (made.networks(1, ("gru",), ("tanh",)), "1 networks"),
    ],
)
def test_what_cannot_be_told_has_a_reason_and_no_number(rows, reason):
    table = made.clusters([row["name"] for row in rows])
    every = claims(made.results(rows=rows, distances={"svcca": table, "topology": table}))
    for claim in chosen(every, quantity="cell"):
        assert claim.value is None and claim.supported is None and reason in claim.reason


def test_one_seed_gives_a_value_without_interval():
    rows = made.networks(1)
    table = made.clusters([row["cell"] for row in rows])
    claim = one(claims(made.results(rows=rows, distances={"svcca": table})), topic="accuracy", quantity="cell")
    assert (claim.value, claim.low, claim.high, claim.supported) == (1.0, None, None, None)
    assert "one seed" in claim.reason


def test_intervals_are_those_of_resampled_seeds():
    rows = made.networks(5, ("gru", "lstm"), ("tanh",))
    numbers = np.arange(10.0) ** 2
    frequencies = (1 + numbers / 100)[:, None] * np.array([0.01, 0.02])
    found = made.results("sine_wave", rows, frequencies=frequencies, commanded=np.array([0.01, 0.02]))
    claim = one(claims(found, resamples=4000), subject="lstm", quantity="slope")
    generator = np.random.default_rng(9)
    draws = [generator.choice(1 + numbers[5:] / 100, 5).mean() for _ in range(4000)]
    assert claim.value == pytest.approx(np.mean(1 + numbers[5:] / 100))
    np.testing.assert_allclose([claim.low, claim.high], np.quantile(draws, [0.025, 0.975]), atol=0.015)


def test_counts_of_fixed_points(memory):
    for cell in made.CELLS:
        stable, saddles = chosen(memory, topic="fixed points", subject=cell)
        assert (stable.value, stable.low, stable.high, stable.reference, stable.supported) == (8, 8, 8, 8, True)
        assert (saddles.value, saddles.reference, saddles.supported) == (19, 19, True)
    rows = made.networks(3, ("gru",), ("tanh",))
    sets = [made.cube("a", stable=7), made.cube("b", stable=7, complete=False), made.cube("c")]
    every = claims(made.results(rows=rows, dynamics={"points": made.grid(FixedPoints, sets)}))
    stable = one(every, topic="fixed points", quantity="stable")
    assert stable.value == pytest.approx(22 / 3) and stable.supported is False
    assert "33%" in stable.reason and "1 of 3 searches" in stable.reason


@pytest.mark.parametrize(("slope", "supported"), [(0.9, True), (0.5, False)])
def test_slopes_and_correlations(slope, supported):
    every = claims(made.sine_wave(slope=slope))
    for cell in made.CELLS:
        claim = one(every, subject=cell, quantity="slope")
        assert claim.value == pytest.approx(slope) and claim.supported is supported
        claim = one(every, subject=cell, quantity="correlation")
        assert claim.value == pytest.approx(1) and claim.supported is True


def test_networks_without_oscillations_are_left_out_and_counted():
    found = made.sine_wave()
    frequencies = found.frequencies.copy()
    frequencies[0, 1:] = np.nan
    frequencies[6:12] = np.nan  # all ugrnn
    every = claims(replace(found, frequencies=frequencies))
    claim = one(every, subject="vanilla", quantity="slope")
    assert claim.value == pytest.approx(0.9) and "1 networks" in claim.reason
    nothing = one(every, subject="ugrnn", quantity="slope")
    assert nothing.value is None and nothing.supported is None and "no network" in nothing.reason


def test_modes_of_gated_cells_are_held_against_vanilla():
    every = claims(made.integration())
    for quantity in ("eigenvalues above 0.95", "modes for 90%"):
        plain = one(every, subject="vanilla", quantity=quantity, topic="modes")
        assert (plain.value, plain.reference, plain.supported) == (1.0, 1.0, True)
        for cell in made.CELLS[1:]:
            claim = one(every, subject=cell, quantity=quantity, topic="modes")
            assert claim.value == pytest.approx(10 / 3) and claim.reference == 1.0 and claim.supported is True
    rows = made.networks(3, ("gru",), ("tanh",))
    lines = made.grid(LineAttractors, [made.line("x", 3) for _ in rows])
    alone = one(claims(made.results("context_integration", rows, dynamics={"lines": lines})), topic="modes")
    assert alone.value == 3 and alone.supported is None and "no vanilla" in alone.reason


@pytest.mark.parametrize(("plain", "supported"), [([1, 1, 1], True), ([3, 3, 3], False), ([2, 3, 4], None)])
def test_gated_cells_must_have_more_than_vanilla(plain, supported):
    rows = made.networks(3, ("vanilla", "gru"), ("tanh",))
    lines = made.grid(LineAttractors, [made.line("x", near_one) for near_one in (*plain, 3, 3, 3)])
    claim = one(claims(made.results("context_integration", rows, dynamics={"lines": lines})), subject="gru")
    assert claim.reference == pytest.approx(np.mean(plain)) and claim.supported is supported


def test_ill_conditioned_pulses_are_left_out():
    rows = made.networks(2, ("vanilla",), ("tanh",))
    good, bad = made.pulse("a", 2), made.pulse("b", 8)
    bad.response[1:] = np.nan
    modes = made.grid(ModeTruncations, [good, bad])
    claim = one(claims(made.results("context_integration", rows, dynamics={"modes": modes})), topic="modes")
    assert claim.value == pytest.approx((2 + 8) / 2) and claim.supported is False


def test_gap_between_trained_and_untrained():
    rows = made.networks(3, ("vanilla",))
    count = len(rows)
    relu = np.array([row["activation"] == "relu" for row in rows] * 2)
    table = np.where(relu[:, None] == relu, 0.3, 0.7)
    own = np.arange(count)
    table[own, own + count] = table[own + count, own] = 0.0  # a network and its own start do not count
    tanh = (~relu[:, None]) & (~relu)
    table[:count, count:][tanh[:count, count:]] += 0.5
    table[count:, :count] = table[:count, count:].T
    np.fill_diagonal(table, 0)
    every = claims(made.results("context_integration", rows, untrained=table))
    claim = one(every, subject="vanilla relu")
    assert claim.value == pytest.approx(0.4) and claim.supported is True
    claim = one(every, subject="vanilla tanh")
    assert claim.value == pytest.approx(-0.1) and claim.supported is False
    alone = claims(made.results("context_integration", made.networks(1, ("vanilla",)), untrained=np.zeros((4, 4))))
    assert all(claim.value is None and "fewer than two" in claim.reason for claim in alone)


def test_the_same_seed_gives_the_same_numbers_whatever_else_is_asked():
    found = made.sine_wave(4)
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    alone, again = claims(found), claims([made.flip_flop(), found])
    assert [c for c in again if c.task == "sine_wave"] == alone
    assert np.array_equal(before, np.random.get_state()[1])
    assert claims(found, seed=1) != alone and claims([]) == []
    assert claims(made.results(rows=[], distances={"svcca": np.zeros((0, 0))}, embeddings={"svcca": None})) == []


def test_no_number_is_nan(memory):
    for claim in [*memory, *claims([made.sine_wave(1), made.integration(1)])]:
        for value in (claim.value, claim.low, claim.high, claim.reference):
            assert value is None or np.isfinite(value)
        assert claim.supported is not None or claim.reason
        assert claim.row["statement"] == claim.statement


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seed": -1}, ValueError, "seed must be an integer >= 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be an integer >= 0, got 0.5"),
        ({"resamples": 0}, ValueError, "resamples must be an integer >= 1, got 0"),
        ({"resamples": True}, TypeError, "resamples must be an integer"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        claims(made.flip_flop(1), **options)
