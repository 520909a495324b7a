"""Modes of Jacobians, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import eigen

Floats = NDArray[np.float64]


def eigenvalues(caller: str, name: str, matrices: Floats, jobs: int = 1) -> NDArray[np.complex128]:
    """(n, S) of the Jacobians (n, S, S) of one network, by descending magnitude.

    Raises:
        ValueError: If a Jacobian is not finite.
    """
    _check_finite(caller, [name], matrices[None])
    return eigen.eigenvalues(matrices, jobs)


def modes(names: Sequence[str], matrices: Floats, jobs: int) -> eigen.EigenDecomposition:
    """Right and left vectors of the Jacobians (K, n, S, S) of K networks, all in one call.

    Raises:
        ValueError: If a Jacobian is not finite.
    """
    _check_finite("linearize", names, matrices)
    return eigen.eig(matrices, n_jobs=jobs)


def _check_finite(caller: str, names: Sequence[str], matrices: Floats) -> None:
    finite = np.isfinite(matrices).all(axis=(-1, -2))
    if finite.all():
        return
    network, state = np.argwhere(~finite)[0]
    raise ValueError(
        f"{caller}: the Jacobian of {names[network]!r} at state {state} holds NaN or infinity, expected finite "
        "numbers; leave out this state, or the function that has no derivative there"
    )
