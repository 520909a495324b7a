import csv
import io

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from pyrnnsim.embedding import embed
from pyrnnsim.separation import separation
from pyrnnsim.similarity.matrix import DistanceMatrix, Report
from pyrnnsim.summary import Row, cautions, reports, summarise, to_csv, to_text

GROUPS = ["a", "a", "a", "b", "b"]


@pytest.fixture
def distances(rng):
    return squareform(pdist(rng.normal(size=(5, 4))))


def test_a_row_holds_the_numbers_of_separation_and_embedding(distances):
    row, embedding = summarise("cka", distances, GROUPS, ms_per_pair=0.5, measures_in_pass=2)
    numbers = separation(distances, GROUPS)
    np.testing.assert_array_equal(embedding.coordinates, embed(distances).coordinates)
    assert row == Row(
        measure="cka",
        within_mean=numbers.within,
        between_mean=numbers.between,
        nn_accuracy=numbers.accuracy,
        nn_chance=numbers.chance,
        silhouette=numbers.silhouette,
        stress=embedding.stress,
        ms_per_pair=0.5,
        measures_in_pass=2,
    )


def test_without_groups_the_mean_of_all_pairs_remains(distances):
    row, _ = summarise("cka", distances, None, ms_per_pair=0.5, measures_in_pass=1)
    assert row.between_mean == pytest.approx(squareform(distances).mean())
    assert np.isnan([row.within_mean, row.nn_accuracy, row.nn_chance, row.silhouette]).all()


def test_csv_reads_back(distances):
    row, _ = summarise("cka", distances, None, ms_per_pair=0.123456789, measures_in_pass=3)
    (found,) = csv.DictReader(io.StringIO(to_csv([row])))
    assert found["measure"] == "cka"
    assert found["nn_accuracy"] == ""
    assert found["ms_per_pair"] == "0.123457"
    assert int(found["measures_in_pass"]) == 3
    assert float(found["stress"]) == pytest.approx(row.stress, rel=1e-5)


def test_text_is_aligned_and_fits_a_terminal(distances):
    rows = [
        summarise(name, distances, groups, ms_per_pair=1234.5, measures_in_pass=1)[0]
        for name, groups in (("procrustes", GROUPS), ("cka", None))
    ]
    lines = to_text(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 80
    assert lines[0].split() == ["measure", "within", "between", "1-NN", "chance", "silhouette", "stress", "ms/pair"]
    assert lines[1].split()[3:5] == [f"{rows[0].nn_accuracy:.2f}", "0.40"]
    assert lines[2].split()[3:6] == ["-", "-", "-"]


def test_cuts_and_ties_are_told(distances):
    told = DistanceMatrix.wrap(distances, Report(metric="pwcca", rank_cut=(1, 2), ambiguous=np.array([[0, 1]])))
    assert cautions({"cka": distances, "pwcca": told}) == [
        "",
        "note: networks with dependent units, which count once: 2 (report.txt names them)",
        "note: pairs whose PWCCA weights tied correlations leave open: 1 (report.txt names some)",
    ]
    assert cautions({"cka": DistanceMatrix.wrap(distances, Report(metric="cka"))}) == []


def test_reports_follow_each_other(distances):
    made = {name: DistanceMatrix.wrap(distances, Report(metric=name)) for name in ("cka", "rsa")}
    text = reports(made)
    assert text == f"{made['cka'].report.summary()}\n\n{made['rsa'].report.summary()}\n"
    assert reports({"plain": distances}) == "\n"
