"""One argument -> many networks: every container the package accepts, and every one it refuses."""

import re
from collections import OrderedDict, deque

import numpy as np
import pytest
import scipy.sparse
import torch
from inputs.gathered import REPS, STACK, assert_holds, gather

from pyrnnsim._inputs.collection import collect


def series(arrays):
    pandas = pytest.importorskip("pandas", reason="pandas is optional")
    return pandas.Series(arrays, index=[f"n{i}" for i in range(len(arrays))])


def object_array(arrays):
    holder = np.empty(len(arrays), dtype=object)
    holder[:] = arrays
    return holder


class TestContainers:
    @pytest.mark.parametrize("make", [list, tuple, deque, object_array, series], ids=lambda make: make.__name__)
    def test_sequences(self, make):
        assert_holds(gather(make(REPS)), REPS)

    def test_elements_of_every_kind_mix(self):
        mixed = [REPS[0].astype(">f4"), torch.tensor(REPS[1], requires_grad=True), REPS[2].tolist()]
        collection = gather(mixed)
        assert collection.dtype == np.float64
        assert_holds(collection, [REPS[0].astype("f4"), REPS[1], REPS[2]])

    @pytest.mark.parametrize(
        "make",
        [
            lambda x: x,
            np.asfortranarray,
            torch.tensor,
            lambda x: torch.tensor(x, requires_grad=True),
            list,
            np.ndarray.tolist,
            lambda x: torch.tensor(x.transpose(2, 0, 1).copy()).permute(1, 2, 0),
        ],
    )
    def test_one_stack(self, make):
        collection = gather(make(STACK))
        assert collection.is_resident
        assert_holds(collection, list(STACK))

    def test_stack_behind_a_protocol(self):
        class Wrapped:
            def __array__(self, dtype=None, copy=None):
                return STACK

        class Exported:
            def __dlpack__(self, **options):
                return torch.tensor(STACK).__dlpack__(**options)

            def __dlpack_device__(self):
                return torch.tensor(STACK).__dlpack_device__()

        for reps in (Wrapped(), Exported()):
            collection = gather(reps)
            assert collection.is_resident
            assert_holds(collection, list(STACK))

    def test_stack_of_one_network(self):
        assert_holds(gather(STACK[:1]), [STACK[0]])

    def test_stack_is_not_copied(self):
        assert np.shares_memory(gather(STACK).rows(1), STACK)
        tensor = torch.tensor(STACK, requires_grad=True)
        assert np.shares_memory(gather(tensor).rows(1), tensor.detach().numpy())

    @pytest.mark.parametrize("make", [lambda x: x, list])
    def test_bfloat16_is_converted_rows_at_a_time(self, make):
        tensor = torch.tensor(STACK).bfloat16()
        collection = gather(make(tensor))
        assert collection.dtype == np.float32
        assert not collection.is_resident
        assert_holds(collection, list(tensor.float().numpy()))

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
    def test_cuda_stack(self):
        assert_holds(gather(torch.tensor(STACK, device="cuda")), list(STACK))

    @pytest.mark.parametrize("kind", [dict, OrderedDict])
    def test_mapping(self, kind):
        collection = gather(kind(zip("abc", REPS, strict=True)))
        assert collection.names == ("a", "b", "c")
        assert collection.is_resident
        assert_holds(collection, REPS)

    def test_keys_need_not_be_text(self):
        assert gather({3: REPS[0], ("gru", 1): REPS[1]}).names == ("3", "('gru', 1)")

    def test_archive_is_read_one_array_at_a_time(self, tmp_path):
        np.savez(tmp_path / "x.npz", first=REPS[0], second=REPS[2])
        with np.load(tmp_path / "x.npz") as archive:
            collection = gather(archive)
            assert collection.names == ("first", "second")
            assert not collection.is_resident
            assert_holds(collection, [REPS[0], REPS[2]])

    def test_xarray(self):
        xarray = pytest.importorskip("xarray", reason="xarray is optional")
        assert_holds(gather(xarray.DataArray(STACK)), list(STACK))
        assert_holds(gather([xarray.DataArray(x) for x in REPS]), REPS)
        dataset = xarray.Dataset({"a": (("p", "n"), REPS[0]), "b": (("p", "m"), REPS[2])})
        assert gather(dataset).names == ("a", "b")
        assert_holds(gather(dataset), [REPS[0], REPS[2]])

    def test_memmap_is_not_resident(self, tmp_path):
        np.save(tmp_path / "x.npy", STACK)
        mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
        for reps in (mapped, [mapped[0], STACK[1], STACK[2]], [np.asarray(mapped[0])[:], STACK[1], STACK[2]]):
            collection = gather(reps)
            assert not collection.is_resident
            assert_holds(collection, list(STACK))

    @pytest.mark.parametrize(
        ("reps", "text"),
        [
            (None, "reps is None; expected a sequence of (samples, units) arrays: pass a list of arrays"),
            (3, "reps is an int"),
            ({1, 2}, "reps is a set; expected a sequence of (samples, units) arrays: pass list(reps)"),
            (frozenset(), "reps is a frozenset"),
            ((x for x in REPS), "reps is a generator; expected a sequence of (samples, units) arrays: pass list(reps)"),
            (map(abs, REPS), "reps is a map"),
            ({"a": REPS[0]}.values(), "reps is a dict_values"),
            (b"path", "reps is a bytes"),
            (len, "reps is a builtin_function_or_method"),
            (scipy.sparse.csr_array(REPS[0]), "reps is sparse (csr_array)"),
            (torch.eye(3).to_sparse(), "reps is sparse (torch.sparse_coo)"),
            ([REPS[0], None], "reps[1] is None"),
            ([REPS[0], REPS[0].astype(object)], "reps[1] has dtype object"),
            ([REPS[0], scipy.sparse.csr_array(REPS[0])], "reps[1] is sparse"),
            ({"a": REPS[0], "b": {1}}, "reps[1] ('b') is a set"),
            (STACK + 0j, "reps[0] has dtype complex128"),
        ],
    )
    def test_wrong_types(self, reps, text):
        with pytest.raises(TypeError, match=re.escape(f"pairwise_cca: {text}")):
            gather(reps)

    @pytest.mark.parametrize(
        ("reps", "text"),
        [
            ([], "reps has length 0; expected at least 1 networks"),
            ({}, "reps has length 0"),
            (STACK[:0], "reps has length 0"),
            (REPS[0], "reps is one array of shape (12, 4); expected (networks, samples, units), or a sequence of"),
            (torch.tensor(REPS[0]), "reps is one array of shape (12, 4)"),
            (REPS[0][0], "reps has shape (4,); expected (networks, samples, units)"),
            (STACK.reshape(3, 4, 3, 5), "units) arrays: pass reps.reshape(3, -1, 5)"),
            ([REPS[0], REPS[0][:, 0]], "reps[1] has shape (12,); expected 2-D (samples, units): pass x.reshape(-1, 1)"),
            ([REPS[0], STACK], "reps[1] has shape (3, 12, 5); expected 2-D (samples, units): pass x.reshape(-1, 5)"),
            (STACK[:, :0], "reps[0] has shape (0, 5): no samples"),
            (STACK[:, :1], "reps[0] has shape (1, 5): 1 sample"),
            ([REPS[0], np.ma.array(REPS[1], mask=REPS[1] > 0)], "reps[1] has masked entries"),
            (
                np.ma.array(STACK, mask=np.broadcast_to(np.arange(3)[:, None, None] == 2, STACK.shape)),
                "reps[2] has masked entries (60, the first at",
            ),
        ],
    )
    def test_wrong_shapes(self, reps, text):
        with pytest.raises(ValueError, match=re.escape(text)):
            gather(reps)

    def test_lazy_sequence(self, lazy_sequence):
        assert_holds(gather(lazy_sequence(REPS)), REPS)
        with pytest.raises(ValueError, match="reps has length 0"):
            gather(lazy_sequence([]))

    def test_slow_arrays_of_wrong_shape(self, slow_array):
        with pytest.raises(ValueError, match=re.escape("reps is one array of shape (12, 4)")):
            gather(slow_array(REPS[0]))
        with pytest.raises(ValueError, match=re.escape("reps[1] has shape (3, 12, 5)")):
            gather([slow_array(REPS[0]), slow_array(STACK)])

    def test_one_prepared_representation(self, prepared_type):
        with pytest.raises(
            TypeError, match="reps is one prepared Representation; expected several: pass a list of them"
        ):
            gather(prepared_type())

    def test_data_frame_is_one_network(self):
        pandas = pytest.importorskip("pandas", reason="pandas is optional")
        frame = pandas.DataFrame(REPS[0])
        with pytest.raises(ValueError, match=re.escape("reps is one array of shape (12, 4); expected")):
            gather(frame)
        assert_holds(gather([frame, REPS[2]]), [REPS[0], REPS[2]])

    def test_minimum_and_argument(self):
        with pytest.raises(
            ValueError, match=re.escape("cross_distances: b has length 1; expected at least 2 networks")
        ):
            collect([REPS[0]], caller="cross_distances", argument="b", minimum=2)
