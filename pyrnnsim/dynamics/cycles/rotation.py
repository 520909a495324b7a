"""How fast an orbit turns: its frequency to many digits, and the order of its states around a closed curve."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_WINDINGS = 4  # the strongest frequency is the fundamental one, or up to so many times it
_REFINEMENTS = 8


def bump(count: int) -> Floats:
    """(count,) weights exp(-1 / (u (1 - u))) of sum 1.

    With them averages of smooth quasi-periodic signals converge faster than any power of count.

    Source: Das, Sander, Sander & Yorke 2017, Quantitative quasiperiodicity (weighted Birkhoff averages).
    """
    u = (np.arange(count) + 0.5) / count
    weights = np.exp(-1 / (u * (1 - u)))
    return np.asarray(weights / weights.sum())


def strongest_frequency(signal: Floats) -> float:
    """Cycles per step, in (0, 0.5], of the strongest line of a quasi-periodic signal (T,).

    The peak of the weighted spectrum, then by the phase that the line gains between two overlapping halves.
    """
    count = len(signal)
    centred = signal - signal @ bump(count)
    spectrum = np.abs(np.fft.rfft(centred * bump(count), 4 * count))
    peak = int(spectrum.argmax())
    frequency = peak / (4 * count)
    half = count // 2
    weights, times = bump(count - half), np.arange(count - half)
    for _ in range(_REFINEMENTS):
        turning = np.exp(-2j * np.pi * frequency * times) * weights
        early, late = turning @ centred[: len(times)], turning @ centred[half:]
        gained = np.angle(late * np.conj(early) * np.exp(-2j * np.pi * frequency * half)) / (2 * np.pi)
        frequency += gained / half
        if abs(gained) < 1e-14 * half:
            break
    return float(min(abs(frequency), 0.5))


def fundamental(states: Floats, frequency: float) -> float:
    """Of all rotations whose multiple is the given one, that which leads once around the curve of states (T, S).

    Sorted by the phase of a rotation, neighbours are neighbours on the curve, if it goes around once; of the candidates
    (f + j) / m the one with the shortest closed polygon is taken.
    """
    candidates = [
        min((value + j) / m % 1, -(value + j) / m % 1)
        for m in range(1, _WINDINGS + 1)
        for value in (frequency, -frequency)
        for j in range(m)
    ]
    return min(candidates, key=lambda candidate: (round(_length(states, candidate), 12), candidate))


def turns_per_period(states: Floats) -> int:
    """How often a periodic orbit (k, S) goes around in one period.

    Of all numbers without a common divisor with k, that whose order of states makes the shortest closed polygon.
    """
    period = len(states)
    scale = 1e-12 * (1 + np.abs(states).max())
    candidates = [m for m in range(1, period // 2 + 1) if gcd(m, period) == 1]
    lengths = {}
    for turns in candidates:
        order = np.argsort(np.arange(period) * turns % period)
        lengths[turns] = _closed(states[order])
    shortest = min(lengths.values())
    return next(turns for turns in candidates if lengths[turns] <= shortest + scale * period)


def _length(states: Floats, frequency: float) -> float:
    return _closed(states[np.argsort(np.arange(len(states)) * frequency % 1, kind="stable")])


def _closed(corners: Floats) -> float:
    return float(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1).sum())
