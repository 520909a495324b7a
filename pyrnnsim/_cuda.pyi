"""The CUDA kernels; addresses and streams are integers, as torch gives them."""

from typing import Literal

def device_count() -> int: ...
def device_names() -> list[str]: ...
def status() -> str: ...
def projection_weights(
    *,
    dtype: Literal["float32", "float64"],
    device: int,
    stream: int,
    directions: int,
    direction_stride: int,
    loadings: int,
    loading_stride: int,
    network: int,
    weights: int,
    pairs: int,
    count: int,
    rank: int,
    units: int,
    norm: Literal[1, 2],
) -> None: ...
