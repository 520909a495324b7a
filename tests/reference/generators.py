"""Random networks whose mutual similarity is known by construction."""

from __future__ import annotations

import numpy as np


def orthonormal(rng, samples, columns):
    """Orthonormal columns of mean zero: (samples, columns)."""
    draw = rng.normal(size=(samples, columns))
    return np.linalg.qr(draw - draw.mean(axis=0))[0]


def mixing(rng, units, condition=10.0):
    """Random invertible matrix with singular values spaced geometrically from 1 to 1 / condition."""
    u, _, vt = np.linalg.svd(rng.normal(size=(units, units)))
    return (u * np.geomspace(1.0, 1.0 / condition, units)) @ vt


def correlated_bases(rng, rho, samples, units_x=None, units_y=None):
    """Orthonormal bases (P, N_x) and (P, N_y) with cross-product diag(rho); rho is 0 where it is not given."""
    units_x, units_y = units_x or len(rho), units_y or len(rho)
    assert max(len(rho), 1) <= min(units_x, units_y)
    assert samples - 1 >= units_x + units_y
    columns = orthonormal(rng, samples, units_x + units_y)
    x, y = columns[:, :units_x], columns[:, units_x:].copy()
    for k, value in enumerate(rho):
        y[:, k] = value * x[:, k] + np.sqrt((1 - value) * (1 + value)) * y[:, k]
    return x, y


def correlated_pair(rng, rho, samples, units_x=None, units_y=None, *, condition=10.0, offset=3.0):
    """Networks with canonical correlations ``rho`` (and zeros up to the smaller width), mixed and shifted.

    Returns ``x`` (P, N_x), ``y`` (P, N_y) and all min(N_x, N_y) correlations in descending order.
    """
    x, y = correlated_bases(rng, rho, samples, units_x, units_y)
    expected = np.zeros(min(x.shape[1], y.shape[1]))
    expected[: len(rho)] = rho
    x, y = (z @ mixing(rng, z.shape[1], condition) * np.sqrt(samples) for z in (x, y))
    x, y = (z + offset * rng.normal(size=z.shape[1]) for z in (x, y))
    return x, y, np.sort(expected)[::-1]


def weighted_pair(rng, rho, amplitudes, samples, units_y=None, *, offset=3.0):
    """x = H diag(amplitudes) + offset, for which PWCCA from x is sum |a_i| rho_i / sum |a_i|; y mixed at will."""
    x, y = correlated_bases(rng, rho, samples, len(rho), units_y)
    y = y @ mixing(rng, y.shape[1])
    return x * np.asarray(amplitudes) + offset * rng.normal(size=x.shape[1]), y + offset * rng.normal(size=y.shape[1])


def population(rng, networks, samples, units, *, shared=5, noise=1.0):
    """Networks of (possibly different) widths that see the same latents in random directions, plus private noise."""
    widths = [units] * networks if np.isscalar(units) else list(units)
    latents = rng.normal(size=(samples, shared))
    return [
        latents @ rng.normal(size=(shared, width)) + noise * rng.normal(size=(samples, width)) + rng.normal(size=width)
        for width in widths
    ]
