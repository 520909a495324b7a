"""The inputs of the nasty list that are representations: three networks of 40 samples, spoiled in one way each.

``Case.spoil`` makes the nasty networks from clean ones. A good case must give the right answer for ``Case.clean`` of
what it made (by default its values in float64); a bad one an error that matches ``Case.error``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from reference.generators import population

SAMPLES, NAMES, WIDTHS = 40, ("alpha", "beta", "gamma", "delta", "epsilon"), (4, 6, 5)
GOOGLE = frozenset({"google"})
SINGULAR = {"google": "singular to working precision"}


def networks(widths=WIDTHS, samples=SAMPLES):
    made = population(np.random.default_rng(7), len(widths), samples, widths, shared=3, noise=0.7)
    return dict(zip(NAMES, made, strict=False))


@dataclass(frozen=True)
class Case:
    """One entry of the list.

    Attributes:
        name: Number in the list and title.
        spoil: Clean networks by name -> nasty ones.
        clean: Nasty networks -> float64 arrays with the same answer.
        error: What the error must say after naming the network; None if the input is good.
        kind: Type of that error.
        tolerance: Of the answer.
        exact: The answer has the bits of that on plain arrays.
        refused: Measures for which the input is undefined, with what their error says instead.
        may_refuse: Measures that may refuse the input instead, saying why.
        loose: Tolerances of measures that amplify rounding.
        warns: The input is good, but too few samples.
        pairs_only: It takes two networks to see what is wrong.
        place: Position of the network that is to blame.
    """

    name: str
    spoil: Callable[[dict[str, np.ndarray]], Any]
    clean: Callable[[Any], list[np.ndarray]] = lambda nasty: [np.asarray(x, np.float64) for x in nasty.values()]
    error: str | None = None
    kind: type[Exception] = ValueError
    tolerance: float = 1e-9
    exact: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    may_refuse: frozenset[str] = frozenset()
    loose: Mapping[str, float] = field(default_factory=dict)
    warns: bool = False
    pairs_only: bool = False
    place: int = 2


def each(change):
    """A change of every network."""
    return lambda reps: {name: change(x) for name, x in reps.items()}


def last(change):
    """A change of the last network."""
    return lambda reps: {**reps, "gamma": change(reps["gamma"])}


def always(reps):
    """The clean networks, whatever became of them."""
    return lambda nasty: list(reps.values())


def put(x, value, row=17, unit=3):
    x = x.copy()
    x[row, unit] = value
    return x


def every_second(x):
    wide = np.zeros((2 * x.shape[0], 3 * x.shape[1]))
    wide[::2, 1::3] = x
    return wide[::2, 1::3]


def uneven(x):
    """Rows that are equal in all units have no correlation with others."""
    return np.hstack([x, ~x[:, :1]])


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def misaligned(x):
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    array = buffer[1:].view(x.dtype).reshape(x.shape)
    array[...] = x
    return array


def mapped(x):
    file = np.memmap(_folder() / f"{x.shape[1]}.bin", x.dtype, "w+", shape=x.shape)
    file[...] = x
    return file


def _folder():
    import tempfile
    from pathlib import Path

    return Path(tempfile.mkdtemp())


class Exchanged:
    """Speaks DLPack and nothing else, as a JAX array of another device or an array of a small library does."""

    def __init__(self, x):
        self._x = x

    def __dlpack__(self, **options):
        return self._x.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._x.__dlpack_device__()


def tensor_values(nasty):
    return [np.asarray(x.detach().double() if isinstance(x, torch.Tensor) else x, np.float64) for x in nasty.values()]


def masked(x):
    return np.ma.masked_array(x, mask=np.arange(x.size).reshape(x.shape) == 23)


def mixed(reps):
    kinds = (np.float32, np.float64, np.float16)
    return {name: x.astype(kind) for (name, x), kind in zip(reps.items(), kinds, strict=True)}


def scaled(exponent):
    """A change of scale by a power of two, and how to undo it: no measure may see the difference."""
    return each(lambda x: np.ldexp(x, exponent)), lambda nasty: [np.ldexp(x, -exponent) for x in nasty.values()]


def halves(x):
    return np.hstack([x[:, :2], x[:, :2], x[:, 2:]])


def dependent(x):
    return np.hstack([x, x @ np.ones((x.shape[1], 2)) + x[:, :2]])


def mixed_units(reps):
    """The last network is an invertible mixture of the first."""
    x = reps["alpha"]
    return {**reps, "gamma": x @ np.linalg.qr(np.arange(16.0).reshape(4, 4) ** 0.5 + np.eye(4))[0] * [1, 2, 3, 4]}


def fewer(samples):
    return each(lambda x: x[:samples])
