"""Panels of the figures of a study, on data with a known picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from study import made

from pyrnnsim.figures._style import group_styles
from pyrnnsim.figures.analog_memory import plot_analog_memory
from pyrnnsim.figures.clusters import find_clusters, plot_clusters
from pyrnnsim.figures.discrete_memory import plot_discrete_memory
from pyrnnsim.figures.kinds import CELLS, draw_curves, kind_styles, network_curves
from pyrnnsim.figures.losses import plot_losses
from pyrnnsim.figures.pattern_generation import plot_pattern_generation
from pyrnnsim.figures.signal_and_noise import plot_signal_and_noise, signal_and_noise
from pyrnnsim.figures.untrained import plot_untrained


def panel(figure, title):
    (axes,) = [axes for axes in figure.axes if title in axes.get_title(loc="left")]
    return axes


def curve(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def test_fixed_points_have_the_colour_of_their_stability():
    figure = plot_discrete_memory(made.flip_flop())
    axes = panel(figure, "4 fixed points")  # of the example: 0, 1, 2 and 2 unstable modes
    styles = list(group_styles(["0", "1", "2"]).values())
    heights = [np.asarray(points._offsets3d[2]) for points in axes.collections]
    np.testing.assert_array_equal(np.concatenate(heights), [0, 1, 2, 3])
    for points, style in zip(axes.collections, styles, strict=True):
        assert points.get_facecolor()[0][:3] == pytest.approx(to_rgba(style.color)[:3])
    assert len(axes.lines) == 4  # trials, without the dots of the trajectories


def test_points_far_from_all_trials_are_left_out():
    results = made.flip_flop()
    one = results.examples[0]
    points = one.trajectory.points.copy()
    points[3, 0] = 4.0  # the circles have radius 1 and span 3 steps upwards
    far = replace(one, trajectory=replace(one.trajectory, points=points))
    figure = plot_discrete_memory(replace(results, examples=[far]))
    assert len(panel(figure, "3 fixed points").collections) == 3


def test_the_graph_is_that_of_the_network_that_is_shown():
    results = made.flip_flop()
    other = replace(results.examples[3], trajectory=replace(results.examples[3].trajectory, name="ugrnn_relu_1"))
    sets = [made.cube(name, stable=7 if name == "ugrnn_relu_1" else 8) for name in results.names]
    graphs = made.grid(type(results.dynamics["graphs"]), [made.graph_of(one) for one in sets])
    figure = plot_discrete_memory(replace(results, examples=[other], dynamics={"graphs": graphs}))
    stable = panel(figure, "where small kicks lead").collections[-1]
    assert len(stable.get_offsets()) == 7


def test_traces_are_those_of_the_trial():
    results = made.flip_flop()
    axes = panel(plot_discrete_memory(results), "inputs and outputs")
    one = results.examples[0]
    inputs = [line for line in axes.lines if line.get_label() == "input"]
    outputs = [line for line in axes.lines if line.get_label() == "output"]
    for bit in range(3):
        np.testing.assert_allclose(inputs[bit].get_ydata() + 2.8 * bit, one.inputs[0, :, bit], atol=1e-12)
        np.testing.assert_allclose(outputs[bit].get_ydata() + 2.8 * bit, one.outputs[0, :, bit], atol=1e-12)


def test_the_cued_stream_is_the_one_in_colour():
    results = made.integration()
    axes = panel(plot_analog_memory(results), "one stream")
    streams = results.examples[0].inputs[0, :, 2:]  # the second context is on
    shown = curve(axes, "cued stream").get_ydata() - 1.2
    np.testing.assert_allclose(shown, streams[:, 1] / np.abs(streams).max(), atol=1e-12)


def test_frequencies_are_means_with_standard_errors():
    axes = panel(plot_pattern_generation(made.sine_wave(slope=0.9)), "frequency by cell")
    commanded = np.linspace(0.01, 0.05, 5)
    seeds = 1e-4 * np.array([0, 1, 2, 0, 1, 2])
    for cell in CELLS:
        line = curve(axes, cell)
        np.testing.assert_allclose(line.get_ydata(), 0.9 * commanded + seeds.mean())
        assert line.get_color() == kind_styles(CELLS)[cell].color
    band = axes.collections[0].get_paths()[0].vertices
    at_first = band[np.isclose(band[:, 0], 0.01), 1]
    assert np.ptp(at_first) / 2 == pytest.approx(seeds.std(ddof=1) / np.sqrt(6))


def test_oscillatory_eigenvalues_are_coloured_pairs():
    results = made.sine_wave()
    axes = panel(plot_pattern_generation(results), "eigenvalues there")
    pairs = [dots.get_offsets() for dots in axes.collections if len(dots.get_offsets()) == 2]
    expected = 1.02 * np.exp(2j * np.pi * results.frequencies[0])
    np.testing.assert_allclose(np.array(pairs)[:, 0], np.column_stack([expected.real, expected.imag]))
    np.testing.assert_allclose(np.array(pairs)[:, 1], np.column_stack([expected.real, -expected.imag]))


def test_eigenvalues_and_responses_by_cell():
    figure = plot_analog_memory(made.integration())
    values = panel(figure, "eigenvalues by cell")
    np.testing.assert_allclose(curve(values, "vanilla").get_ydata(), [0.99, *[0.3] * 7])
    third = (0.99 + 2 * 0.3) / 3  # one of three seeds has a fourth mode
    np.testing.assert_allclose(curve(values, "gru").get_ydata(), [*[0.99] * 3, third, *[0.3] * 4])
    responses = panel(figure, "pulse response by cell")
    np.testing.assert_allclose(curve(responses, "vanilla").get_ydata(), [0, *[1] * 8])
    np.testing.assert_allclose(curve(responses, "lstm").get_ydata()[:4], [0, 11 / 36, 22 / 36, 33 / 36])


def test_a_network_counts_with_the_mean_of_all_its_points():
    parts = {0: [np.ones((1, 3)), np.zeros((0, 2)), np.full((3, 2), 5.0)], 2: [np.zeros((0, 2))]}
    np.testing.assert_array_equal(network_curves(parts, 3), [[4, 4], [np.nan] * 2, [np.nan] * 2])
    assert network_curves({}, 2).shape == (2, 0)


def test_networks_without_values_are_left_out_of_curves():
    axes = panel(plot_analog_memory(made.integration()), "eigenvalues by cell")
    axes.clear()
    draw_curves(axes, np.arange(2.0), np.array([[1, 1], [np.nan, np.nan], [3, np.nan]]), ["gru", "lstm", "gru"])
    np.testing.assert_array_equal(curve(axes, "gru").get_ydata(), [2, 1])
    assert "lstm" not in [line.get_label() for line in axes.lines]


def test_trained_are_filled_and_untrained_open():
    axes = panel(plot_untrained(made.integration()), "SVCCA, vanilla networks")
    filled = [dots for dots in axes.collections if len(dots.get_facecolor())]
    hollow = [dots for dots in axes.collections if not len(dots.get_facecolor())]
    assert [len(dots.get_offsets()) for dots in (*filled, *hollow)] == [3, 3, 3, 3]
    colors = [tuple(dots.get_edgecolor()[0]) for dots in axes.collections]
    assert colors == [to_rgba(kind_styles(["tanh", "relu"])[name].color) for name in ("tanh", "tanh", "relu", "relu")]


def test_every_loss_is_counted_once():
    results = made.flip_flop()
    failed = [
        {"loss": 1.0, "cell": "gru"},
        {"loss": np.inf, "cell": "gru"},
        {"loss": None},
        {"loss": 0.0},
        {"loss": 1e35},
    ]
    axes = plot_losses([replace(results, failed=failed)]).axes[0]
    assert sum(round(sum(bar.get_height() for bar in bars)) for bars in axes.containers) == 24 + 1
    assert [round(sum(bar.get_height() for bar in bars)) for bars in axes.containers] == [6, 6, 6, 6, 1]
    assert [text.get_text() for text in axes.texts] == ["4 not drawn"]


def test_planted_clusters_are_found_largest_first():
    labels = [*"a" * 4, *"b" * 7, *"c" * 5]
    table = made.clusters(labels)
    np.testing.assert_array_equal(find_clusters(table), [*[2] * 4, *[0] * 7, *[1] * 5])
    table[3] = table[:, 3] = np.nan
    assert find_clusters(table)[3] == -1
    for few in (np.zeros((5, 5)), np.zeros((1, 1)), np.array([[0.0, 1.0], [1.0, 0.0]])):
        assert set(find_clusters(few)) == {0}


def test_clusters_are_blocks_and_bars_tell_their_cells():
    rows = made.networks(3)
    figure = plot_clusters(made.results(rows=rows, distances={"cka": made.clusters([r["cell"] for r in rows])}))
    matrix, bars = figure.axes
    assert "linear CKA" in matrix.get_title(loc="left")
    image = matrix.images[0].get_array()
    assert all(image[6 * c : 6 * c + 6, 6 * c : 6 * c + 6].max() < 1 < image[6 * c, (6 * c + 6) % 24] for c in range(4))
    heights = np.array([[bar.get_height() for bar in one] for one in bars.containers])
    np.testing.assert_array_equal(np.sort(heights, axis=0)[::-1], [[6] * 4, [0] * 4, [0] * 4, [0] * 4])


def test_weighting_is_robust_where_the_mean_is_not():
    rows = signal_and_noise((10, 40), repeats=2)
    mean = {
        (s, m): np.mean([r["similarity"] for r in rows if (r["signal"], r["measure"]) == (s, m)])
        for s in (10, 40)
        for m in ("cca", "svcca", "pwcca")
    }
    for s in (10, 40):
        assert mean[s, "pwcca"] > mean[s, "svcca"] > mean[s, "cca"]
    # S correlations of nearly 1, and those of independent noises of 100 - S units, about 0.13 on 2,000 samples.
    assert mean[10, "cca"] == pytest.approx(0.1 + 0.9 * 0.18, abs=0.03)
    assert rows == signal_and_noise((10, 40), repeats=2) != signal_and_noise((10, 40), repeats=2, seed=1)
    axes = plot_signal_and_noise(rows).axes[0]
    np.testing.assert_allclose(curve(axes, "PWCCA").get_xdata(), [10 / 90, 40 / 60])
    np.testing.assert_allclose(curve(axes, "PWCCA").get_ydata(), [mean[10, "pwcca"], mean[40, "pwcca"]])


@pytest.mark.parametrize("signals", [(0,), (100,)])
def test_signals_that_leave_nothing_are_refused(signals):
    with pytest.raises(ValueError, match="signals must be from 1 to 99"):
        signal_and_noise(signals)
