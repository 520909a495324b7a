"""The floating-point types that pyrnnsim computes in."""

from __future__ import annotations

from typing import Any, cast

import numpy as np


def float_type(value: object) -> np.dtype[Any] | None:
    """float32 or float64 in this machine's byte order from whatever names it, torch's too; None for anything else."""
    # torch.float32 is no NumPy type, but its text ends in the name of one.
    wanted = str(value).removeprefix("torch.") if type(value).__module__ == "torch" else value
    if wanted is None:  # NumPy would take it for float64
        return None
    try:
        kind: object = np.dtype(cast(Any, wanted)).type
    except (TypeError, ValueError, SyntaxError):  # text is parsed by NumPy as a list of fields
        return None
    return np.dtype(cast(Any, kind)) if kind in (np.float32, np.float64) else None
