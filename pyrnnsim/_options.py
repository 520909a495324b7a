"""The options every comparison shares: their names, their meaning, and their one parser."""

from __future__ import annotations

import difflib
import logging
import math
import operator
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim._dtypes import float_type
from pyrnnsim._machine import available_memory, usable_cores

Device = Literal["cpu", "cuda"]
NanPolicy = Literal["raise", "skip"]

_log = logging.getLogger("pyrnnsim")
_MAX_JOBS = 256
_LEAST_MEMORY = 10**6
_DEFAULT_MEMORY_FLOOR = 64 * 10**6
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_UNITS["TIB"] = 2**40
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?i?b)\s*", re.IGNORECASE | re.ASCII)
_OTHER_NAMES = {"threads": "n_jobs", "workers": "n_jobs", "num_workers": "n_jobs", "num_threads": "n_jobs"}
_OTHER_NAMES |= {"verbose": "progress", "labels": "names", "memory": "max_memory"}


# What single functions take besides, for hints.
_OWN_OPTIONS = {
    "pairwise_svcca": ("variance", "n_components", "threshold_on"),
    "pairwise_pwcca": ("side", "norm", "definition"),
    "pairwise_cka": ("kernel", "debiased", "bandwidth"),
    "pairwise_rsa": ("dissimilarity", "compare"),
    "pairwise": ("measures", "variance", "n_components", "threshold_on", "side", "norm"),
    "pairwise_distances": ("metric", "condensed"),
    "cross_distances": ("metric",),
    "chance_similarity": ("metric", "permutations", "block", "seed"),
}


class Options(TypedDict, total=False):
    """Keyword arguments that every comparison accepts.

    Attributes:
        n_jobs: Threads; None or -1 is every core this process may use. No result depends on it.
        device: ``"cpu"`` (default), ``"cuda"`` (an error where it cannot be used) or ``"auto"``.
        dtype: float32 or float64 to compute in; None takes float32 if all inputs are at most that wide.
        max_memory: Bytes, or text such as ``"4GB"`` (10**9) or ``"1.5GiB"`` (2**30); None is half of what is free.
        progress: Show progress and remaining time; ``"auto"`` (default) only where somebody watches.
        nan_policy: ``"raise"`` (default) refuses NaN and infinity, ``"skip"`` gives the network NaN distances.
        names: One name per network, used in errors, reports and figures.
        out: A float64 array to fill, or an ``.npy`` path that is filled by tiles and resumed after a kill. A file of
            that name is replaced when the new matrix is complete.
        calibrated: Subtract the chance level (True), or these chance levels.
    """

    n_jobs: int | None
    device: Literal["cpu", "cuda", "auto"]
    dtype: DTypeLike | None
    max_memory: int | str | None
    progress: bool | Literal["auto"]
    nan_policy: NanPolicy
    names: Sequence[str] | None
    out: NDArray[Any] | str | os.PathLike[str] | None
    calibrated: bool | NDArray[Any]


@dataclass(frozen=True, eq=False)
class RunOptions:
    """The options of one call after parsing; see :class:`Options`."""

    n_jobs: int
    device: Device
    dtype: np.dtype[Any] | None
    max_memory: int
    progress: bool | Literal["auto"]
    nan_policy: NanPolicy
    names: tuple[str, ...] | None
    out: NDArray[np.float64] | Path | None
    calibrated: bool | NDArray[np.float64]


def parse_options(caller: str, options: Mapping[str, object]) -> RunOptions:
    """Check and resolve the options of one call; nothing is computed, written or started.

    Args:
        caller: Name of the public function, for the errors.
        options: What the user passed.

    Raises:
        TypeError: For an unknown option or a value of a wrong type.
        ValueError: For a value out of range, or a device that cannot be used.
    """
    _refuse_unknown(caller, options)
    return RunOptions(
        n_jobs=parse_jobs(caller, options.get("n_jobs")),
        dtype=_parse_dtype(caller, options.get("dtype")),
        max_memory=_parse_memory(caller, options.get("max_memory")),
        progress=parse_progress(caller, options.get("progress", "auto")),
        nan_policy=cast(NanPolicy, _choice(caller, "nan_policy", options.get("nan_policy", "raise"), "raise", "skip")),
        names=_parse_names(caller, options.get("names")),
        out=_parse_out(caller, options.get("out")),
        calibrated=_parse_calibrated(caller, options.get("calibrated", False)),
        device=_parse_device(caller, options.get("device", "cpu")),
    )


def cuda_unavailable_reason() -> str | None:
    """Why ``device="cuda"`` cannot be used here and what to do about it; None where it can."""
    try:
        import_module("pyrnnsim._cuda")
    except ImportError:
        return (
            "this installation has no CUDA extension (pyrnnsim._cuda); with a CUDA toolkit at hand, "
            "build it by `PYRNNSIM_CUDA=ON pip install .`"
        )
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        return f"torch cannot be imported ({error}); `pip install torch` with CUDA support"
    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return f"the installed torch {torch.__version__} has no CUDA support; `pip install` a CUDA build of it"
    return "torch finds no CUDA device; check the driver with `nvidia-smi`"


