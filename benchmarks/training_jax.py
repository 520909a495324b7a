"""One network in JAX: jax.jit of a whole iteration around jax.lax.scan, where JAX is installed.

The product with the inputs is part of a step: made for all steps before the scan, an iteration takes XLA longer on a
CPU, for an lstm of 64 units twice as long. The compiled iteration updates its arrays in place (``donate_argnums``).
One compilation serves all networks of the same sizes; none is timed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np
from training import CLIP, GATES, INPUTS, L2, MOMENTUM, RATE, Training

INSTALLED = find_spec("jax") is not None
# Read when XLA starts: one thread, as for the other backends.
_ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "NPROC": "1", "JAX_PLATFORMS": "cpu"}

if INSTALLED:
    for _name, _value in _ONE_THREAD.items():
        os.environ.setdefault(_name, _value)
    import jax
    import jax.numpy as jnp


def scan(case: Training) -> Callable[[int], np.ndarray]:
    """``run(n)`` trains the one network of a case for n more iterations and returns its losses (1, n)."""
    n = case.units
    params = {name: value[0] for name, value in case.parameters().items() if name != "h0"}
    params["w_rec"], params["w_in"] = params["w_rec"].reshape(-1, n), params["w_in"].reshape(-1, INPUTS)
    params["w_out"] = params["w_out"][:, -n:]
    params = {name: jnp.asarray(value) for name, value in params.items()}
    speeds = {name: jnp.zeros_like(value) for name, value in params.items()}
    iterate, done = _compiled(case.cell, case.activation, case.reset_after), 0

    def run(iterations: int) -> np.ndarray:
        nonlocal params, speeds, done
        losses = []
        for _ in range(iterations):
            params, speeds, loss = iterate(params, speeds, *case.trials_of(done))
            done += 1
            losses.append(loss)
        return np.array([jax.device_get(losses)])

    return run


_MADE: dict[tuple, Callable] = {}


def _compiled(*kind: str | bool) -> Callable:
    if kind not in _MADE:
        _MADE[kind] = jax.jit(partial(_iterate, *kind), donate_argnums=(0, 1))
    return _MADE[kind]


def _iterate(cell: str, activation: str, reset_after: bool, params: dict, speeds: dict, inputs, targets) -> tuple:
    loss, grads = jax.value_and_grad(lambda p: _loss(cell, activation, reset_after, p, inputs, targets))(params)
    norm = jnp.sqrt(sum(jnp.vdot(grad, grad) for grad in grads.values()))
    scale = jnp.minimum(CLIP / norm, 1.0)
    grads = jax.tree.map(lambda grad, value: scale * grad + L2 * value, grads, params)
    speeds = jax.tree.map(lambda speed, grad: MOMENTUM * speed + grad, speeds, grads)
    return jax.tree.map(lambda value, speed: value - RATE * speed, params, speeds), speeds, loss


def _loss(cell: str, activation: str, reset_after: bool, params: dict, inputs, targets):
    f = {"tanh": jnp.tanh, "relu": jax.nn.relu}[activation]
    n = params["w_rec"].shape[1]
    bias = params["b"].reshape(-1)

    def step(state: tuple, x) -> tuple:
        state = STEPS[cell](state, x @ params["w_in"].T + bias, params, f, reset_after)
        return state, state[0]

    zeros = jnp.zeros((inputs.shape[1], n), inputs.dtype)
    visited = jax.lax.scan(step, (zeros,) * (2 if cell == "lstm" else 1), inputs)[1]
    return jnp.mean((visited @ params["w_out"].T + params["b_out"] - targets) ** 2)


def _vanilla(state: tuple, x, params: dict, f: Callable, _: bool) -> tuple:
    return (f(x + state[0] @ params["w_rec"].T),)


def _ugrnn(state: tuple, x, params: dict, f: Callable, _: bool) -> tuple:
    fresh, keep = jnp.split(x + state[0] @ params["w_rec"].T, GATES["ugrnn"], axis=-1)
    fresh, keep = f(fresh), jax.nn.sigmoid(keep)
    return (fresh + keep * (state[0] - fresh),)


def _gru(state: tuple, x, params: dict, f: Callable, reset_after: bool) -> tuple:
    (h,), w = state, params["w_rec"]
    n = h.shape[1]
    if reset_after:
        product = h @ w.T + params["b_rec"].reshape(-1)
        keep, reset = jnp.split(jax.nn.sigmoid(x[:, n:] + product[:, n:]), 2, axis=-1)
        fresh = f(x[:, :n] + reset * product[:, :n])
    else:
        keep, reset = jnp.split(jax.nn.sigmoid(x[:, n:] + h @ w[n:].T), 2, axis=-1)
        fresh = f(x[:, :n] + (reset * h) @ w[:n].T)
    return (fresh + keep * (h - fresh),)


def _lstm(state: tuple, x, params: dict, f: Callable, _: bool) -> tuple:
    h, c = state
    candidate, enter, keep, leave = jnp.split(x + h @ params["w_rec"].T, GATES["lstm"], axis=-1)
    c = jax.nn.sigmoid(keep) * c + jax.nn.sigmoid(enter) * f(candidate)
    return jax.nn.sigmoid(leave) * f(c), c


STEPS = {"vanilla": _vanilla, "ugrnn": _ugrnn, "gru": _gru, "lstm": _lstm}
