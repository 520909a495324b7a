"""A small study's results, made up."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist, squareform

from pyrnnsim import embed
from pyrnnsim.report.results import TaskResults

#: The smallest PNG there is: one transparent pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)
CELLS = ("vanilla", "ugrnn", "gru", "lstm")


@dataclass(frozen=True)
class Claim:
    topic: str = "flip-flop"
    statement: str = "architectures separate"
    quantity: str = "1-NN accuracy"
    value: float | None = 0.93
    low: float | None = 0.88
    high: float | None = 0.97
    supported: bool | None = True


def task(
    name: str = "flip_flop", seeds: int = 3, *, first: str = "vanilla-0", missing: tuple[int, ...] = ()
) -> TaskResults:
    """4 x seeds networks in three measures; those of ``missing`` have no place."""
    rng = np.random.default_rng(0)
    networks = [
        {"name": f"{cell}-{seed}", "cell": cell, "activation": ("tanh", "relu")[seed % 2], "units": 64 * (1 + seed % 2),
         "seed": seed, "loss": float(10 ** rng.uniform(-5, -2))}
        for cell in CELLS
        for seed in range(seeds)
    ]  # fmt: skip
    if networks:
        networks[0]["name"] = first
    distances = {}
    for measure in ("topology", "cka", "svcca") if networks else ():
        distances[measure] = squareform(pdist(rng.standard_normal((len(networks), 4))))
        for k in missing:
            distances[measure][k] = distances[measure][:, k] = np.nan
    embeddings = {measure: embed(table) for measure, table in distances.items()}
    failed = [{"name": "lstm-9", "cell": "lstm", "loss": np.nan, "reason": "diverged"}]
    seconds = {"training": 3.0, "geometry": 1.0}
    return TaskResults(name, networks, failed, distances, embeddings, None, {}, None, None, seconds)
