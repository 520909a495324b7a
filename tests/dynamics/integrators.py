"""Networks with a line of fixed points, and sets of points that no search found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyrnnsim import FixedPoints, FixedPointSet, Population
from pyrnnsim.dynamics.points.assessment import assess
from pyrnnsim.dynamics.subjects import parse_subjects
from pyrnnsim.eigen import eigenvalues

TOLERANCE = 1e-8


def points_of(subject, states, x=(), name=None) -> FixedPointSet:
    """Given states as the points of one network, or function, at one input."""
    (system,) = parse_subjects("test", subject).systems
    states, x = np.asarray(states, dtype=np.float64), np.asarray(x, dtype=np.float64)
    system.size = states.shape[1]
    made = assess(system, x, states, TOLERANCE)
    values = eigenvalues(made.by_states, 1)
    return FixedPointSet(
        name=name or system.name,
        input=x,
        states=states,
        status=np.where(made.fixed, "fixed", "slow"),
        residual=made.residual,
        error_estimate=made.error,
        speed=made.speed,
        unstable_modes=(np.abs(values) > 1).sum(axis=1),
        eigenvalues=values,
        basin=np.ones(len(states), np.int64),
        outputs=system.outputs(states),
        starts=len(states),
        degree=int(made.sign[made.fixed].sum()),
        must_be_one=False,
        closed=False,
        listed=False,
    )


def grid(*rows) -> FixedPoints:
    return FixedPoints(tuple(tuple(row) for row in rows), np.stack([one.input for one in rows[0]]))


class Integrator(NamedTuple):
    """A relu network whose units are all on near a line: h' = A h + B x + b there, A = R diag(lambda) L."""

    population: Population
    matrix: np.ndarray
    drive: np.ndarray
    values: np.ndarray
    right: np.ndarray
    left: np.ndarray
    centre: np.ndarray
    readout: np.ndarray

    def at(self, positions) -> np.ndarray:
        """States on the line."""
        return self.centre + np.multiply.outer(np.asarray(positions, dtype=float), self.right[:, 0])


def integrator(rng, values=(1.0, 0.7, 0.4, -0.3, 0.1), inputs=3, dtype="float64", units_off=0) -> Integrator:
    """One whose eigenvectors are far from orthogonal; units that are off may follow."""
    size = len(values)
    right = np.eye(size) + 0.5 * rng.normal(size=(size, size)) / np.sqrt(size)
    right /= np.linalg.norm(right, axis=0)
    left = np.linalg.inv(right)
    matrix, drive = right @ np.diag(values) @ left, rng.normal(size=(size, inputs))
    centre, readout = np.full(size, 50.0), np.zeros((1, size + units_off))
    readout[0, :size] = right[:, 0] + 0.1 * rng.normal(size=size)
    whole, bias = np.zeros((size + units_off,) * 2), np.full(size + units_off, -1.0)
    whole[:size, :size], bias[:size] = matrix, centre - matrix @ centre
    whole[:size, size:] = rng.normal(size=(size, units_off))
    arrays = {
        "w_rec": whole[None, None],
        "w_in": np.concatenate([drive, np.zeros((units_off, inputs))])[None, None],
        "b": bias[None, None],
        "w_out": readout[None],
        "b_out": np.full((1, 1), 3.0),
    }
    population = Population.from_arrays("vanilla", "relu", **arrays, dtype=dtype)
    return Integrator(population, matrix, drive, np.array(values), right, left, centre, readout)


def linear(matrix, offset, drive=None):
    """h' = A h + b, plus B x if there is a B, as a function of torch tensors."""
    import torch

    a, b = torch.as_tensor(np.asarray(matrix)), torch.as_tensor(np.asarray(offset))
    if drive is None:
        return lambda h, x: h @ a.T + b
    by_inputs = torch.as_tensor(np.asarray(drive))
    return lambda h, x: h @ a.T + b + x @ by_inputs.T