def _refuse_unknown(caller: str, options: Mapping[str, object]) -> None:
    known = tuple(Options.__annotations__)
    for name in options:
        if name in known:
            continue
        candidates = (*known, *_OWN_OPTIONS.get(caller, ()))
        near = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else difflib.get_close_matches(name, candidates, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
        raise TypeError(f"{caller}: unknown option {name!r}; {hint}")


def parse_jobs(caller: str, value: object) -> int:
    expected = f"an int from 1 to {_MAX_JOBS}, or -1 or None for all cores"
    if value is None:
        return min(usable_cores(), _MAX_JOBS)
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"{caller}: n_jobs must be {expected}, got {value!r}")
    jobs = operator.index(value)
    if jobs == -1:
        return min(usable_cores(), _MAX_JOBS)
    if jobs < 1:
        raise ValueError(f"{caller}: n_jobs must be {expected}, got {jobs}")
    return min(jobs, _MAX_JOBS)


def _parse_device(caller: str, value: object) -> Device:
    device = _choice(caller, "device", value, "cpu", "cuda", "auto")
    if device == "cpu":
        return "cpu"
    reason = cuda_unavailable_reason()
    if device == "cuda" and reason is not None:
        raise ValueError(f"{caller}: device='cuda' cannot be used: {reason}, or use device='cpu'")
    if device == "auto":
        _log.info("%s: device='auto' uses %s", caller, "cuda" if reason is None else f"cpu: {reason}")
    return "cuda" if reason is None else "cpu"


def _parse_dtype(caller: str, value: object) -> np.dtype[Any] | None:
    if value is None:
        return None
    dtype = float_type(value)
    if dtype is None:
        raise TypeError(f"{caller}: dtype must be float32, float64 or None, got {value!r}; inputs of any type are fine")
    return dtype


def _parse_memory(caller: str, value: object) -> int:
    if value is None:
        return max(available_memory() // 2, _DEFAULT_MEMORY_FLOOR)
    expected = "bytes as an int, or text such as '4GB', '512MB' or '1.5GiB'"
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        if match is None:
            raise ValueError(f"{caller}: max_memory must be {expected}, got {value!r}")
        size = float(match[1]) * _UNITS[match[2].upper()]
    elif isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        size = float(value)
    else:
        raise TypeError(f"{caller}: max_memory must be {expected}, got {value!r}")
    if not _LEAST_MEMORY <= size < math.inf:
        raise ValueError(f"{caller}: max_memory must be at least 1 MB ({expected}), got {value!r}")
    return int(size)


def parse_progress(caller: str, value: object) -> bool | Literal["auto"]:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str) and value == "auto":
        return "auto"
    raise TypeError(f"{caller}: progress must be True, False or 'auto', got {value!r}")


def _parse_names(caller: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str | bytes | set | frozenset | Mapping) or not hasattr(value, "__len__"):
        raise TypeError(
            f"{caller}: names must be a list with one str per network, got {type(value).__name__}; use list(...)"
        )
    names = list(cast(Sequence[object], value))
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"{caller}: names[{index}] must be a str, got {name!r}; use [str(n) for n in names]")
    return tuple(str(name) for name in names)


def _parse_out(caller: str, value: object) -> NDArray[np.float64] | Path | None:
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        if value.dtype != np.float64:
            raise TypeError(f"{caller}: out must be a float64 array, got {value.dtype}; use np.empty(shape)")
        if not value.flags.writeable:
            raise ValueError(f"{caller}: out is read-only; pass an array that can be written, or an .npy path")
        return value
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str):
        raise TypeError(f"{caller}: out must be a float64 array or an .npy path, got {type(value).__name__}")
    if not path.endswith(".npy"):
        raise ValueError(f"{caller}: out must end in .npy, got {path!r}; use {path + '.npy'!r}")
    if Path(path).is_dir():
        raise ValueError(f"{caller}: out={path!r} is a directory; choose the name of a file in it")
    if not Path(path).parent.is_dir():
        raise ValueError(f"{caller}: the directory of out={path!r} does not exist; create {str(Path(path).parent)!r}")
    return Path(path)


def _parse_calibrated(caller: str, value: object) -> bool | NDArray[np.float64]:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise TypeError(f"{caller}: calibrated must be True, False or an array of chance levels, got {value!r}")
    if np.isinf(value).any():  # NaN stands where a network was skipped
        raise ValueError(f"{caller}: calibrated must hold finite chance levels, got infinity among them")
    return np.asarray(value, dtype=np.float64)


def _choice(caller: str, name: str, value: object, *allowed: str) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    kind = ValueError if isinstance(value, str) else TypeError
    raise kind(f"{caller}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
