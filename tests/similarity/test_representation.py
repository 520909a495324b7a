"""Prepared networks: the same numbers as arrays, everywhere, before and after a file."""

from __future__ import annotations

import numpy as np
import pytest
from reference import generators
from reference import similarity as reference
from safetensors.numpy import save_file

import pyrnnsim
from pyrnnsim import Representation
from pyrnnsim._files import write_checked

CORE = ("cca", "svcca", "pwcca", "procrustes")
ALONE = ("cka", "cka:debiased=True", "cka:kernel=rbf", "rsa", "svcca:n_components=4", "pwcca:definition=google")
WIDTHS = [5, 9, 33, 9, 64]


@pytest.fixture
def reps(rng, dtype):
    made = [rep.astype(dtype) for rep in generators.population(rng, 5, 410, WIDTHS)]
    made[3] = np.hstack([made[3][:, :6], made[3][:, :3]])  # of rank 6: factored by QR
    return made


@pytest.fixture
def prepared(reps):
    return [pyrnnsim.prepare(rep, name=f"net {i}") for i, rep in enumerate(reps)]


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Bytes of a saved representation."""
    path = tmp_path_factory.mktemp("saved") / "one"
    pyrnnsim.prepare(np.random.default_rng(0).normal(size=(20, 3)), name="net").save(path)
    return path.read_bytes()


def same_fields(a, b):
    assert (a.name, a.samples, a.units, a.rank, a.dtype, a.digest()) == (
        b.name,
        b.samples,
        b.units,
        b.rank,
        b.dtype,
        b.digest(),
    )
    assert (a.dead_units, a.directions_cut, a.condition) == (b.dead_units, b.directions_cut, b.condition)
    for name in ("basis", "mean", "loadings", "singular_values"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


class TestAttributes:
    def test_factors_of_the_activity(self, reps, prepared, dtype):
        tight = 2e-6 if dtype == np.float32 else 1e-12
        for rep, one in zip(reps, prepared, strict=True):
            wide = rep.astype(np.float64)
            rank = reference.rank(wide)
            assert (one.samples, one.units, one.rank, one.dtype) == (*rep.shape, rank, dtype)
            assert one.basis.shape == (410, rank) and one.basis.dtype == dtype
            basis = one.basis.astype(np.float64)
            np.testing.assert_allclose(basis.T @ basis, np.eye(rank), rtol=0, atol=tight)
            np.testing.assert_allclose(one.mean, wide.mean(axis=0), rtol=1e-13, atol=1e-14)
            np.testing.assert_allclose(one.mean + basis @ one.loadings, wide, rtol=0, atol=20 * tight)
            np.testing.assert_allclose(one.singular_values, reference.singular_values(wide)[:rank], rtol=1e-10)
            assert one.condition == pytest.approx(one.singular_values[0] / one.singular_values[-1])

    def test_what_was_left_out(self, rng, dtype):
        x = rng.normal(size=(80, 4)).astype(dtype)
        one = pyrnnsim.prepare(np.hstack([x, x[:, :1], np.full((80, 2), 3, dtype)]))
        assert (one.units, one.rank, one.dead_units, one.directions_cut) == (7, 4, 2, 1)

    def test_it_cannot_be_changed(self, prepared):
        one = prepared[0]
        with pytest.raises(AttributeError):
            one.samples = 3
        one.mean[:] = 7.0
        one.loadings[:] = 7.0
        same_fields(one, prepared[0])
        assert not (one.mean == 7.0).any()

    def test_a_dtype_may_be_chosen(self, rng):
        x = rng.normal(size=(60, 5))
        assert pyrnnsim.prepare(x, dtype=np.float32).dtype == np.float32
        assert pyrnnsim.prepare(x.astype(np.float32), dtype=np.float64).dtype == np.float64
        assert pyrnnsim.prepare(x.astype(np.float16)).dtype == np.float32
        assert pyrnnsim.prepare((10 * x).astype(int)).dtype == np.float64

    def test_the_input_is_left_alone_and_not_needed_later(self, rng, dtype):
        x = rng.normal(size=(60, 5)).astype(dtype)
        before = x.copy()
        one = pyrnnsim.prepare(x)
        np.testing.assert_array_equal(x, before)
        x[:] = 0
        same_fields(one, pyrnnsim.prepare(before))

    def test_twice_prepared_is_once_prepared(self, prepared, dtype):
        again = pyrnnsim.prepare(prepared[0])
        assert pyrnnsim.pairwise_cca([prepared[0], again])[0, 1] < (1e-6 if dtype == np.float32 else 1e-13)
        assert again.name == prepared[0].name


class TestInPlaceOfArrays:
    @pytest.mark.parametrize("mask", [[1] * 5, [0, 1, 0, 1, 1], [1, 0, 0, 0, 0]], ids=str)
    def test_one_pass_has_the_same_bits(self, reps, prepared, mask):
        mixed = [one if chosen else rep for rep, one, chosen in zip(reps, prepared, mask, strict=True)]
        found, expected = pyrnnsim.pairwise(mixed, side="first"), pyrnnsim.pairwise(reps, side="first")
        for name, matrix in expected.items():
            np.testing.assert_array_equal(found[name], matrix)
        assert found["cca"].report.ranks == expected["cca"].report.ranks
        assert found["cca"].report.rank_cut == (3,)

    @pytest.mark.parametrize("metric", [*CORE, *ALONE])
    def test_every_measure_has_the_same_values(self, reps, prepared, atol, metric):
        mixed = [prepared[0], reps[1], prepared[2], prepared[3], reps[4]]
        if metric.endswith("google"):  # a formula that needs full rank
            reps, mixed = reps[:3], mixed[:3]
            atol = max(atol, 1e-4 if reps[0].dtype == np.float32 else 1e-9)
        expected = pyrnnsim.pairwise_distances(reps, metric=metric)
        np.testing.assert_allclose(pyrnnsim.pairwise_distances(mixed, metric=metric), expected, rtol=0, atol=atol)
        crossed = pyrnnsim.cross_distances(mixed[:2], reps[2:], metric=metric)
        np.testing.assert_allclose(
            crossed, pyrnnsim.cross_distances(reps[:2], reps[2:], metric=metric), rtol=0, atol=atol
        )

    def test_canonical_correlations_and_chance(self, reps, prepared, atol):
        found = pyrnnsim.canonical_correlations(prepared[0], reps[2])
        np.testing.assert_allclose(
            found.correlations, reference.canonical_correlations(reps[0], reps[2]), rtol=0, atol=atol
        )
        for metric in ("cca", "cka", "cka:kernel=rbf"):
            levels = [pyrnnsim.chance_similarity(one, metric=metric) for one in (prepared, reps)]
            np.testing.assert_allclose(*levels, rtol=0, atol=atol)

    def test_float32_among_float64_is_computed_in_float64(self, rng):
        x, y = rng.normal(size=(90, 5)), rng.normal(size=(90, 5))
        found = pyrnnsim.pairwise_cca([pyrnnsim.prepare(x.astype(np.float32)), y])
        assert found.report.dtype == "float64"
        assert found[0, 1] == pytest.approx(1 - reference.mean_cca(x.astype(np.float32), y), abs=1e-6)

    def test_another_number_of_samples_is_refused(self, rng, prepared):
        with pytest.raises(ValueError, match=r"pairwise_cca: reps\[1\].* has 409 samples, expected 410"):
            pyrnnsim.pairwise_cca([prepared[0], rng.normal(size=(409, 5))])
        with pytest.raises(ValueError, match="canonical_correlations: y has 409 samples, expected 410 as in x"):
            pyrnnsim.canonical_correlations(prepared[0], rng.normal(size=(409, 5)))

    def test_its_name_is_the_name_in_reports(self, prepared):
        assert pyrnnsim.pairwise_cca(prepared).names == tuple(f"net {i}" for i in range(5))


class TestFiles:
    def test_what_was_saved_is_loaded_to_the_bit(self, prepared, tmp_path):
        for one in (*prepared, pyrnnsim.prepare(prepared[0].basis * 1e20)):
            one.save(tmp_path / "one")
            same_fields(Representation.load(str(tmp_path / "one")), one)
        assert [path.name for path in tmp_path.iterdir()] == ["one"]

    @pytest.mark.parametrize("metric", [*CORE, *ALONE[:4]])
    def test_loaded_ones_give_the_same_bits(self, prepared, tmp_path, metric):
        for i, one in enumerate(prepared):
            one.save(tmp_path / f"{i}.rep")
        loaded = [Representation.load(tmp_path / f"{i}.rep") for i in range(5)]
        expected = pyrnnsim.pairwise_distances(prepared, metric=metric)
        np.testing.assert_array_equal(pyrnnsim.pairwise_distances(loaded, metric=metric), expected)

    def test_extreme_scales_survive(self, rng, tmp_path):
        for scale in (1e-200, 1e200):
            one = pyrnnsim.prepare(rng.normal(size=(50, 3)) * scale)
            one.save(tmp_path / "one")
            same_fields(Representation.load(tmp_path / "one"), one)

    @pytest.mark.parametrize("keep", [0, 1, 8, 31, 32, 33, 100, 0.3, 0.6, 0.9, -33, -32, -1])
    def test_a_truncated_file_is_refused(self, content, tmp_path, keep):
        length = int(keep * len(content)) if isinstance(keep, float) else keep
        (tmp_path / "one").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"one is damaged"):
            Representation.load(tmp_path / "one")

    def test_any_flipped_bit_is_refused(self, content, tmp_path):
        rng = np.random.default_rng(1)
        for position in (
            0,
            7,
            8,
            len(content) - 33,
            len(content) - 32,
            len(content) - 1,
            *rng.integers(len(content), size=40),
        ):
            flipped = bytearray(content)
            flipped[position] ^= 1 << int(rng.integers(8))
            (tmp_path / "one").write_bytes(flipped)
            with pytest.raises(ValueError, match=r"one is damaged"):
                Representation.load(tmp_path / "one")

    @pytest.mark.parametrize("kind", ["npy", "safetensors", "text", "pickle"])
    def test_a_foreign_file_is_refused(self, tmp_path, kind):
        path = tmp_path / "one"
        if kind == "npy":
            with path.open("wb") as file:
                np.save(file, np.zeros((20, 3)))
        elif kind == "safetensors":
            save_file({"basis": np.zeros((20, 3))}, path)
        else:
            path.write_bytes(b"hello" if kind == "text" else b"\x80\x04N.")
        with pytest.raises(ValueError, match="representation") as caught:
            Representation.load(path)
        assert str(path) in str(caught.value) and "delete" not in str(caught.value)

    @pytest.mark.parametrize(
        "payload", [b"", b"hello", b"\xff" * 100, b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]"], ids=repr
    )
    def test_another_file_with_a_checksum_is_refused(self, tmp_path, payload):
        write_checked(tmp_path / "one", payload)
        with pytest.raises(ValueError, match="no representation that this version of pyrnnsim wrote"):
            Representation.load(tmp_path / "one")

    def test_another_version_is_refused(self, content, tmp_path):
        write_checked(tmp_path / "one", content[:-32].replace(b"representation 1", b"representation 9"))
        with pytest.raises(ValueError, match="this version of pyrnnsim wrote .*representation 9"):
            Representation.load(tmp_path / "one")

    def test_paths_that_do_not_work(self, prepared, tmp_path):
        with pytest.raises(OSError, match="create the directory first"):
            prepared[0].save(tmp_path / "nowhere" / "one")
        with pytest.raises(FileNotFoundError):
            Representation.load(tmp_path / "nothing")


class TestRefused:
    @pytest.mark.parametrize(
        ("rep", "message"),
        [
            (np.ones((5, 3)), r"^prepare: rep.* is constant"),
            (np.array([[1.0, 2.0], [3.0, np.nan]]), r"^prepare: rep.*nan"),
            (np.ones(5), r"^prepare: rep.*reshape\(-1, 1\)"),
            (np.ones((2, 3, 4)), r"^prepare: rep.*reshape"),
            (np.ones((1, 4)), r"^prepare: rep"),
        ],
        ids=["constant", "nan", "1-D", "3-D", "one sample"],
    )
    def test_bad_input_is_named(self, rep, message):
        with pytest.raises(ValueError, match=message):
            pyrnnsim.prepare(rep)
