"""pyrnnsim.eig: what it takes, what it returns, what it refuses, and that results survive a file."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

import pyrnnsim
from pyrnnsim import EigenDecomposition, eig
from pyrnnsim.eigen import eigenvalues


def assert_same(one, other):
    for field in fields(EigenDecomposition):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        assert (mine is None) == (theirs is None), field.name
        if mine is not None:
            assert mine.dtype == theirs.dtype and mine.shape == theirs.shape, field.name
            np.testing.assert_array_equal(mine, theirs, err_msg=field.name)


def test_gives_the_matrices_back(rng, dtype):
    matrices = rng.normal(size=(2, 3, 7, 7)).astype(dtype)
    found = eig(matrices)
    assert found.eigenvalues.dtype == np.complex128 and found.eigenvalues.shape == (2, 3, 7)
    assert found.right.shape == found.left.shape == (2, 3, 7, 7)
    assert found.condition.shape == (2, 3, 7)
    assert found.ill_conditioned.shape == found.residual.shape == found.fallback.shape == (2, 3)
    again = (found.right * found.eigenvalues[..., None, :]) @ found.left
    np.testing.assert_allclose(again, matrices, atol=1e-11)
    assert not found.ill_conditioned.any() and not found.fallback.any()


def test_one_matrix_has_no_leading_axes(rng):
    matrix = rng.normal(size=(4, 4))
    found = eig(matrix)
    assert found.eigenvalues.shape == (4,) and found.residual.shape == ()
    np.testing.assert_array_equal(found.right, eig(matrix[None]).right[0])


def test_known_spectrum():
    found = eig([[0.0, -2.0], [2.0, 0.0]])
    np.testing.assert_allclose(found.eigenvalues, [2j, -2j], atol=1e-15)
    np.testing.assert_allclose(found.condition, [1, 1])
    np.testing.assert_allclose(np.abs(found.right), np.sqrt(0.5))


@pytest.mark.parametrize("shape", [(0, 0), (3, 0, 0), (0, 5, 5), (2, 0, 4, 4)])
def test_nothing_to_decompose(shape):
    found = eig(np.zeros(shape))
    assert found.eigenvalues.shape == shape[:-1]
    assert found.right.shape == found.left.shape == shape
    assert found.residual.shape == shape[:-2]


def test_a_single_unit():
    found = eig(np.array([[[-3.0]], [[0.0]]]))
    np.testing.assert_array_equal(found.eigenvalues, [[-3], [0]])
    np.testing.assert_array_equal(found.right, np.ones((2, 1, 1)))
    np.testing.assert_array_equal(found.left, np.ones((2, 1, 1)))


@pytest.mark.parametrize("kind", [np.int64, np.bool_, np.float16, np.longdouble])
def test_any_real_numbers_will_do(rng, kind):
    matrix = rng.integers(0, 2, size=(5, 5))
    assert_same(eig(matrix.astype(kind)), eig(matrix.astype(float)))


def test_layout_does_not_matter(rng):
    matrices = rng.normal(size=(3, 6, 6))
    assert_same(eig(np.asfortranarray(matrices)), eig(matrices))
    assert_same(eig(matrices.tolist()), eig(matrices))
    assert_same(eig(matrices.astype(">f8")), eig(matrices))
    read_only = matrices.copy()
    read_only.flags.writeable = False
    assert_same(eig(read_only), eig(matrices))


def test_torch_tensors_will_do(rng):
    torch = pytest.importorskip("torch")
    matrices = rng.normal(size=(3, 6, 6))
    assert_same(eig(torch.tensor(matrices, requires_grad=True)), eig(matrices))


def test_leading_modes(rng):
    matrices = rng.normal(size=(4, 30, 30))
    every, leading = eig(matrices), eig(matrices, leading=7)
    np.testing.assert_array_equal(leading.eigenvalues, every.eigenvalues)
    assert leading.right.shape == (4, 30, 7) and leading.left.shape == (4, 7, 30) and leading.condition.shape == (4, 7)
    np.testing.assert_allclose(leading.condition, every.condition[:, :7], rtol=1e-8)
    np.testing.assert_allclose(leading.left @ every.right, np.broadcast_to(np.eye(7, 30), (4, 7, 30)), atol=1e-10)
    assert_same(eig(matrices, leading=30), every)


def test_a_pair_may_be_divided_by_the_limit():
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    found = eig(rotation, leading=1)
    np.testing.assert_allclose(found.eigenvalues, [1j, -1j])
    np.testing.assert_allclose(rotation @ found.right, 1j * found.right, atol=1e-15)
    np.testing.assert_allclose(found.left @ found.right, [[1]])


def test_without_left_vectors(rng):
    matrices = rng.normal(size=(3, 9, 9))
    both, alone = eig(matrices), eig(matrices, left=False)
    assert alone.left is None and alone.condition is None and alone.ill_conditioned is None
    np.testing.assert_array_equal(alone.right, both.right)


def test_threads_change_nothing(rng):
    matrices = rng.normal(size=(40, 12, 12))
    assert_same(eig(matrices, n_jobs=3), eig(matrices, n_jobs=1))


def test_defective_matrices_are_flagged(rng):
    stack = np.array([rng.normal(size=(3, 3)), [[2.0, 1, 0], [0, 2, 1], [0, 0, 2]]])
    found = eig(stack)
    assert found.ill_conditioned.tolist() == [False, True]
    assert found.fallback.tolist() == [False, True]
    assert found.condition[1].max() > 1e8


@pytest.mark.parametrize("options", [{}, {"leading": 3}, {"left": False}])
@pytest.mark.parametrize("shape", [(2, 2, 8, 8), (3, 3), (0, 4, 4)])
def test_saving_and_loading(rng, tmp_path, options, shape):
    found = eig(rng.normal(size=shape), **options)
    found.save(tmp_path / "modes")
    assert_same(EigenDecomposition.load(tmp_path / "modes"), found)


def test_nothing_at_all_is_saved_and_loaded(tmp_path):
    found = eig(np.zeros((2, 0, 0)))
    found.save(tmp_path / "modes")
    assert_same(EigenDecomposition.load(tmp_path / "modes"), found)


def test_damaged_and_foreign_files_are_refused(rng, tmp_path):
    path = tmp_path / "modes"
    eig(rng.normal(size=(3, 3))).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(ValueError, match="damaged"):
        EigenDecomposition.load(path)
    pyrnnsim.prepare(rng.normal(size=(9, 3))).save(path)
    with pytest.raises(ValueError, match="no eigen-decomposition"):
        EigenDecomposition.load(path)


def test_results_are_frozen(rng):
    with pytest.raises(FrozenInstanceError):
        eig(rng.normal(size=(2, 2))).right = None


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, TypeError, r"eig: matrices is None; expected real square matrices of shape \(\.\.\., n, n\)"),
        ("text", TypeError, "eig: matrices is a str"),
        (np.zeros((2, 2), complex), TypeError, "dtype complex128.*numpy.linalg.eig"),
        ([["a"]], TypeError, "real numbers"),
        (3.0, ValueError, r"eig: matrices has shape \(\)"),
        (np.zeros(4), ValueError, r"eig: matrices has shape \(4,\)"),
        (np.zeros((5, 2, 3)), ValueError, r"shape \(5, 2, 3\), whose last two sizes differ"),
    ],
)
def test_refuses_what_is_no_stack_of_square_matrices(value, kind, text):
    with pytest.raises(kind, match=text):
        eig(value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_values_that_are_not_finite_and_names_the_matrix(bad):
    stack = np.zeros((2, 3, 4, 4))
    stack[1, 2, 3, 0] = bad
    with pytest.raises(ValueError, match=rf"eig: matrices\[1, 2\] holds {bad} at row 3, column 0; expected finite"):
        eig(stack)
    with pytest.raises(ValueError, match=rf"eig: matrices holds {bad} at row 3, column 0"):
        eig(stack[1, 2])


def test_takes_values_whose_sum_overflows():
    found = eig(np.full((2, 2), 1.5e308))
    assert np.isfinite(found.right).all()


@pytest.mark.parametrize(
    ("leading", "kind", "text"),
    [
        (0, ValueError, "leading must be an int from 1 to n = 4, or None for all modes, got 0"),
        (5, ValueError, "got 5"),
        (-1, ValueError, "got -1"),
        (2.0, TypeError, "got 2.0"),
        (True, TypeError, "got True"),
    ],
)
def test_refuses_a_wrong_number_of_modes(leading, kind, text):
    with pytest.raises(kind, match=text):
        eig(np.eye(4), leading=leading)


def test_refuses_wrong_options():
    with pytest.raises(TypeError, match="eig: left must be True or False, got 'yes'"):
        eig(np.eye(2), left="yes")
    with pytest.raises(ValueError, match="eig: n_jobs must be"):
        eig(np.eye(2), n_jobs=0)


def test_rows_and_frame(rng):
    found = eig(rng.normal(size=(2, 3, 4, 4)), leading=2)
    rows = found.rows
    assert len(rows) == 2 * 3 * 4
    assert list(rows[0]) == ["matrix", "mode", "real", "imaginary", "magnitude", "condition"]
    assert [row["matrix"] for row in rows] == np.repeat(np.arange(6), 4).tolist()
    assert [row["mode"] for row in rows] == 6 * [0, 1, 2, 3]
    values = found.eigenvalues.ravel()
    assert [complex(row["real"], row["imaginary"]) for row in rows] == values.tolist()
    np.testing.assert_allclose([row["magnitude"] for row in rows], np.abs(values))
    assert [row["condition"] for row in rows[:4]] == [*found.condition[0, 0].tolist(), None, None]
    frame = found.frame
    assert list(frame.columns) == list(rows[0]) and len(frame) == 24
    assert frame["condition"].isna().sum() == 12
    assert eig(np.eye(2), left=False).rows[0]["condition"] is None
    assert eig(np.zeros((0, 3, 3))).rows == eig(np.zeros((2, 0, 0))).rows == []


def test_plotting(rng):
    found = eig(2 * np.eye(2) * np.arange(2))
    axes = found.plot().axes[0]
    inside, outside = (each.get_offsets().tolist() for each in axes.collections)
    assert (inside, outside) == ([[0, 0]], [[2, 0]])
    assert axes.get_title() == "eigenvalues"
    again = eig(rng.normal(size=(3, 4, 4))).plot(ax=axes)
    assert again is axes.figure and len(again.axes) == 1
    assert eig(np.zeros((0, 3, 3))).plot().axes


def test_says_what_it_is(rng):
    stack = np.array([rng.normal(size=(3, 3)), [[2.0, 1, 0], [0, 2, 1], [0, 0, 2]]])
    shape = "<EigenDecomposition of matrices of shape (2, 3, 3): "
    assert repr(eig(stack)) == shape + "3 of 3 modes, 1 ill-conditioned, 1 by LAPACK>"
    assert repr(eig(stack, leading=1, left=False)) == shape + "1 of 3 modes, right vectors only, 1 by LAPACK>"


@pytest.mark.parametrize("n", [0, 1, 5, 20])
def test_eigenvalues_alone_are_the_same(rng, n):
    stack = rng.normal(size=(11, n, n))
    np.testing.assert_array_equal(eigenvalues(stack, 1), eig(stack).eigenvalues)
    np.testing.assert_array_equal(eigenvalues(stack, 2), eig(stack).eigenvalues)
