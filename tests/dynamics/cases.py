"""Networks whose fixed points are known."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import brentq

from pyrnnsim import Population


def vanilla(weights, drive, activation="tanh") -> Population:
    """One network h' = f(W h + b) without inputs, in float64."""
    weights = np.asarray(weights, dtype=np.float64)
    size = len(weights)
    arrays = {"w_rec": weights[None, None], "w_in": np.zeros((1, 1, size, 0)), "b": np.asarray(drive)[None, None]}
    return Population.from_arrays("vanilla", activation, **arrays, dtype="float64")


def with_readout(population: Population, weights) -> Population:
    """The same network with y = weights h."""
    arrays = {name: array[None] for name, array in population[0].parameters.items() if name not in {"w_out", "b_out"}}
    cell = population[0].cell
    weights = np.asarray(weights, dtype=np.float64)[None]
    return Population.from_arrays(cell.cell, cell.activation, **arrays, w_out=weights, dtype="float64")


def decoupled(gains) -> Population:
    return with_readout(vanilla(np.diag(gains), np.zeros(len(gains))), np.eye(len(gains)))


def roots_of_unit(gain: float) -> list[float]:
    """All solutions of h = tanh(gain h)."""
    if gain <= 1:
        return [0.0]
    root = brentq(lambda h: h - np.tanh(gain * h), 1e-3 * np.sqrt(gain - 1), 1.0, xtol=1e-15)
    return [-root, 0.0, root]


def products(gains) -> np.ndarray:
    """Fixed points of decoupled units."""
    return np.array(list(itertools.product(*map(roots_of_unit, gains))))


def hidden(gains, copies: int, rng: np.random.Generator) -> tuple[Population, np.ndarray]:
    """The same dynamics spread with random signs over ``copies`` units each, and all fixed points."""
    signs = rng.choice([-1.0, 1.0], size=(len(gains), copies))
    size = signs.size
    weights = np.zeros((size, size))
    for k, (gain, sign) in enumerate(zip(gains, signs, strict=True)):
        at = slice(k * copies, (k + 1) * copies)
        weights[at, at] = gain * np.outer(sign, sign) / copies
    points = products(gains)
    return vanilla(weights, np.zeros(size)), np.concatenate(
        [points[:, [k]] * signs[k] for k in range(len(gains))], axis=1
    )


def brute_force(weights: np.ndarray, drive: np.ndarray) -> np.ndarray:
    """Fixed points of h = relu(W h + b), one set of active units after the other."""
    found = []
    for pattern in itertools.product([0.0, 1.0], repeat=len(drive)):
        gate = np.diag(pattern)
        state = np.linalg.solve(np.eye(len(drive)) - gate @ weights, gate @ drive)
        if np.array_equal(weights @ state + drive > 0, np.array(pattern) > 0):
            found.append(state)
    return np.array(found).reshape(-1, len(drive))


def distances_to_nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each point the Euclidean distance to the nearest of the others."""
    return np.linalg.norm(points[:, None] - others[None], axis=-1).min(axis=1)


def assert_same_points(found, expected: np.ndarray, atol: float = 1e-9) -> None:
    """All of them, each once, no others; residuals as promised."""
    points = found.states[found.fixed]
    assert len(points) == len(expected)
    if not len(points):
        return
    assert distances_to_nearest(points, expected).max() < atol
    assert distances_to_nearest(expected, points).max() < atol
    assert (found.residual[found.fixed] <= 1e-10 * (1 + np.abs(points).max(axis=1))).all()
