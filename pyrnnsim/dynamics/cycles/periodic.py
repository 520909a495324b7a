"""Periodic orbits: h_0, .., h_{k-1} with h_{i+1} = F(h_i) and h_k = h_0, and how perturbations of them grow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.points.merging import canonical_order
from pyrnnsim.dynamics.systems import System, trust_radius
from pyrnnsim.eigen import eigenvalues

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

_ITERATIONS = 40
_RESIDUAL = 1e-10  # largest |F(h_i) - h_{i+1}| of an orbit, relative to 1 + max|h|
_SAME = 1e-7  # states of an orbit that are closer, relative to 1 + max|h|, are one
_QUANTUM = 1e-6  # coordinates that differ by less are the same when the first state is chosen
_SWEEPS, _VANISHES = 8, 1e-12


@dataclass(frozen=True, eq=False)
class PeriodicOrbit:
    """An orbit of minimal period k and the evidence for it.

    Attributes:
        states: (k, S) in the order of time; the first one is the smallest by coordinates.
        multipliers: (S,) eigenvalues of J(h_{k-1}) .. J(h_0) by descending magnitude.
        residual: max |F(h_i) - h_{i+1}|.
        error: Distance to the true orbit, to first order.
    """

    states: Floats
    multipliers: Complexes
    residual: float
    error: float

    @property
    def period(self) -> int:
        """k."""
        return len(self.states)

    @property
    def stable(self) -> bool:
        """Whether all multipliers lie inside the unit circle."""
        return bool(np.abs(self.multipliers).max() < 1)


def find_orbit(system: System, x: Floats, guess: Floats, tolerance: float) -> PeriodicOrbit | None:
    """The periodic orbit near k consecutive states, by Newton's method on all of them at once.

    Args:
        system: F.
        x: (M,) constant input.
        guess: (k, S).
        tolerance: Largest error estimate, relative to 1 + max|h|.
    Returns:
        An orbit whose minimal period divides k, or None where there is none, or only a fixed point.
    Cost: per iteration k products of (S, S) matrices.
    """
    states = _newton(system, x, guess)
    if states is None:
        return None
    states = _primitive(states)
    if len(states) == 1:
        return None
    first = int(canonical_order(np.round(states / _QUANTUM))[0])
    states = np.roll(states, -first, axis=0)
    following, jacobians, _ = system.expand(states, x)
    residual = float(np.abs(following - np.roll(states, -1, axis=0)).max())
    scale = 1 + float(np.abs(states).max())
    error = _error(jacobians, residual + system.epsilon * scale)
    sound = residual <= max(_RESIDUAL, 100 * system.epsilon) * scale and error <= tolerance * scale
    if not sound or not system.box(x).holds(states).all():
        return None
    return PeriodicOrbit(states, floquet_multipliers(jacobians), residual, error)


def floquet_multipliers(jacobians: Floats) -> Complexes:
    """(S,) eigenvalues of the product of Jacobians (k, S, S), the last one leftmost, by descending magnitude.

    Orthogonal iteration around the orbit brings the product to block triangular form Q U T Q^T, where U is orthogonal
    and T a product of triangular factors. Each block has eigenvalues of its own, so that small multipliers keep their
    digits beside large ones, which they do not in the product itself.
    """
    size = jacobians.shape[-1]
    basis = np.eye(size)
    for _ in range(_SWEEPS):
        before, triangle = basis, np.eye(size)
        with np.errstate(over="ignore", invalid="ignore"):
            for jacobian in jacobians:
                basis, factor = np.linalg.qr(jacobian @ basis)
                triangle = factor @ triangle
        if not np.isfinite(triangle).all():
            return np.full(size, np.inf + 0j)
        turned = before.T @ basis
        blocks = _blocks(turned)
        if max(end - begin for begin, end in blocks) <= 2:
            break
    parts = [eigenvalues((turned[b:e, b:e] @ triangle[b:e, b:e])[None], 1)[0] for b, e in blocks]
    values = np.concatenate(parts)
    return np.asarray(values[np.lexsort((-values.imag, values.real, -np.abs(values)))])


def _blocks(turned: Floats) -> list[tuple[int, int]]:
    """Bounds of the diagonal blocks below which a matrix (S, S) vanishes."""
    size = len(turned)
    below = [float(np.abs(turned[i:, :i]).max()) for i in range(1, size)]
    ends = [i + 1 for i, rest in enumerate(below) if rest <= _VANISHES] + [size]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _newton(system: System, x: Floats, guess: Floats) -> Floats | None:
    """(k, S) polished, or None where the iteration did not come to rest."""
    box, states = system.box(x), guess
    radius = trust_radius(system.size)
    identity = np.eye(system.size)
    best, slack = np.inf, 100 * system.epsilon
    for _ in range(_ITERATIONS):
        following, jacobians, _ = system.expand(states, x)
        gaps = following - np.roll(states, -1, axis=0)
        scale = 1 + np.abs(states).max()
        step = _around(jacobians, gaps, identity)
        if step is None:
            return None
        length = float(np.abs(step).max() / scale)
        if length <= slack or (length <= _SAME and length >= best / 2):  # rounding is all that is left
            return np.asarray(box.clip(states + step))
        best = length
        step *= min(1.0, radius / max(float(np.linalg.norm(step, axis=1).max()), 1e-300))
        states = np.asarray(box.clip(states + step))
    return None


def _around(jacobians: Floats, gaps: Floats, identity: Floats) -> Floats | None:
    """(k, S) steps d with d_{i+1} = J_i d_i + g_i around the orbit; None where they do not exist.

    d_0 = (I - J_{k-1} .. J_0)^-1 g, where g collects the gaps; the others follow.
    """
    product, total = identity, np.zeros(len(identity))
    with np.errstate(over="ignore", invalid="ignore"):
        for jacobian, gap in zip(jacobians, gaps, strict=True):
            product, total = jacobian @ product, jacobian @ total + gap
    if not np.isfinite(product).all() or not np.isfinite(total).all():
        return None
    steps = np.empty_like(gaps)
    try:
        steps[0] = np.linalg.solve(identity - product, total)
    except np.linalg.LinAlgError:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(len(steps) - 1):
            steps[i + 1] = jacobians[i] @ steps[i] + gaps[i]
    return steps if np.isfinite(steps).all() else None


def _error(jacobians: Floats, rounding: float) -> float:
    """|(I - P)^-1| in the maximum norm, times the gaps as they arrive at the end of the period."""
    size = jacobians.shape[-1]
    product, arriving = np.eye(size), 0.0
    for jacobian in jacobians[::-1]:
        arriving += float(np.abs(product).sum(axis=1).max())
        product = product @ jacobian
    try:
        inverse = np.linalg.inv(np.eye(size) - product)
    except np.linalg.LinAlgError:
        return float("inf")
    error = float(np.abs(inverse).sum(axis=1).max()) * arriving * rounding
    return error if np.isfinite(error) else float("inf")


def _primitive(states: Floats) -> Floats:
    """The orbit once around: k becomes its smallest divisor after which it repeats."""
    period = len(states)
    near = _SAME * (1 + np.abs(states).max())
    for shift in range(1, period):
        if period % shift == 0 and np.abs(np.roll(states, -shift, axis=0) - states).max() <= near:
            return states[:shift]
    return states
