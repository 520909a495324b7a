"""Eigen-decomposition of many real matrices at once: vectors of both sides and condition numbers."""

from __future__ import annotations

import json
import math
import operator
import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pyrnnsim import _core
from pyrnnsim._files import read_checked, write_checked
from pyrnnsim._frame import as_frame
from pyrnnsim._inputs.convert import to_array
from pyrnnsim._inputs.labels import Label, with_article
from pyrnnsim._options import parse_jobs
from pyrnnsim._threads import thread_limit

_FORMAT = "pyrnnsim eigen-decomposition 1"
_COMPLEX = "eigenvalues", "right", "left"
_BY_LAPACK, _ILL_CONDITIONED = 1, 2  # bits of EigenFlag (csrc/eig/eigen_problem.hpp)
#: Those of a defective matrix are larger, rounded as it may be; kEigenConditionLimit of the same header.
CONDITION_LIMIT = 1e6


@dataclass(frozen=True, eq=False, repr=False)
class EigenDecomposition:
    """A = R diag(lambda) L for each matrix, its modes in descending order of magnitude.

    A conjugate pair stands side by side, the positive imaginary part first, and its members are exact conjugates. With
    n units and k modes (k = n unless ``leading`` was given):

    Attributes:
        eigenvalues: (..., n) complex128; all of them, also where vectors were wanted for the leading ones only.
        right: (..., n, k) complex128, a vector in each column, of length 1, its largest element real and positive.
        left: (..., k, n) complex128, a vector in each row, scaled to ``left @ right = I``; None if not wanted.
        condition: (..., k) condition numbers of the eigenvalues, 1 to infinity: how far a change of the matrix moves
            them, 1 / |cos| of the angle between left and right vector; None without left vectors.
        ill_conditioned: (...,) bool, some ``condition`` exceeds 1e6, as in every matrix that is defective up to
            rounding errors, and ``left @ right`` is 1 on its diagonal only (not even there where ``condition`` is
            infinite: that row has length 1); None without left vectors.
        residual: (...,) largest |A r - lambda r| of a mode over the Frobenius norm of A.
        fallback: (...,) bool, LAPACK computed this one.
    """

    eigenvalues: NDArray[np.complex128]
    right: NDArray[np.complex128]
    left: NDArray[np.complex128] | None
    condition: NDArray[np.float64] | None
    ill_conditioned: NDArray[np.bool_] | None
    residual: NDArray[np.float64]
    fallback: NDArray[np.bool_]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row per matrix, counted in row-major order, and eigenvalue; condition is None where none was computed."""
        n, modes = self.eigenvalues.shape[-1], self.right.shape[-1]
        values = self.eigenvalues.reshape(self.residual.size, n).tolist()
        known = [] if self.condition is None else self.condition.reshape(self.residual.size, modes).tolist()
        return [
            {
                "matrix": matrix,
                "mode": mode,
                "real": value.real,
                "imaginary": value.imag,
                "magnitude": abs(value),
                "condition": known[matrix][mode] if known and mode < modes else None,
            }
            for matrix, row in enumerate(values)
            for mode, value in enumerate(row)
        ]

    @property
    def frame(self) -> Any:
        """The rows as a pandas table."""
        return as_frame(self.rows, "EigenDecomposition.frame")

    def plot(self, ax: Any = None) -> Any:
        """Draw the eigenvalues in the complex plane; see ``pyrnnsim.figures.plot_spectrum``.

        Args:
            ax: Matplotlib axes to draw into; None makes a new figure.
        """
        return import_module("pyrnnsim.figures.spectrum").plot_spectrum(self, ax=ax)

    def __repr__(self) -> str:
        n, modes = self.eigenvalues.shape[-1], self.right.shape[-1]
        parts = [f"{modes} of {n} modes" + (", right vectors only" if self.left is None else "")]
        if self.ill_conditioned is not None:
            parts.append(f"{int(self.ill_conditioned.sum())} ill-conditioned")
        parts.append(f"{int(self.fallback.sum())} by LAPACK")
        return f"<EigenDecomposition of matrices of shape {(*self.eigenvalues.shape, n)}: {', '.join(parts)}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, atomically and with a checksum; nothing in it is code."""
        present = {name: value for name, value in vars(self).items() if value is not None}
        tensors = {name: np.ascontiguousarray(_as_real(value)) for name, value in present.items()}
        about = json.dumps({"format": _FORMAT, "shapes": {name: value.shape for name, value in present.items()}})
        encode = import_module("safetensors.numpy").save
        write_checked(Path(path), encode(tensors, metadata={"pyrnnsim": about}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what ``save`` wrote.

        Raises:
            ValueError: If the file is damaged, truncated, or no eigen-decomposition of this version.
        """
        try:
            content = read_checked(Path(path))
            length = int.from_bytes(content[:8], "little")
            about = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["pyrnnsim"])
            shapes = {_FORMAT: about["shapes"]}[about["format"]]
            arrays: dict[str, Any]
            stored = import_module("safetensors.numpy").load(content)
            arrays = dict.fromkeys(("left", "condition", "ill_conditioned"))
            arrays |= {name: _as_stored(name, stored[name]).reshape(shape) for name, shape in shapes.items()}
            return cls(**arrays)
        except (ValueError, KeyError, TypeError) as error:
            found = f" (it says {error})" if isinstance(error, KeyError) else ""
            raise ValueError(
                f"{path} is damaged, or no eigen-decomposition that this version of pyrnnsim wrote{found}; compute it "
                "again"
            ) from error


def eig(
    matrices: Any, *, leading: int | None = None, left: bool = True, n_jobs: int | None = None
) -> EigenDecomposition:
    """Eigenvalues with right and left eigenvectors of real matrices, many at once.

    Args:
        matrices: (..., n, n) real numbers; computed in float64. Not modified.
        leading: Vectors of the k eigenvalues of largest magnitude only, from 1 to n; default: of all. Of a conjugate
            pair that the limit divides, the member with positive imaginary part is in.
        left: Also left vectors and condition numbers.
        n_jobs: Threads; None or -1 is every core this process may use. No result depends on it, nor on which other
            matrices are in the call.
    Returns:
        An :class:`EigenDecomposition`. Matrices that the batched solver cannot do well, defective ones and those with
        repeated eigenvalues among them, are done by LAPACK and marked ``fallback``.
    Raises:
        TypeError: If ``matrices`` holds no real numbers, or an option has a wrong type.
        ValueError: If they are not square or not finite (the text names the matrix), or ``leading`` is out of range.
    Cost: about 20 n^3 operations per matrix, in vectors of as many matrices as the processor's registers hold; rows of
        zeros, as of relu units that are off, cost next to nothing.
    Source: Francis (1961), the double-shift QR iteration; Wilkinson (1965), inverse iteration and condition numbers.
    """
    jobs = parse_jobs("eig", n_jobs)
    if not isinstance(left, bool | np.bool_):
        raise TypeError(f"eig: left must be True or False, got {left!r}")
    stack = _square_matrices(matrices)
    shape, n = stack.shape[:-2], stack.shape[-1]
    modes = _parse_leading(leading, n)
    flat = np.ascontiguousarray(stack.reshape(math.prod(shape), n, n), dtype=np.float64)
    _check_finite(flat, shape)
    found = _solve(flat, modes, bool(left), jobs)
    flags = found["flags"].reshape(shape)
    return EigenDecomposition(
        eigenvalues=found["eigenvalues"].reshape(*shape, n),
        right=found["right"].reshape(*shape, n, modes),
        left=found["left"].reshape(*shape, modes, n) if left else None,
        condition=found["condition"].reshape(*shape, modes) if left else None,
        ill_conditioned=flags & _ILL_CONDITIONED != 0 if left else None,
        residual=found["residual"].reshape(shape),
        fallback=flags & _BY_LAPACK != 0,
    )


def eigenvalues(matrices: NDArray[np.float64], jobs: int) -> NDArray[np.complex128]:
    """Eigenvalues alone, (count, n), of finite matrices (count, n, n), in the order and with the bits of :func:`eig`.

    They cost a third of what they cost with vectors. A matrix that :func:`eig` leaves to LAPACK for the sake of its
    vectors may differ in the last digits.
    """
    return np.asarray(_solve(np.ascontiguousarray(matrices, dtype=np.float64), 0, False, jobs)["eigenvalues"])


def _solve(flat: NDArray[np.float64], modes: int, left: bool, jobs: int) -> dict[str, NDArray[Any]]:
    _connect_lapack()
    with thread_limit():
        return _core.eig(flat, modes, left=left, n_jobs=jobs)


@cache
def _connect_lapack() -> None:
    """Hand SciPy's LAPACK to the extension; once per process."""
    _core.set_lapack_eigen(import_module("scipy.linalg.cython_lapack").__pyx_capi__["dgeevx"])


def _square_matrices(value: Any) -> NDArray[Any]:
    expected = "expected real square matrices of shape (..., n, n)"
    if value is None or isinstance(value, str | bytes | bytearray):
        raise TypeError(f"eig: matrices is {with_article(value)}; {expected}")
    if getattr(getattr(value, "dtype", None), "kind", "") == "c":
        raise TypeError(f"eig: matrices has dtype {value.dtype}; {expected}: numpy.linalg.eig takes complex ones")
    stack = to_array(value, Label("eig", "matrices"))
    if stack.ndim < 2:
        raise ValueError(f"eig: matrices has shape {stack.shape}; {expected}")
    if stack.shape[-1] != stack.shape[-2]:
        raise ValueError(f"eig: matrices has shape {stack.shape}, whose last two sizes differ; {expected}")
    return stack


def _parse_leading(value: object, n: int) -> int:
    if value is None:
        return n
    expected = f"an int from 1 to n = {n}, or None for all modes"
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"eig: leading must be {expected}, got {value!r}")
    leading = operator.index(value)
    if not 1 <= leading <= n:
        raise ValueError(f"eig: leading must be {expected}, got {leading}")
    return leading


def _check_finite(flat: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    with np.errstate(all="ignore"):
        if np.isfinite(np.add.reduce(flat, axis=None)):  # NaN and infinity survive every sum
            return
    bad = ~np.isfinite(flat)
    if not bad.any():
        return
    which, row, column = (int(k) for k in np.unravel_index(int(bad.argmax()), bad.shape))
    index = tuple(int(k) for k in np.unravel_index(which, shape)) if shape else ()
    place = f"matrices[{', '.join(map(str, index))}]" if index else "matrices"
    raise ValueError(
        f"eig: {place} holds {flat[which, row, column]} at row {row}, column {column}; expected finite values: leave "
        "the matrix out, or look for the network that diverged"
    )


def _as_real(array: NDArray[Any]) -> NDArray[Any]:
    """Bytes that the file format knows: it has no complex numbers."""
    return np.ascontiguousarray(array).reshape(-1).view(np.float64) if array.dtype == np.complex128 else array


def _as_stored(name: str, array: NDArray[Any]) -> NDArray[Any]:
    return array.view(np.complex128) if name in _COMPLEX else array
