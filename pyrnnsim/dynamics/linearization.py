"""Networks near a state: Jacobians, modes, time constants, frequencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit
from pyrnnsim.dynamics import spectra
from pyrnnsim.dynamics.starts import given_starts
from pyrnnsim.dynamics.storage import Result
from pyrnnsim.dynamics.subjects import parse_subjects
from pyrnnsim.dynamics.systems import System
from pyrnnsim.eigen import CONDITION_LIMIT
from pyrnnsim.populations.arrays import as_numbers
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.population import Population
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.table import Row


@dataclass(frozen=True, eq=False, repr=False)
class Linearization(Result):
    """F(h + d, x + e) = F(h, x) + J d + J_x e at n states; J = R diag(lambda) L.

    Arrays have a leading axis K where several networks were given. Modes are in the order of descending magnitude,
    conjugate pairs side by side, positive imaginary part first.

    Attributes:
        states: (n, S).
        inputs: (n, M).
        jacobian: (n, S, S), dF_i / dh_j.
        input_jacobian: (n, S, M), dF_i / dx_j.
        eigenvalues: (n, S), complex.
        right: (n, S, S) eigenvectors in columns, of unit length.
        left: (n, S, S) left eigenvectors in rows, L R = 1. Where a mode is ill-conditioned they are large and
            inaccurate; where left and right are orthogonal (a defective J) the row has unit length and L R is not 1.
        condition: (n, S) condition number of each eigenvalue, |l| |r|: how far it moves, to first order, when J moves
            by 1. inf for a defective one.
    """

    noun: ClassVar[str] = "linearization"

    states: NDArray[np.float64]
    inputs: NDArray[np.float64]
    jacobian: NDArray[np.float64]
    input_jacobian: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    right: NDArray[np.complex128]
    left: NDArray[np.complex128]
    condition: NDArray[np.float64]

    @property
    def ill_conditioned(self) -> NDArray[np.bool_]:
        """(n,) whether a condition number exceeds 1e6, as of a defective J: the modes cannot be relied on."""
        return np.asarray(~(self.condition <= CONDITION_LIMIT).all(axis=-1))

    @property
    def time_constants(self) -> NDArray[np.float64]:
        """(n, S) steps in which each mode decays, or grows, by a factor of e: 1 / |log |lambda||; inf on the circle."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.abs(np.log(np.abs(self.eigenvalues))))

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """(n, S) cycles per step, angle(lambda) / 2 pi, from -0.5 to 0.5."""
        return np.asarray(np.angle(self.eigenvalues) / (2 * np.pi))

    @property
    def unstable_modes(self) -> NDArray[np.int64]:
        """(n,) eigenvalues with magnitude above 1."""
        return np.asarray((np.abs(self.eigenvalues) > 1).sum(axis=-1))

    @property
    def rows(self) -> list[Row]:
        """One row per state and mode."""
        flat = {name: getattr(self, name).reshape(-1) for name in ("eigenvalues", "condition")}
        times, frequencies = self.time_constants.reshape(-1), self.frequencies.reshape(-1)
        index = np.ndindex(self.eigenvalues.shape)
        return [
            {
                **({"network": at[0]} if len(at) == 3 else {}),
                "state": at[-2],
                "mode": at[-1],
                "magnitude": float(abs(flat["eigenvalues"][i])),
                "time_constant": float(times[i]),
                "frequency": float(frequencies[i]),
                "condition": float(flat["condition"][i]),
            }
            for i, at in enumerate(index)
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draw the eigenvalues in the complex plane; see ``pyrnnsim.figures.plot_spectrum``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.spectrum").plot_spectrum(self, ax=ax)

    def __repr__(self) -> str:
        ill = int(self.ill_conditioned.sum())
        return f"<Linearization at states of shape {self.states.shape}, {ill} ill-conditioned>"


def linearize(
    population: Population | Network | TrainingRecord | Callable[[Any, Any], Any],
    states: ArrayLike,
    inputs: ArrayLike,
    *,
    n_jobs: int | None = None,
) -> Linearization:
    """Jacobians and modes of networks at given states and inputs, in float64.

    Args:
        population: One network, several of one state size, or a function F(h, x) of torch tensors; see
            :func:`pyrnnsim.find_fixed_points`.
        states: h: (n, S), or (K, n, S) with one set for each of K networks. A population of one takes both.
        inputs: x: (M,) for all states, or (n, M).
        n_jobs: Threads; None or -1 is every core. No result depends on it.
    Returns:
        Arrays with leading axes (n,) or (K, n), as ``states`` has them.
    Raises:
        TypeError, ValueError: For shapes that do not fit, or numbers that are not finite.
    Cost: about 20 S^3 flops per state, for the eigenvectors: see :func:`pyrnnsim.eig`.
    Source: Maheswaranathan et al. 2019, 2.3 and equation 5.
    """
    caller = "linearize"
    jobs = parse_jobs(caller, n_jobs)
    subjects = parse_subjects(caller, population)
    array = as_numbers(caller, "states", states)
    wanted = len(subjects.systems)
    if array.ndim not in (2, 3) or (array.ndim == 2 and wanted > 1) or (array.ndim == 3 and len(array) != wanted):
        shape = f"({wanted}, n, S)" if wanted > 1 else "(n, S)"
        raise ValueError(f"{caller}: states must be {shape}, got shape {array.shape}; use states[None] for one")
    sizes = {system.size for system in subjects.systems}
    if len(sizes) > 1:
        raise ValueError(f"{caller}: networks differ in state size ({sorted(sizes)}); linearize them one at a time")
    if array.shape[-2] == 0:
        raise ValueError(f"{caller}: states are empty, got shape {array.shape}; give at least one state")
    points = given_starts(caller, array if array.ndim == 3 else array[None], subjects.systems, "states")
    given = _inputs(caller, inputs, len(points[0]), subjects.systems)
    with thread_limit():
        made = _linearized(subjects.systems, points, given, jobs)
    if array.ndim == 3:
        return made
    return Linearization(**{field.name: getattr(made, field.name)[0] for field in fields(Linearization)})


def _linearized(
    systems: Sequence[System],
    points: Sequence[NDArray[np.float64]],
    inputs: NDArray[np.float64],
    jobs: int,
) -> Linearization:
    expansions = []
    for system, states in zip(systems, points, strict=True):
        system.threads = jobs
        expansions.append(system.expand(states, inputs))
    jacobians = np.stack([one.by_states for one in expansions])
    found = spectra.modes([system.name for system in systems], jacobians, jobs)
    assert found.left is not None
    assert found.condition is not None
    return Linearization(
        np.stack(points),
        np.stack([inputs] * len(systems)),
        jacobians,
        np.stack([one.by_inputs for one in expansions]),
        found.eigenvalues,
        found.right,
        found.left,
        found.condition,
    )


def _inputs(caller: str, inputs: object, count: int, systems: Any) -> NDArray[np.float64]:
    array = as_numbers(caller, "inputs", inputs).astype(np.float64)
    for system in systems:
        size = array.shape[-1] if system.inputs < 0 and array.ndim else system.inputs
        if array.shape not in ((size,), (count, size)):
            raise ValueError(
                f"{caller}: inputs of network {system.name!r} must be (M,) or (n, M) = ({count}, {size}), got shape "
                f"{array.shape}"
            )
    if not np.isfinite(array).all():
        raise ValueError(f"{caller}: inputs hold NaN or infinity")
    return np.array(np.broadcast_to(array, (count, array.shape[-1])))
