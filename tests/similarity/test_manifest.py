"""The record of what tiles belong to: read back exactly, compared in words."""

import json

import numpy as np
import pytest

from pyrnnsim.similarity.manifest import decode, differences, encode, normalise

HEADER = {
    "metric": "pwcca",
    "options": {"side": "mean", "norm": "l1"},
    "names": ("a", "b", "x"),
    "digests": ("d0", "d1", "d2"),
    "tile": 96,
}


def changed(**changes):
    return differences(normalise(HEADER), normalise(HEADER | changes))


def test_round_trip_in_plain_types():
    header = HEADER | {"dtype": np.dtype("f4"), "kind": np.float64, "bound": np.float32(0.5), "kept": np.arange(2)}
    read = decode(encode(header))
    assert read == normalise(header)
    assert (read["dtype"], read["kind"], read["bound"], read["kept"]) == ("float32", "float64", 0.5, [0, 1])
    assert read["names"] == ["a", "b", "x"]


def test_the_text_is_json_for_people():
    assert json.loads(encode(HEADER))["header"]["metric"] == "pwcca"


def test_what_is_no_plain_value_is_refused():
    with pytest.raises(TypeError, match="must hold plain values, got <object"):
        encode({"metric": object()})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b"{}", b'{"version": 1}', b"\xff\xfe\x00", b"[" * 100_000])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="is damaged or is no manifest"):
        decode(data)


def test_every_bit_flip_is_detected_or_harmless():
    whole = encode(HEADER)
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        try:
            assert decode(bytes(data)) == normalise(HEADER)  # a blank became another blank
        except ValueError as error:
            assert "damaged" in str(error) or "version" in str(error)


def test_a_later_version_is_named():
    record = json.loads(encode(HEADER)) | {"version": 2}
    with pytest.raises(ValueError, match="has version 2, expected 1: another version of pyrnnsim wrote it"):
        decode(json.dumps(record).encode())


def test_equal_headers_do_not_differ():
    assert changed() == []
    assert differences(normalise({"a": float("nan")}), normalise({"a": float("nan")})) == []


def test_a_changed_network_is_named():
    assert changed(digests=("d0", "d1", "other")) == ["reps[2] ('x') changed"]


def test_a_renamed_network_is_named():
    assert changed(names=("a", "b", "y")) == ["reps[2] was named 'x', now 'y'"]


def test_another_number_of_networks():
    assert changed(names=("a", "b"), digests=("d0", "d1")) == ["reps had 3 networks, now 2"]


def test_values_and_nested_options():
    assert changed(metric="svcca", options={"side": "first", "norm": "l1"}, tile=64, seed=1) == [
        "metric was 'pwcca', now 'svcca'",
        "options.side was 'mean', now 'first'",
        "seed was None, now 1",
        "tile was 96, now 64",
    ]


def test_true_is_not_one():
    assert differences({"debiased": 1}, {"debiased": True}) == ["debiased was 1, now True"]


def test_columns_of_a_rectangular_matrix_are_named_by_their_argument():
    old = HEADER | {"argument": "a", "column_argument": "b", "column_names": ["u"], "column_digests": ["e0"]}
    new = old | {"column_digests": ["e1"], "digests": ["z", "d1", "d2"]}
    assert differences(normalise(old), normalise(new)) == ["a[0] ('a') changed", "b[0] ('u') changed"]


def test_many_changes_are_counted():
    old = normalise({"names": [str(i) for i in range(9)], "digests": ["0"] * 9})
    new = old | {"digests": ["1"] * 9}
    assert differences(old, new)[4:] == ["reps[4] ('4') changed", "4 more changed"]
