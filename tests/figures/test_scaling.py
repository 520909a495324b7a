import numpy as np
import pytest

from pyrnnsim.figures import plot_scaling


def row(sweep="K", label="PWCCA", **sizes):
    return {"sweep": sweep, "label": label, "K": 32, "P": 3200, "N": 128, "seconds": 1.0} | sizes


TABLE = [
    *[
        row("K", label, K=k, seconds=k * k * 1e-3, megabytes=10.0 * k)
        for label in ("PWCCA", "SVCCA")
        for k in (8, 32, 16)
    ],
    *[row("P", P=p, seconds=p * 1e-3) for p in (400, 800)],
    *[row("N", N=n, seconds=n * 1e-3) for n in (64, 128)],
]


def curves(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_four_panels_with_their_curves():
    figure = plot_scaling(TABLE)
    networks, samples, units, memory = figure.axes
    assert [axes.get_xlabel() for axes in figure.axes] == ["networks K", "samples P", "units N", "networks K"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["wall time, s"] * 3 + ["peak memory, MB"]
    assert networks.get_title() == "P = 3,200, N = 128"
    line = curves(networks)["SVCCA"]
    np.testing.assert_array_equal(line.get_xdata(), [8, 16, 32])
    np.testing.assert_allclose(line.get_ydata(), [0.064, 0.256, 1.024])
    np.testing.assert_allclose(curves(memory)["PWCCA"].get_ydata(), [80, 160, 320])
    assert set(curves(samples)) == set(curves(units)) == {"PWCCA"}
    assert all(axes.get_xscale() == axes.get_yscale() == "log" for axes in figure.axes)
    assert [tick.get_text() for tick in samples.get_xticklabels()] == ["400", "800"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["PWCCA", "SVCCA"]


def test_the_guide_has_slope_two():
    guide = next(line for line in plot_scaling(TABLE).axes[0].lines if line.get_linestyle() == ":")
    x, y = (np.log(np.asarray(data, float)) for data in guide.get_data())
    assert np.diff(y) / np.diff(x) == pytest.approx(2.0)


def training_row(sweep, **sizes):
    return {"sweep": sweep, "label": "gru", "cell": "gru", "K": 4, "N": 64, "T": 100, "B": 64, "seconds": 0.5} | sizes


TRAINING = [training_row(size, **{size: value}, seconds=value * 1e-3) for size in "BTNK" for value in (10, 20, 40)]


def test_other_sizes_have_panels_in_their_order_titles_and_unit():
    figure = plot_scaling(TRAINING, sizes=("K", "N", "T", "B"), time="CPU time per iteration, s")
    assert [axes.get_xlabel() for axes in figure.axes] == ["networks K", "units N", "time steps T", "trials B"]
    assert {axes.get_ylabel() for axes in figure.axes} == {"CPU time per iteration, s"}
    assert figure.axes[2].get_title() == "K = 4, N = 64, B = 64"
    np.testing.assert_array_equal(curves(figure.axes[3])["gru"].get_xdata(), [10, 20, 40])


def test_guides_have_the_slopes_asked_for_and_say_so():
    _, *others, trials = plot_scaling(TRAINING, sizes="KNTB", guides={"N": 2, "T": 1, "B": 10}).axes
    for axes, slope, text in zip([*others, trials], (2, 1, 10), ("∝ N²", "∝ T", "∝ B¹⁰"), strict=True):
        x, y = (np.log(np.asarray(data, float)) for data in axes.lines[-1].get_data())
        assert np.diff(y) / np.diff(x) == pytest.approx(slope)
        assert [drawn.get_text() for drawn in axes.texts] == [text]


def test_sizes_without_a_guide_have_none():
    networks = plot_scaling(TRAINING, sizes="KNTB", guides={"N": 2}).axes[0]
    assert len(networks.lines) == 1
    assert not networks.texts


def test_unknown_and_missing_sizes_are_refused():
    with pytest.raises(ValueError, match="sizes must be among 'K', 'P', 'N', 'T' or 'B', got 'Q'"):
        plot_scaling(TRAINING, sizes=("K", "Q"))
    with pytest.raises(ValueError, match=r"table\[0\] has no 'P'"):
        plot_scaling(TRAINING)
    with pytest.raises(ValueError, match=r"\['sweep'\] must be 'K' or 'B', got 'T'"):
        plot_scaling(TRAINING, sizes=("K", "B"))


def test_colours_are_the_same_in_every_panel():
    figure = plot_scaling([*TABLE, row("P", label="SVCCA", P=400)])
    assert len({curves(axes)["SVCCA"].get_color() for axes in (figure.axes[0], figure.axes[1])}) == 1


def test_panels_without_rows_are_left_out():
    assert len(plot_scaling([row("P")]).axes) == 1
    assert len(plot_scaling([row("K")]).axes) == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "table is empty"),
        ([{"sweep": "K"}], r"table\[0\] has no 'label'"),
        ([row(), row(sweep="Q")], r"table\[1\]\['sweep'\] must be 'K', 'P' or 'N', got 'Q'"),
        ([row(seconds=0.0)], r"table\[0\]\['seconds'\] must be a positive number, got 0.0"),
        ([row(K="8")], r"table\[0\]\['K'\] must be a positive number, got '8'"),
        ([row(seconds=float("nan"))], r"\['seconds'\] must be a positive number, got nan"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        plot_scaling(table)
