"""Rows as a pandas table."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any


def as_frame(rows: Sequence[dict[str, Any]], caller: str) -> Any:
    """The rows as a pandas table.

    Raises:
        ImportError: If pandas is missing.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        raise ImportError(f"{caller}: pandas is missing ({error}); `pip install pandas`") from error
    return pandas.DataFrame(list(rows))
