import subprocess
import sys
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from pyrnnsim.embedding import embed
from pyrnnsim.figures import dendrogram_panels, embedding_panels, matrix_panels

MEASURES = ("cca", "svcca", "pwcca", "cka", "procrustes", "cka_rbf", "rsa")
TITLES = ["mean CCA", "SVCCA", "PWCCA", "linear CKA", "Procrustes", "RBF CKA", "RSA"]
GROUPS = [f"solution{letter} {cell}" for letter in "AB" for cell in ("tanh", "relu") for _ in range(4)]
NAMES = [f"{group.replace(' ', '_')}_{i:02d}" for i, group in enumerate(GROUPS)]


def figures(count):
    rng = np.random.default_rng(0)
    tables = {measure: squareform(pdist(rng.normal(size=(len(GROUPS), 3)))) for measure in MEASURES[:count]}
    yield matrix_panels(tables, groups=GROUPS)
    yield embedding_panels({measure: embed(table) for measure, table in tables.items()}, groups=GROUPS)
    yield dendrogram_panels(tables, names=NAMES, groups=GROUPS)


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_a_panel_per_measure_and_one_legend(count):
    for figure in figures(count):
        assert [axes.get_title().split("  ")[0] for axes in figure.axes] == TITLES[:count]
        assert len(figure.legends) == 1
        assert [text.get_text() for text in figure.legends[0].get_texts()] == list(dict.fromkeys(GROUPS))
        assert figure.get_figwidth() <= 7.0


@pytest.mark.parametrize("count", [1, 4, 7])
def test_nothing_overlaps_or_leaves_the_page(count):
    for figure in figures(count):
        figure.draw_without_rendering()
        boxes = [axes.get_tightbbox() for axes in figure.axes] + [figure.legends[0].get_window_extent()]
        for first, second in combinations(boxes, 2):
            across = min(first.x1, second.x1) - max(first.x0, second.x0)
            down = min(first.y1, second.y1) - max(first.y0, second.y0)
            assert min(across, down) < 1.5  # pixels at 100 per inch
        width, height = figure.canvas.get_width_height()
        for box in boxes:
            assert box.x0 > -2
            assert box.y0 > -2
            assert box.x1 < width + 2
            assert box.y1 < height + 2


def test_text_is_legible_in_print():
    for figure in figures(7):
        figure.draw_without_rendering()
        texts = [text for axes in figure.axes for text in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        texts += [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label)]
        assert min(text.get_fontsize() for text in texts if text.get_text()) >= 6


def test_no_measure_is_refused():
    with pytest.raises(ValueError, match="matrix_panels: at least one measure is needed, got none"):
        matrix_panels({})


def test_settings_of_matplotlib_are_untouched():
    before = dict(mpl.rcParams)
    list(figures(2))
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported():
    code = (
        "import sys, io, numpy as np; from pyrnnsim.figures import plot_matrix, plot_dendrogram, plot_embedding;"
        "from pyrnnsim.embedding import embed; d = 1 - np.eye(3);"
        "[f.savefig(io.BytesIO()) for f in (plot_matrix(d), plot_dendrogram(d), plot_embedding(embed(d)))];"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
