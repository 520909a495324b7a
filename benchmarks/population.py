"""Seeded networks whose activity resembles recurrent states: shared signals, private noise, offsets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

SHARED = 32  # signals that all networks carry


class Population(Sequence):
    """K representations ``(P, N)``, each made when asked for and not kept.

    A network is ``latents @ random directions + private noise + offsets``. The standard deviations of the latents and
    of the noise's principal directions fall as 1 / rank, and both parts carry about the same variance; the condition
    number is about N, and canonical correlations spread over [0, 1]. With ``ties`` all latents are equally strong: some
    32 correlations of every pair then lie within 1e-2 of 1, where projection weights are hardest to compute.
    """

    def __init__(
        self, networks: int, samples: int, units: int, dtype: str, *, ties: bool = False, seed: int = 0
    ) -> None:
        self._count, self._units, self._dtype, self._seed = networks, units, np.dtype(dtype), seed
        strength = np.ones(SHARED) if ties else 1.0 / np.arange(1, SHARED + 1)
        self._latents = np.random.default_rng(seed).standard_normal((samples, SHARED)) * strength

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < self._count:
            raise IndexError(index)
        rng = np.random.default_rng([self._seed, index])
        units = self._units
        directions = np.linalg.qr(rng.standard_normal((units, units)))[0] / np.arange(1, units + 1)[:, None]
        activity = self._latents @ (rng.standard_normal((SHARED, units)) / np.sqrt(units))
        activity += rng.standard_normal((len(activity), units)) @ directions + rng.standard_normal(units)
        return activity.astype(self._dtype)


@lru_cache(maxsize=4)
def states(networks: int, samples: int, units: int, dtype: str, *, ties: bool = False) -> list[np.ndarray]:
    """The same population, resident."""
    return list(Population(networks, samples, units, dtype, ties=ties))
