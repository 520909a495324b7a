"""Weights of new networks, as pure functions of the seed and the kind of network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim.populations.cell import ACTIVATIONS, GATES, Cell

INITIALISATIONS = ("normal", "orthogonal", "identity")


def initialise(
    cell: Cell,
    units: int,
    inputs: int,
    outputs: int,
    *,
    seed: int,
    kind: str = "normal",
    gain: float = 1.0,
    dtype: DTypeLike = np.float32,
) -> dict[str, NDArray[Any]]:
    """Parameters of one network before training.

    Input and readout weights are normal with variance 1/M and 1/S, biases and the initial state zero. Recurrent
    weights are ``gain`` times

    * ``"normal"``: normal with variance 1/N;
    * ``"orthogonal"``: a random orthogonal matrix for each gate (uniformly distributed);
    * ``"identity"``: the identity for the candidate (gate 0), normal ones for the other gates (Le et al. 2015).

    They depend on the seed and on the kind of network alone, so that a network is the same in every population.

    Args:
        cell: The update rule.
        units: N.
        inputs: M.
        outputs: O.
        seed: At least 0.
        kind: See above.
        gain: Scale of the recurrent weights.
        dtype: float32 or float64; the float32 weights are the rounded float64 ones.
    """
    options = [int(cell.reset_after), INITIALISATIONS.index(kind)]
    place = [list(GATES).index(cell.cell), ACTIVATIONS.index(cell.activation), units, inputs, outputs, *options]
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *place])))
    made = {name: np.zeros(shape) for name, shape in cell.shapes(units, inputs, outputs).items()}
    for gate in range(len(cell.gates)):
        made["w_rec"][gate] = gain * _recurrent(rng, units, "normal" if kind == "identity" and gate else kind)
        made["w_in"][gate] = rng.standard_normal((units, inputs)) / math.sqrt(max(inputs, 1))
    made["w_out"][...] = rng.standard_normal(made["w_out"].shape) / math.sqrt(cell.state_size(units))
    return {name: array.astype(dtype) for name, array in made.items()}


def _recurrent(rng: np.random.Generator, units: int, kind: str) -> NDArray[np.float64]:
    if kind == "identity":
        return np.eye(units)
    normal = rng.standard_normal((units, units))
    if kind == "normal":
        return normal / math.sqrt(units)
    basis, triangle = np.linalg.qr(normal)
    return np.asarray(basis * np.copysign(1.0, np.diagonal(triangle)))  # without the signs it is not uniform
