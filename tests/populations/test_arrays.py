"""Networks from arrays, and from the layouts of other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from reference.cells import rollout, sigmoid

from pyrnnsim import Population
from pyrnnsim.populations import layouts

M, N, OUT, TRIALS, STEPS = 3, 5, 2, 4, 9


def arrays(rng, gates, networks=2, size=N):
    return {
        "w_rec": rng.normal(size=(networks, gates, N, N)) / 2,
        "w_in": rng.normal(size=(networks, gates, N, M)),
        "b": rng.normal(size=(networks, gates, N)),
        "w_out": rng.normal(size=(networks, OUT, size)),
        "b_out": rng.normal(size=(networks, OUT)),
        "h0": rng.normal(size=(networks, size)),
    }


@pytest.mark.parametrize(
    ("cell", "gates", "size", "options"),
    [
        ("vanilla", 1, N, {}),
        ("ugrnn", 2, N, {"keep_bias": 0.7}),
        ("gru", 3, N, {}),
        ("gru", 3, N, {"reset_after": True}),
        ("lstm", 4, 2 * N, {}),
        ("lstm", 4, 2 * N, {"candidate": "sigmoid", "keep_bias": 0.0}),
    ],
)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_arrays_become_the_networks_they_describe(rng, cell, gates, size, options, activation):
    given = arrays(rng, gates, size=size)
    if options.get("reset_after"):
        given["b_rec"] = rng.normal(size=(2, gates, N))
    made = Population.from_arrays(cell, activation, **given, **options, names=["a", "b"])
    inputs = rng.normal(size=(TRIALS, STEPS, M))
    assert made.names == ("a", "b")
    for k, network in enumerate(made):
        expected = rollout(network.cell.record(), {name: array[k] for name, array in given.items()}, inputs)
        np.testing.assert_allclose(made.states(inputs)[0][k], expected, rtol=1e-11, atol=1e-12)


def test_what_is_absent_is_zero(rng):
    given = arrays(rng, 1)
    made = Population.from_arrays("vanilla", "tanh", w_rec=given["w_rec"], w_in=given["w_in"])
    assert (made[0].outputs, made[0].parameters["w_out"].shape) == (0, (0, N))
    assert not made[0].parameters["b"].any() and not made[0].parameters["h0"].any()


def test_the_type_is_the_widest_given_or_the_one_wanted(rng):
    given = {name: array.astype(np.float32) for name, array in arrays(rng, 1).items()}
    assert Population.from_arrays("vanilla", "tanh", **given)[0].dtype == np.float32
    given["b"] = given["b"].astype(np.float64)
    assert Population.from_arrays("vanilla", "tanh", **given)[0].dtype == np.float64
    assert Population.from_arrays("vanilla", "tanh", **given, dtype="float32")[0].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"w_rec": None}, TypeError, r"w_rec \(K, G, N, N\) is missing"),
        ({"w_rec": np.zeros((1, N, N))}, ValueError, r"w_rec must be \(K, G, N, N\), got .*use w_rec\[None\]"),
        ({"w_rec": np.zeros((2, 3, N, N))}, ValueError, r"a vanilla has 1 gates \[h\] on axis 1 of w_rec, got 3"),
        ({"w_rec": np.zeros((2, 1, N, N + 1))}, ValueError, "w_rec must be"),
        ({"w_rec": np.zeros((0, 1, N, N))}, ValueError, "holds no network"),
        ({"w_rec": np.zeros((2, 1, 0, 0))}, ValueError, "at least 1 unit"),
        ({"w_in": np.zeros((3, 1, N, M))}, ValueError, "w_in must be .* to fit the other arrays"),
        ({"w_out": np.zeros((2, OUT, N + 1))}, ValueError, "w_out must be"),
        ({"w_out": None}, ValueError, "b_out must be"),
        ({"b_rec": np.zeros((2, 1, N))}, ValueError, "b_rec is the second bias of a gru"),
        ({"h0": np.full((2, N), np.inf)}, ValueError, r"h0 of network 0 \('vanilla_tanh_5_0'\) has 5 entries"),
        ({"b": np.array([["x"]])}, TypeError, "b must hold real numbers"),
        ({"b": [[1.0], [1.0, 2.0]]}, TypeError, "rows of different lengths"),
        ({"names": ["a"]}, ValueError, "one entry per network, 2, got 1"),
        ({"names": "ab"}, TypeError, "names must be a list of str"),
        ({"dtype": "int32"}, TypeError, "dtype must be float32 or float64"),
        ({"keep_bias": 1.0}, ValueError, "a vanilla cell has no gate"),
        ({"reset_after": True}, ValueError, "reset_after is an option of the gru"),
        ({"candidate": "sigmoid"}, ValueError, "candidate is an option of the lstm"),
    ],
)
def test_bad_arrays_are_refused(rng, change, kind, message):
    with pytest.raises(kind, match=message) as caught:
        Population.from_arrays("vanilla", "tanh", **{**arrays(rng, 1), **change})
    assert str(caught.value).startswith("Population.from_arrays: ")


def _run(step, state, inputs):
    states = []
    for x in inputs:
        state = step(state, x)
        states.append(np.concatenate(state) if isinstance(state, tuple) else state)
    return np.array(states)


def _check(made, step, state, rng):
    inputs = rng.normal(size=(STEPS, M))
    np.testing.assert_allclose(made.states(inputs[None])[0][0, 0], _run(step, state, inputs), atol=1e-12)


@pytest.mark.parametrize("reset_after", [True, False])
def test_keras_gru(rng, reset_after):
    kernel, recurrent = rng.normal(size=(M, 3 * N)), rng.normal(size=(N, 3 * N)) / 2
    bias = rng.normal(size=(2, 3 * N) if reset_after else 3 * N)
    made = Population.from_arrays(**layouts.from_keras("gru", [kernel, recurrent, bias]))

    def step(h, x):
        first, second = bias if reset_after else (bias, np.zeros(3 * N))
        xz, xr, xh = np.split(x @ kernel + first, 3)
        hz, hr, hh = np.split(h @ recurrent + second, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        inner = r * hh if reset_after else (r * h) @ recurrent[:, 2 * N :]
        return z * h + (1 - z) * np.tanh(xh + inner)

    _check(made, step, np.zeros(N), rng)


def test_keras_lstm_with_a_readout(rng):
    kernel, recurrent, bias = rng.normal(size=(M, 4 * N)), rng.normal(size=(N, 4 * N)) / 2, rng.normal(size=4 * N)
    dense = rng.normal(size=(N, OUT)), rng.normal(size=OUT)
    made = Population.from_arrays(**layouts.from_keras("lstm", [kernel, recurrent, bias], readout=dense))

    def step(state, x):
        c, h = state
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return c, sigmoid(o) * np.tanh(c)

    _check(made, step, (np.zeros(N), np.zeros(N)), rng)
    inputs = rng.normal(size=(1, STEPS, M))
    h = made.states(inputs)[0][0, 0][:, N:]
    np.testing.assert_allclose(made.outputs(inputs)[0][0, 0], h @ dense[0] + dense[1], atol=1e-12)


def test_keras_simple_rnn_without_bias(rng):
    kernel, recurrent = rng.normal(size=(M, N)), rng.normal(size=(N, N)) / 3
    made = Population.from_arrays(**layouts.from_keras("vanilla", [kernel, recurrent], activation="relu"))
    _check(made, lambda h, x: np.maximum(x @ kernel + h @ recurrent, 0), np.zeros(N), rng)


def _dense(rng, inputs, bias):
    layer = {"kernel": rng.normal(size=(inputs, N)) / 2}
    return {**layer, "bias": rng.normal(size=N)} if bias else layer


def _apply(layer, x):
    return x @ layer["kernel"] + layer.get("bias", 0)


def test_flax_gru(rng):
    p = {f"i{g}": _dense(rng, M, bias=True) for g in "rzn"} | {f"h{g}": _dense(rng, N, bias=g == "n") for g in "rzn"}
    readout = {"kernel": rng.normal(size=(N, OUT)), "bias": rng.normal(size=OUT)}
    made = Population.from_arrays(**layouts.from_flax("gru", p, readout=readout))

    def step(h, x):
        r, z = (sigmoid(_apply(p[f"i{g}"], x) + _apply(p[f"h{g}"], h)) for g in "rz")
        return (1 - z) * np.tanh(_apply(p["in"], x) + r * _apply(p["hn"], h)) + z * h

    _check(made, step, np.zeros(N), rng)
    assert made[0].outputs == OUT


def test_flax_lstm_and_simple_cell(rng):
    p = {f"i{g}": _dense(rng, M, bias=False) for g in "ifgo"} | {f"h{g}": _dense(rng, N, bias=True) for g in "ifgo"}

    def step(state, x):
        c, h = state
        i, f, g, o = (_apply(p[f"i{gate}"], x) + _apply(p[f"h{gate}"], h) for gate in "ifgo")
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return c, sigmoid(o) * np.tanh(c)

    _check(Population.from_arrays(**layouts.from_flax("lstm", p)), step, (np.zeros(N), np.zeros(N)), rng)
    simple = {"i": _dense(rng, M, bias=True), "h": _dense(rng, N, bias=False)}
    made = Population.from_arrays(**layouts.from_flax("vanilla", simple))
    _check(made, lambda h, x: np.tanh(_apply(simple["i"], x) + _apply(simple["h"], h)), np.zeros(N), rng)


def test_equinox_cells(rng):
    ih, hh, bias, bias_n = rng.normal(size=(3 * N, M)), rng.normal(size=(3 * N, N)) / 2, *rng.normal(size=(2, 3 * N))
    bias_n = bias_n[:N]
    readout = rng.normal(size=(OUT, N)), rng.normal(size=OUT)
    made = Population.from_arrays(**layouts.from_equinox("gru", ih, hh, bias, bias_n, readout=readout))

    def gru(h, x):
        xr, xz, xn = np.split(ih @ x + bias, 3)
        hr, hz, hn = np.split(hh @ h, 3)
        new = np.tanh(xn + sigmoid(xr + hr) * (hn + bias_n))
        return new + sigmoid(xz + hz) * (h - new)

    _check(made, gru, np.zeros(N), rng)
    np.testing.assert_array_equal(made[0].parameters["w_out"], readout[0])
    ih4, hh4, bias4 = rng.normal(size=(4 * N, M)), rng.normal(size=(4 * N, N)) / 2, rng.normal(size=4 * N)

    def lstm(state, x):
        c, h = state
        i, f, g, o = np.split(ih4 @ x + hh4 @ h + bias4, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return c, sigmoid(o) * np.tanh(c)

    made = Population.from_arrays(**layouts.from_equinox("lstm", ih4, hh4, bias4))
    _check(made, lstm, (np.zeros(N), np.zeros(N)), rng)


def test_layouts_refuse_what_they_do_not_know(rng):
    with pytest.raises(ValueError, match="from_keras: cell must be one of 'vanilla', 'gru', 'lstm', got 'ugrnn'"):
        layouts.from_keras("ugrnn", [])
    with pytest.raises(ValueError, match=r"a lstm has kernels \(M, 4 N\) and \(N, 4 N\)"):
        layouts.from_keras("lstm", [np.zeros((M, 3 * N)), np.zeros((N, 3 * N))])
    with pytest.raises(ValueError, match="from_equinox: cell must be"):
        layouts.from_equinox("vanilla", np.zeros((N, M)), np.zeros((N, N)))
    with pytest.raises(ValueError, match="from_flax: cell must be"):
        layouts.from_flax("mgu", {})
