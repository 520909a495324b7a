"""The inputs of the nasty list that are representations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse
import torch
import xarray as xr
from reliability.spoils import (
    GOOGLE,
    SAMPLES,
    SINGULAR,
    Case,
    Exchanged,
    dependent,
    each,
    every_second,
    fewer,
    halves,
    last,
    mapped,
    masked,
    misaligned,
    mixed,
    mixed_units,
    networks,
    put,
    read_only,
    scaled,
    tensor_values,
    uneven,
)

LAYOUTS = [
    Case("01 Fortran order", each(np.asfortranarray), exact=True),
    Case("02 slice with gaps", each(every_second), exact=True),
    Case("03 negative strides", each(lambda x: x[::-1, ::-1].copy()[::-1, ::-1]), exact=True),
    Case("04 read-only", each(read_only), exact=True),
    Case("05 big-endian", each(lambda x: x.astype(">f8")), exact=True),
    Case("06 float32", each(np.float32), tolerance=1e-5),
    Case("07 float16", each(np.float16), tolerance=1e-5),
    Case("07 bfloat16", each(lambda x: torch.tensor(x).bfloat16()), tensor_values, tolerance=1e-5),
    Case("08 int", each(lambda x: np.rint(10 * x).astype(np.int16))),
    Case("08 unsigned", each(lambda x: np.rint(9 * (x - x.min())).astype(np.uint8))),
    Case("09 bool", each(lambda x: uneven(x > 0)), refused=SINGULAR),
    Case("10 mixed dtypes", mixed),
    Case("11 memmap", each(mapped), exact=True),
    Case("12 list of lists", each(np.ndarray.tolist), exact=True),
    Case(
        "13 zero strides",
        last(lambda x: np.broadcast_to(x[:, :1], x.shape)),
        refused={**SINGULAR, "rsa": "constant|undefined"},
    ),
    Case("14 misaligned", each(misaligned), exact=True),
]

CONTAINERS = [
    Case(
        "15 tensor that requires gradients",
        each(lambda x: torch.tensor(x, requires_grad=True)),
        tensor_values,
        exact=True,
    ),
    Case("16 tensor without data", last(lambda x: torch.tensor(x).to("meta")), error="meta device"),
    Case("18 DataFrame", each(lambda x: pd.DataFrame(x).add_prefix("unit ")), exact=True),
    Case("19 xarray", each(lambda x: xr.DataArray(x, dims=("sample", "unit"))), exact=True),
    Case("20 DLPack", each(Exchanged), lambda nasty: [x._x for x in nasty.values()], exact=True),
    Case("21 masked", last(masked), error=r"has masked entries \(1, the first at \(4, 3\)\)"),
    Case("22 sparse", last(scipy.sparse.csr_array), error=r"is sparse .*x\.toarray\(\)", kind=TypeError),
    Case(
        "22 sparse tensor",
        last(lambda x: torch.tensor(x).to_sparse()),
        error=r"sparse.*x\.to_dense\(\)",
        kind=TypeError,
    ),
    Case("23 object", last(lambda x: x.astype(object)), error="has dtype object; expected real", kind=TypeError),
    Case("23 text", last(lambda x: x.astype(str)), error="has dtype <U32; expected real", kind=TypeError),
    Case("23 complex", last(lambda x: x + 0j), error=r"has dtype complex128.*np\.abs\(x\)", kind=TypeError),
    Case("23 dates", last(lambda x: x.astype("M8[s]")), error="has dtype datetime64", kind=TypeError),
    Case("23 None", last(lambda x: None), error="is None; expected a 2-D array", kind=TypeError),
    Case("23 a word", last(lambda x: b"gru"), error="is a bytes; expected a 2-D array", kind=TypeError),
    Case("23 an object", last(lambda x: object()), error="expected a 2-D array", kind=TypeError),
]

NOT_FINITE = "holds {} at row 17, unit 3; expected finite values"
VALUES = [
    Case("24 NaN", last(lambda x: put(x, np.nan)), error=NOT_FINITE.format("nan")),
    Case("24 NaN in float32", last(lambda x: put(x, np.nan).astype(np.float32)), error=NOT_FINITE.format("nan")),
    Case("25 inf", last(lambda x: put(x, np.inf)), error=NOT_FINITE.format("inf")),
    Case("25 -inf", last(lambda x: put(x, -np.inf)), error=NOT_FINITE.format("-inf")),
    Case("25 inf and -inf in a sum", last(lambda x: put(put(x, -np.inf, 20), np.inf)), error=NOT_FINITE.format("inf")),
    Case("27 scale 1e-160", *scaled(-531), may_refuse=GOOGLE),
    Case("28 scale 1e160", *scaled(531), may_refuse=GOOGLE),
    Case("29 denormals", *scaled(-1030), may_refuse=GOOGLE),
    Case(
        "29 denormals in one network",
        last(lambda x: x * 2.0**-1030),
        lambda nasty: [nasty["alpha"], nasty["beta"], np.ldexp(nasty["gamma"], 1030)],
        may_refuse=GOOGLE,
    ),
    Case(
        "30 scales of units", each(lambda x: x * np.logspace(-6, 6, x.shape[1])), refused=SINGULAR, loose={"rsa": 1e-3}
    ),
    Case("31 offset", each(lambda x: x + 1e8), tolerance=1e-6),
    Case("32 dead unit", each(lambda x: np.hstack([x, np.zeros((SAMPLES, 1))]))),
    Case("33 constant unit", each(lambda x: np.hstack([np.full((SAMPLES, 1), 3.0), x]))),
    Case("33 constant unit that rounds", each(lambda x: np.hstack([np.full((SAMPLES, 1), 0.1), x]))),
    Case(
        "34 all constant",
        last(lambda x: np.full(x.shape, 3.0)),
        error="constant|equal|never changes",
        refused={"callable": "metric gave"},
    ),
    Case("35 signed zeros", each(lambda x: np.where(np.abs(x) < 0.5, -0.0, x))),
    Case("36 saturated", each(lambda x: np.tanh(3 * x))),
]

TRIALS = r"has shape \(5, 8, 5\); expected 2-D \(samples, units\): pass x\.reshape\(-1, 5\)"
SHAPES = [
    Case("37 duplicate units", each(halves), refused=SINGULAR),
    Case("38 dependent units", each(dependent), refused=SINGULAR),
    Case("39 equal networks", lambda reps: {**reps, "gamma": reps["alpha"].copy()}),
    Case("40 Y = XA", mixed_units),
    Case("41 widths", lambda reps: networks((9, 3, 4))),
    Case("42 one unit", lambda reps: networks((1, 5, 1)), refused={"rsa": "has 1 unit; the correlation"}),
    Case("43 P < N", lambda reps: networks((12, 3, 9), 9), refused={"google": "needs more samples"}, warns=True),
    Case("44 P = N", lambda reps: networks((9, 3, 9), 9), refused={"google": "needs more samples"}, warns=True),
    Case("45 one sample", fewer(1), error="1 sample; expected at least 2 samples", place=0),
    Case("46 no samples", fewer(0), error="no samples; expected 2-D", place=0),
    Case("46 no units", last(lambda x: x[:, :0]), error="no units; expected 2-D"),
    Case("48 one axis", last(lambda x: x[:, 0]), error=r"has shape \(40,\); expected 2-D.*x\.reshape\(-1, 1\)"),
    Case("48 no axis", last(lambda x: np.float64(3.0)), error="is a single number; expected 2-D"),
    Case("49 trials", last(lambda x: x.reshape(5, 8, 5)), error=TRIALS),
    Case(
        "50 ragged list",
        last(lambda x: [*x.tolist()[:-1], [1.0]]),
        error="is a ragged list: row 0 has length 5, row 39",
    ),
    Case(
        "50 other samples",
        last(lambda x: x[:-1]),
        error="has 39 samples, expected 40 as in",
        pairs_only=True,
    ),
    Case(
        "50 transposed", last(lambda x: x.T), error=r"has 5 samples, expected 40 as in .*pass [xy]\.T", pairs_only=True
    ),
]
