"""Collection: names, samples that must agree, dtype, rows and digests."""

import hashlib
import re

import numpy as np
import pytest
import torch

from pyrnnsim._inputs.collection import collect

GENERATOR = np.random.default_rng(0)
REPS = [GENERATOR.normal(size=(12, units)) for units in (4, 1, 7)]
STACK = GENERATOR.normal(size=(3, 12, 5))


def gather(reps, **options):
    return collect(reps, caller="pairwise_cca", **options)


class TestNames:
    def test_default_is_the_position(self):
        collection = gather(REPS)
        assert collection.names == ("0", "1", "2")
        assert str(collection.label(1)) == "pairwise_cca: reps[1]"

    @pytest.mark.parametrize("names", [["x", "y", "z"], ("x", "y", "z"), np.array(["x", "y", "z"])])
    def test_given(self, names):
        collection = gather(REPS, names=names)
        assert collection.names == ("x", "y", "z")
        assert all(type(name) is str for name in collection.names)
        assert str(collection.label(2)) == "pairwise_cca: reps[2] ('z')"

    def test_given_replace_keys(self):
        assert gather({"a": REPS[0], "b": REPS[1]}, names=["x", "y"]).names == ("x", "y")

    def test_given_appear_in_errors(self):
        with pytest.raises(ValueError, match=re.escape("pairwise_cca: reps[1] ('y') has shape (4,)")):
            gather([REPS[0], REPS[0][0]], names=["x", "y"])

    @pytest.mark.parametrize("reps", [REPS, STACK, dict(zip("abc", REPS, strict=True))])
    def test_count(self, reps):
        with pytest.raises(ValueError, match="pairwise_cca: names has 2 entries; expected 3, one per network"):
            gather(reps, names=["x", "y"])

    def test_count_is_checked_before_anything_is_loaded(self, lazy_sequence):
        lazy = lazy_sequence(REPS)
        with pytest.raises(ValueError, match="names has 2 entries; expected 3"):
            gather(lazy, names=["x", "y"])
        assert lazy.loads == []

    @pytest.mark.parametrize("names", ["xyz", b"xyz", 3, iter("xyz")])
    def test_wrong_type(self, names):
        with pytest.raises(TypeError, match=r"pairwise_cca: names is a.*; expected a list with one str per network"):
            gather(REPS, names=names)

    def test_duplicates(self):
        text = "reps[0] and reps[2] are both named 'x'; expected distinct names: pass names=[...]"
        with pytest.raises(ValueError, match=re.escape(text)):
            gather(REPS, names=["x", "y", "x"])
        with pytest.raises(ValueError, match=re.escape("reps[0] and reps[1] are both named '1'")):
            gather({1: REPS[0], "1": REPS[1]})


class TestSamples:
    def test_one_offender(self):
        text = (
            "pairwise_cca: reps[1] ('gru_3') has 11 samples, expected 12 as in reps[0] ('a'); rows must be the same "
            "probe inputs in every network"
        )
        with pytest.raises(ValueError, match=re.escape(text)) as caught:
            gather([REPS[0], REPS[2][:11], REPS[2]], names=["a", "gru_3", "c"])
        assert "transposed" not in str(caught.value)

    def test_the_majority_is_right(self):
        with pytest.raises(ValueError, match=re.escape("reps[0] has 11 samples, expected 12 as in reps[1];")):
            gather([REPS[0][:11], REPS[1], REPS[2]])

    def test_five_are_listed_and_the_rest_counted(self):
        reps = [STACK[0]] * 9 + [STACK[0][: 2 + k] for k in range(8)]
        text = (
            "pairwise_cca: 8 of 17 networks in reps differ from the 12 samples of reps[0]: reps[9] has 2, "
            "reps[10] has 3, reps[11] has 4, reps[12] has 5, reps[13] has 6, and 3 more; rows"
        )
        with pytest.raises(ValueError, match=re.escape(text)):
            gather(reps)

    def test_two_are_listed_without_a_rest(self):
        with pytest.raises(ValueError, match=re.escape("of reps[0]: reps[3] has 2, reps[4] has 3; rows must be")):
            gather([REPS[0]] * 3 + [REPS[0][:2], REPS[0][:3]])

    def test_transposed_offender(self):
        with pytest.raises(
            ValueError, match=re.escape("reps[1] has 4 samples, expected 12 as in reps[0]; rows must")
        ) as one:
            gather([REPS[0], REPS[0].T, REPS[2]])
        assert str(one.value).endswith("(it looks transposed: pass x.T)")
        with pytest.raises(ValueError, match=re.escape("(they look transposed: pass x.T)")):
            gather([REPS[0], REPS[0].T, REPS[2].T, REPS[2], REPS[1]])

    def test_all_transposed(self):
        with pytest.raises(
            ValueError, match=re.escape("(all have 12 columns: if those are the samples, the arrays look")
        ):
            gather([REPS[0].T, REPS[2].T])

    def test_prepared_take_part(self, prepared_type):
        with pytest.raises(ValueError, match=re.escape("reps[1] ('old') has 13 samples, expected 12")):
            gather([REPS[0], prepared_type(samples=13, name="old"), REPS[1]])


