"""What a report says about the machine that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyrnnsim


def installation() -> dict[str, Mapping[str, Any]]:
    """Versions of everything that has a part in the numbers, and the machine."""
    config = pyrnnsim.show_config()
    return {
        "versions": {"pyrnnsim": config.version, "python": config.python, **config.libraries},
        "machine": {"platform": config.platform, "instruction set": config.instruction_set, "cores": config.cores},
    }
