"""Figures of a whole study: which there are, and that any lack of data leaves words instead of panels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from study import made

from pyrnnsim.embedding import embed
from pyrnnsim.figures import paper
from pyrnnsim.figures.kinds import CELLS, kind_styles
from pyrnnsim.figures.own_task import plot_own_task
from pyrnnsim.figures.paper import paper_figures

TASKS = {"flip_flop": made.flip_flop, "sine_wave": made.sine_wave, "context_integration": made.integration}
NAMES = [
    "U1_flip_flop",
    "U2_sine_wave",
    "U3_context_integration",
    "U4_untrained",
    "U5_losses",
    "U6_flip_flop_measures",
    "U7_sine_wave_measures",
    "U8_context_integration_measures",
    "P2_signal_and_noise",
    "P5_clusters_flip_flop",
    "P5_clusters_sine_wave",
    "P5_clusters_context_integration",
]


@pytest.fixture(autouse=True, scope="module")
def _few_pairs():
    rows = [{"signal": s, "noise": 100 - s, "measure": m, "similarity": 0.5} for s in (5, 9) for m in ("cca", "pwcca")]
    rows += [{"signal": 5, "noise": 95, "measure": "svcca", "similarity": 0.4}]
    draw = paper.plot_signal_and_noise
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "plot_signal_and_noise", lambda: draw(rows))
        yield


@pytest.fixture(scope="module")
def drawn(_few_pairs):
    return paper_figures([build() for build in TASKS.values()])


def words(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_every_figure_is_drawn_in_the_order_of_the_papers(drawn):
    assert list(drawn) == NAMES
    for name, figure in drawn.items():
        assert not any(text.startswith("no ") for text in words(figure)), name


def test_letters_are_those_of_the_paper(drawn):
    expected = {
        "U1_flip_flop": "abcdfe",
        "U2_sine_wave": "abcedf",
        "U3_context_integration": "abcdef",
        "U4_untrained": "ab",
        "U5_losses": "abc",
        "U6_flip_flop_measures": "abcdef",
    }
    for name, letters in expected.items():
        titles = [axes.get_title(loc="left") for axes in drawn[name].axes]
        assert [t[len("$\\mathbf{")] for t in titles if t.startswith("$")] == list(letters), name


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("U1_flip_flop", "graph distance"),
        ("U2_sine_wave", "frequency, cycles/step"),
        ("U3_context_integration", "eigenvalue magnitude"),
    ],
)
def test_axes_of_topology_name_what_its_distances_are(drawn, name, unit):
    panels = [axes for axes in drawn[name].axes if "topology," in axes.get_title(loc="left")]
    assert [axes.get_xlabel() for axes in panels] == [f"MDS 1 ({unit})"] * 2


def test_nothing_leaves_the_page_and_text_is_legible(drawn):
    for name, figure in drawn.items():
        assert figure.get_figwidth() <= 7.0
        figure.draw_without_rendering()
        width, height = figure.canvas.get_width_height()
        for axes in figure.axes:
            for text in (axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts):
                if not text.get_text().strip() or not text.get_visible():
                    continue
                assert text.get_fontsize() >= 6, (name, text)
                if axes.name == "3d" and text in (axes.xaxis.label, axes.yaxis.label):
                    continue  # placed while drawing
                box = text.get_window_extent()
                assert box.x0 > -2 and box.y0 > -2, (name, text)
                assert box.x1 < width + 2 and box.y1 < height + 2, (name, text)


def test_titles_do_not_run_into_each_other(drawn):
    for name, figure in drawn.items():
        figure.draw_without_rendering()
        boxes = [axes._left_title.get_window_extent() for axes in figure.axes if axes.get_title(loc="left")]
        for i, first in enumerate(boxes):
            assert not any(first.overlaps(second) for second in boxes[i + 1 :]), name


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_networks_without_any_data_leave_words(task, count):
    drawn = paper_figures([made.results(task, made.networks(2)[:count])])
    for name, figure in drawn.items():
        if name not in ("U5_losses", "P2_signal_and_noise"):
            assert any(text.startswith("no ") for text in words(figure)), name
    assert any("no losses" in text for text in words(drawn["U5_losses"])) == (count == 0)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("part", ["distances", "dynamics", "examples", "frequencies", "untrained"])
def test_any_missing_part_leaves_the_others(task, part):
    whole = TASKS[task]()
    nothing = {"distances": {}, "dynamics": {}, "examples": (), "frequencies": None, "untrained": None}[part]
    changes = {part: nothing, **({"embeddings": {}} if part == "distances" else {})}
    drawn = paper_figures([replace(whole, **changes)])
    assert [name for name in drawn if not drawn[name].axes] == []
    own = next(iter(drawn.values()))
    needed = task == "sine_wave" or part != "frequencies"  # what the figure of the task has a panel for
    assert any(text.startswith("no ") for text in words(own)) == (needed and part != "untrained")


def test_tasks_of_users_have_the_figures_that_fit_any():
    drawn = paper_figures([replace(made.flip_flop(), task="mine")])
    assert list(drawn) == ["U5_losses", "mine_overview", "mine_measures", "P2_signal_and_noise", "P5_clusters_mine"]
    assert list(paper_figures([])) == ["P2_signal_and_noise"]


@pytest.mark.parametrize("task", TASKS)
def test_the_overview_of_a_users_task_shows_what_there_is(task):
    results = replace(TASKS[task](), task="mine")
    figure = plot_own_task(results)
    figure.draw_without_rendering()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    letters = [t[len("$\\mathbf{")] for t in titles if t.startswith("$")]
    assert letters == list("abcdfe")
    assert not any(text.startswith("no ") for text in words(figure))
    last = {"flip_flop": "where small kicks lead", "sine_wave": "linear frequency by cell"}
    assert (last.get(task, "") in titles) and (task in last or not figure.axes[-1].axison)
    traces, one = figure.axes[0], results.examples[0]
    assert len(traces.lines) == min(4, one.inputs.shape[2]) + 2 * one.outputs.shape[2]


@pytest.mark.parametrize("part", ["distances", "dynamics", "examples", "frequencies"])
def test_the_overview_lacks_what_is_missing(part):
    nothing = {"distances": {}, "dynamics": {}, "examples": (), "frequencies": None}[part]
    changes = {part: nothing, **({"embeddings": {}} if part == "distances" else {})}
    figure = plot_own_task(replace(made.sine_wave(), task="mine", **changes))
    figure.draw_without_rendering()
    said = any(text.startswith("no ") for text in words(figure))
    assert said == (part in ("distances", "examples"))


def test_the_overview_of_nothing_has_words():
    figure = plot_own_task(made.results("mine", []))
    assert any(text.startswith("no ") for text in words(figure))


def test_a_task_twice_is_refused():
    with pytest.raises(ValueError, match="one result per task expected, got flip_flop, flip_flop"):
        paper_figures([made.flip_flop(1), made.flip_flop(1)])


def test_cells_have_the_same_colours_in_any_company():
    every = kind_styles(CELLS)
    assert list(kind_styles(["lstm", "gru", "mine"])) == ["gru", "lstm", "mine"]
    assert all(kind_styles([cell])[cell] == style for cell, style in every.items())
    assert len({style.color for style in kind_styles([*CELLS, "tanh", "relu"]).values()}) == 6


def test_embedded_networks_stand_at_their_coordinates_in_the_colour_of_their_cell():
    results = made.flip_flop()
    figure = paper_figures([results])["U6_flip_flop_measures"]
    panel = next(axes for axes in figure.axes if "SVCCA, tanh" in axes.get_title(loc="left"))
    grey, *cells = panel.collections
    points, labels = results.embeddings["svcca"].coordinates, np.array(results.labels("cell"))
    tanh = np.array(results.labels("activation")) == "tanh"
    np.testing.assert_array_equal(grey.get_offsets(), points[~tanh])
    for drawn, (cell, style) in zip(cells, kind_styles(CELLS).items(), strict=True):
        np.testing.assert_array_equal(drawn.get_offsets(), points[tanh & (labels == cell)])
        np.testing.assert_allclose(drawn.get_facecolor()[0][:3], to_rgba(style.color)[:3])


def test_matrices_are_ordered_by_cell_and_activation():
    rows = made.networks(2)[::-1]
    table = made.clusters([row["name"] for row in rows])
    figure = paper_figures([made.results("mine", rows, distances={"svcca": table})])["mine_measures"]
    expected = sorted(range(16), key=lambda k: (CELLS.index(rows[k]["cell"]), rows[k]["activation"] == "relu"))
    image = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(image, table[np.ix_(expected, expected)])
    left = figure.axes[0].child_axes[1].images[0]
    colors = left.cmap(left.norm(left.get_array()[:, 0]))
    np.testing.assert_allclose(colors[::4], [to_rgba(style.color) for style in kind_styles(CELLS).values()])


def test_an_embedding_in_one_dimension_is_drawn():
    results = made.flip_flop()
    one = {"svcca": embed(results.distances["svcca"], dimensions=1)}
    figure = paper_figures([replace(results, embeddings=one)])["U1_flip_flop"]
    figure.draw_without_rendering()
    assert "no embedding of topology" in words(figure)
