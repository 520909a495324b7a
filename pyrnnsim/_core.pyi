"""Types of the CPU extension (csrc/module.cpp)."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

SAMPLE_BLOCK: Final[int]
compiler: Final[str]
cuda_status: Final[str]

class SolveOptions(TypedDict):
    measures: int
    norm: int
    core_noise: float
    tolerance: float
    ambiguity: float

_Arrays: TypeAlias = list[NDArray[Any]]
_Side: TypeAlias = tuple[_Arrays, list[NDArray[np.float64]], list[int], list[float], list[float]]

class _CoreTile:
    def start(self, left_ranks: Sequence[int], right_ranks: Sequence[int], *, triangular: bool) -> None: ...
    def accumulate(self, left: _Arrays, right: _Arrays, *, n_jobs: int) -> None: ...
    def solve(
        self,
        left: _Side,
        right: _Side,
        options: SolveOptions,
        *,
        n_jobs: int,
        only: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
    def core(self, i: int, j: int) -> NDArray[Any]: ...
    def matrix(self) -> NDArray[Any]: ...

class CoreTileFloat32(_CoreTile): ...
class CoreTileFloat64(_CoreTile): ...

class CoreListFloat64:
    def start(
        self, left_ranks: Sequence[int], right_ranks: Sequence[int], pairs: Sequence[tuple[int, int]]
    ) -> None: ...
    def accumulate(self, left: _Arrays, right: _Arrays, *, n_jobs: int) -> None: ...
    def solve(
        self, left: _Side, right: _Side, options: SolveOptions, *, n_jobs: int
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...

class GraphList:
    def __init__(self, adjacencies: list[NDArray[np.float64]], stable: list[NDArray[np.bool_]]) -> None: ...
    def distances(
        self, first: NDArray[np.int64], second: NDArray[np.int64], *, n_jobs: int, seconds: float
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]: ...
    def assignment(self, first: int, second: int) -> tuple[float, bool, list[int], list[int]]: ...

def set_lapack(dgesdd: object) -> None: ...
def set_lapack_eigen(dgeevx: object) -> None: ...
def eig(
    matrices: NDArray[np.float64], modes: int, *, left: bool, n_jobs: int, method: str = "auto"
) -> dict[str, NDArray[Any]]: ...
def gram_shape(units: int) -> tuple[int, int]: ...
def add_column_sums(
    x: NDArray[Any], shift: NDArray[np.float64], sums: NDArray[np.float64], spread: NDArray[np.float64]
) -> None: ...
def add_centred_gram(
    x: NDArray[Any], mean: NDArray[np.float64], scale: NDArray[np.float64], gram: NDArray[np.float64]
) -> None: ...
def centred(x: NDArray[Any], mean: NDArray[np.float64], scale: float) -> NDArray[Any]: ...
def project(
    x: NDArray[Any], mean: NDArray[np.float64], weights: NDArray[np.float64], *, precise: bool = True
) -> NDArray[Any]: ...
def projection_weights(
    directions: NDArray[Any], loadings: NDArray[Any], network: NDArray[np.int32], *, norm: int
) -> NDArray[np.float64]: ...
def task_trials(
    kind: str,
    steps: int,
    numbers: Sequence[float],
    seed: int,
    iteration: int,
    first: int,
    count: int,
    dtype: Any,
    mask: bool = False,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_] | None]: ...
def philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]: ...
def built_isas() -> list[str]: ...
def available_isas() -> list[str]: ...
def chosen_isa() -> str: ...
def parallel_check(count: int, threads: int, fail_at: int = -1) -> Any: ...

_Named: TypeAlias = dict[str, NDArray[Any]]

class CellTraining(TypedDict):
    loss: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    stopped_at: NDArray[np.int64]
    diverged_at: NDArray[np.int64]

def cell_train(
    spec: dict[str, Any],
    params: _Named,
    slots: dict[str, _Named],
    hyper: dict[str, Any],
    task: dict[str, Any],
    n_jobs: int,
) -> CellTraining: ...
def cell_rollout(
    spec: dict[str, Any],
    params: _Named,
    inputs: NDArray[Any],
    n_jobs: int,
    initial: NDArray[Any] | None = None,
) -> NDArray[Any]: ...
def cell_backward(
    spec: dict[str, Any],
    params: _Named,
    inputs: NDArray[Any],
    states: NDArray[Any],
    grad_states: NDArray[Any],
    n_jobs: int,
    initial: NDArray[Any] | None = None,
) -> _Named: ...
def cell_step(
    spec: dict[str, Any], params: _Named, states: NDArray[Any], inputs: NDArray[Any], n_jobs: int
) -> NDArray[Any]: ...
def cell_jacobian(
    spec: dict[str, Any], params: _Named, states: NDArray[Any], inputs: NDArray[Any], n_jobs: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]: ...
def cell_newton(
    spec: dict[str, Any],
    params: _Named,
    at: _Named,
    tolerance: float,
    iterations: int,
    radius: float,
    relative: bool,
    n_jobs: int,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]: ...
def cell_slowest(
    spec: dict[str, Any],
    params: _Named,
    at: _Named,
    tolerance: float,
    progress: float,
    iterations: int,
    n_jobs: int,
) -> tuple[NDArray[Any], NDArray[np.bool_]]: ...
