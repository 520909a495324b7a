"""Every cell in every form, and random networks of it."""

from __future__ import annotations

import numpy as np
from reference.cells import GATES

FORMS: list[dict] = [
    {"cell": "vanilla"},
    {"cell": "ugrnn", "keep_bias": 0.3},
    {"cell": "gru", "keep_bias": 0.2},
    {"cell": "gru", "keep_bias": 0.2, "reset_after": True},
    {"cell": "lstm", "keep_bias": 1.0},
    {"cell": "lstm", "keep_bias": 1.0, "candidate": "sigmoid"},
]
SPECS: list[dict] = [{"activation": f, **form} for form in FORMS for f in ("tanh", "relu")]


def label(spec: dict) -> str:
    extra = "after" if spec.get("reset_after") else spec.get("candidate", "")
    return "-".join(filter(None, [spec["cell"], spec["activation"], extra]))


def random_networks(
    rng: np.random.Generator, spec: dict, *, networks: int, units: int, inputs: int, outputs: int, dtype: np.dtype
) -> dict[str, np.ndarray]:
    """Parameters of networks whose activity is of order one and in which nothing is zero."""
    gates, size = GATES[spec["cell"]], units * (2 if spec["cell"] == "lstm" else 1)
    shapes = {
        "w_rec": ((networks, gates, units, units), units**-0.5),
        "w_in": ((networks, gates, units, inputs), 1.0),
        "b": ((networks, gates, units), 0.1),
        "w_out": ((networks, outputs, size), size**-0.5),
        "b_out": ((networks, outputs), 0.1),
        "h0": ((networks, size), 0.3),
    }
    if spec.get("reset_after"):
        shapes["b_rec"] = ((networks, gates, units), 0.1)
    return {name: (rng.normal(size=shape) * scale).astype(dtype) for name, (shape, scale) in shapes.items()}
