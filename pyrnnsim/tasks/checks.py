"""Checks of the numbers that tasks take; errors name the caller and the argument."""

from __future__ import annotations

import math
import operator

import numpy as np


def whole_number(caller: str, name: str, value: object, least: int, most: int) -> int:
    """The value as an int from ``least`` to ``most``.

    Raises:
        TypeError: If it is no integer (bool is none either).
        ValueError: If it is out of range.
    """
    limit = f"2**{most.bit_length()} - 1" if most > 10**12 else str(most)
    expected = f"an int from {least} to {limit}"
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"{caller}: {name} must be {expected}, got {value!r}")
    number = operator.index(value)
    if not least <= number <= most:
        raise ValueError(f"{caller}: {name} must be {expected}, got {number}")
    return number


def real_number(
    caller: str, name: str, value: object, least: float, most: float = math.inf, *, open_below: bool = False
) -> float:
    """The value as a finite float from ``least`` (or above it, with ``open_below``) to ``most``.

    Raises:
        TypeError: If it is no real number.
        ValueError: If it is NaN, infinite or out of range.
    """
    if least == -math.inf:
        expected = "a finite number"
    else:
        low = f"above {least:g}" if open_below else f"of at least {least:g}"
        expected = f"a finite number {low}" + (f" and at most {most:g}" if most < math.inf else "")
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{caller}: {name} must be {expected}, got {value!r}")
    number = float(value)
    if not math.isfinite(number) or not least <= number <= most or (open_below and number == least):
        raise ValueError(f"{caller}: {name} must be {expected}, got {number!r}")
    return number


def step_range(caller: str, name: str, value: object, least: int, most: int) -> tuple[int, int]:
    """First and last of a range of steps, both included; one int is a range of one step.

    Raises:
        TypeError: If it is neither an int nor two of them.
        ValueError: If a bound is out of range or the range ends before it starts.
    """
    if hasattr(value, "__index__"):
        step = whole_number(caller, name, value, least, most)
        return step, step
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{caller}: {name} must be an int or (first, last) in steps, got {value!r}")
    first, last = (whole_number(caller, f"{name}[{i}]", bound, least, most) for i, bound in enumerate(value))
    if first > last:
        raise ValueError(f"{caller}: {name} must be (first, last) with first <= last, got ({first}, {last})")
    return first, last