class TestDtype:
    @pytest.mark.parametrize(
        ("dtypes", "expected"),
        [(["f2", ">f4"], "f4"), (["f4", "f8"], "f8"), (["f4", "i4"], "f8"), (["?"], "f8"), (["g"], "f8")],
    )
    def test_default(self, dtypes, expected):
        reps = [np.ones((3, 2), dtype) for dtype in dtypes]
        assert gather(reps).dtype == expected
        assert all(gather(reps).rows(i).dtype == np.dtype(expected) for i in range(len(reps)))

    def test_prepared_take_part(self, prepared_type):
        assert gather([prepared_type(dtype="f4"), np.ones((12, 2), "f4")]).dtype == np.float32
        assert gather([prepared_type(dtype="f8"), np.ones((12, 2), "f4")]).dtype == np.float64

    @pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("f4"), torch.zeros(1).numpy().dtype])
    def test_given(self, dtype):
        assert gather(REPS, dtype=dtype).dtype == np.float32
        assert gather(REPS, dtype=dtype).rows(0).dtype == np.float32

    @pytest.mark.parametrize("dtype", ["int32", "f2", complex, ">f8"])
    def test_wrong(self, dtype):
        with pytest.raises(ValueError, match=r"pairwise_cca: dtype is .*; expected float32 or float64"):
            gather(REPS, dtype=dtype)

    def test_nonsense(self):
        with pytest.raises(TypeError, match="pairwise_cca: dtype is 'float33'; expected float32 or float64"):
            gather(REPS, dtype="float33")

    def test_values_beyond_float32(self):
        wide = REPS[0].copy()
        wide[9, 3] = 1e200
        collection = gather([REPS[1], wide], dtype="float32", names=["a", "b"])
        text = "reps[1] ('b') holds 1e+200 at row 9, unit 3, beyond the float32 range"
        with pytest.raises(ValueError, match=re.escape(text)):
            collection.rows(1, 5, 11)
        assert collection.rows(1, 0, 5).shape == (5, 4)

    def test_units_below_float32(self):
        faint = REPS[0].copy()
        faint[:, 2] = 1e-50
        with pytest.raises(ValueError, match=re.escape("reps[0] has unit 2 with no value above 1e-50, which vanishes")):
            gather([faint], dtype="float32").rows(0)


class TestRows:
    @pytest.mark.parametrize(
        ("start", "stop", "expected"), [(0, 12, 12), (0, None, 12), (5, 99, 7), (4, 4, 0), (12, None, 0)]
    )
    def test_ranges(self, start, stop, expected, lazy_sequence, slow_array):
        for reps in (REPS, lazy_sequence(REPS), [slow_array(x) for x in REPS]):
            assert gather(reps).rows(2, start, stop).shape == (expected, 7)

    @pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4), (13, None)])
    def test_wrong_ranges(self, start, stop):
        with pytest.raises(ValueError, match=re.escape("pairwise_cca: reps[0]: rows")):
            gather(REPS).rows(0, start, stop)

    def test_no_such_network(self):
        with pytest.raises(IndexError):
            gather(REPS).rows(3)


class TestDigest:
    def test_is_the_documented_one(self):
        state = hashlib.blake2b(b"12,4,<f8;" + REPS[0].tobytes(), digest_size=16)
        assert gather(REPS).digest(0) == state.hexdigest()

    def test_does_not_depend_on_layout(self, tmp_path, slow_array):
        x = REPS[2]
        np.save(tmp_path / "x.npy", np.asfortranarray(x))
        same = [np.asfortranarray(x), x[::-1].copy()[::-1], x.astype(">f8"), torch.tensor(x), x.tolist(), slow_array(x)]
        digests = {gather([value]).digest(0) for value in [x, *same, tmp_path / "x.npy"]}
        assert len(digests) == 1

    def test_depends_on_values_shape_and_dtype(self):
        x = REPS[0]
        changed = x.copy()
        changed[11, 3] = np.nextafter(changed[11, 3], np.inf)
        values = [x, changed, x.reshape(4, 12), x.reshape(24, 2), np.zeros((12, 4)), np.zeros((12, 5))]
        digests = [gather([value]).digest(0) for value in values] + [gather([x], dtype="f4").digest(0)]
        assert len(set(digests)) == len(digests)

    def test_streams(self, monkeypatch, slow_array):
        whole = gather(REPS).digest(2)
        monkeypatch.setattr("pyrnnsim._inputs.collection._DIGEST_BYTES", 7 * 8 * 5)
        dataset = slow_array(REPS[2])
        collection = gather([dataset])
        asked = []
        read = collection.rows
        monkeypatch.setattr(
            collection, "rows", lambda i, start, stop: asked.append((start, stop)) or read(i, start, stop)
        )
        assert collection.digest(0) == whole
        assert asked == [(0, 5), (5, 10), (10, 12)]
        assert dataset.rows_read == 12
