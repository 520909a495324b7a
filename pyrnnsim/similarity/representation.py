"""One network's factors as an object that is made once, passed everywhere in place of an array, saved and loaded."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pyrnnsim._files import read_checked, write_checked
from pyrnnsim._inputs.arrays import as_matrix, compute_dtype
from pyrnnsim._inputs.arrays import rows as rows_of_matrix
from pyrnnsim._inputs.labels import Label
from pyrnnsim._threads import thread_limit
from pyrnnsim.similarity.factors import Factors, factorize

_FORMAT = "pyrnnsim representation 1"
_ARRAYS = ("mean", "weights", "correction", "singular_values", "right")


@dataclass(frozen=True, eq=False)
class Representation:
    """A network's activity, centred and factored: X - mean = U diag(s) V^T.

    Attributes:
        name: How errors and reports call it, or None.
        samples: P.
        basis: (P, R) U, orthonormal columns.
        factors: The rest of the factorisation, in units of ``2**factors.exponent``.
    """

    name: str | None
    samples: int
    basis: NDArray[Any]
    factors: Factors
    is_prepared_representation: ClassVar[bool] = True

    @property
    def units(self) -> int:
        """N, units of the network, dead ones included."""
        return len(self.factors.mean)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.basis.dtype

    @property
    def rank(self) -> int:
        """R, directions in which the network varies beyond rounding."""
        return self.factors.rank

    @property
    def dead_units(self) -> int:
        """Units that do not vary."""
        return self.factors.dead

    @property
    def directions_cut(self) -> int:
        """Directions left out because rounding alone explains them: dependent or duplicated units."""
        return self.factors.cut

    @property
    def condition(self) -> float:
        """Largest over smallest singular value that was kept."""
        return self.factors.condition

    @property
    def mean(self) -> NDArray[np.float64]:
        """(N,) column means."""
        return np.ldexp(self.factors.mean, self.factors.shift)

    @property
    def singular_values(self) -> NDArray[np.float64]:
        """(R,) descending, in the units of X; 0 or inf where float64 cannot hold them."""
        return np.ldexp(self.factors.singular_values, self.factors.exponent + self.factors.shift)

    @property
    def loadings(self) -> NDArray[np.float64]:
        """(R, N) diag(s) V^T, so that X = mean + basis @ loadings."""
        exact = self.factors.loadings(np.dtype(np.float64)).astype(np.float64)
        return np.ldexp(exact, self.factors.exponent + self.factors.shift)

    def digest(self) -> str:
        """Fingerprint of the factors (blake2b, hex)."""
        state = blake2b(np.ascontiguousarray(self.basis).data, digest_size=16)
        state.update(np.ascontiguousarray(self.factors.singular_values).data)
        state.update(np.ascontiguousarray(self.factors.right).data)
        return state.hexdigest()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the factors to one file, atomically and with a checksum; nothing in it is code."""
        arrays = {name: getattr(self.factors, name) for name in _ARRAYS if getattr(self.factors, name) is not None}
        plain = {one.name: getattr(self.factors, one.name) for one in fields(Factors) if one.name not in _ARRAYS}
        about = {"format": _FORMAT, "name": self.name, "samples": self.samples, "factors": plain}
        tensors = {name: np.ascontiguousarray(one) for name, one in {"basis": self.basis, **arrays}.items()}
        encode = import_module("safetensors.numpy").save
        write_checked(Path(path), encode(tensors, metadata={"pyrnnsim": json.dumps(about)}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what ``save`` wrote.

        Raises:
            ValueError: If the file is damaged, truncated, or no representation of this version.
        """
        try:
            content = read_checked(Path(path))
            length = int.from_bytes(content[:8], "little")
            about = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["pyrnnsim"])
            known = {_FORMAT: Factors}[about["format"]]
            arrays = import_module("safetensors.numpy").load(content)
            basis = arrays.pop("basis")
            factors = known(**{"correction": None, **arrays, **about["factors"]})
        except (ValueError, KeyError, TypeError) as error:
            found = f" (it says {error})" if isinstance(error, KeyError) else ""
            raise ValueError(
                f"{path} is damaged, or no representation that this version of pyrnnsim wrote{found}; prepare it again"
            ) from error
        return cls(about["name"], about["samples"], basis, factors)


def prepare(rep: Any, *, name: str | None = None, dtype: DTypeLike | None = None) -> Representation:
    """Factor one representation once, for use in many comparisons.

    Args:
        rep: (P, N) activity, rows are samples; anything that the ``pairwise_*`` functions take as one network.
        name: How errors and reports call it.
        dtype: float32 or float64; by default float32 if the input is at most that wide.
    Returns:
        The factors; every comparison takes them in place of the array.
    Raises:
        TypeError, ValueError: If this is no real, finite matrix with two rows or more, or no unit varies.
    Cost: P N^2 flops for the Gram matrix, 2 P N R for the basis, O(N^3) for the decomposition.
    """
    label = Label("prepare", "rep", None, name if name is not None else getattr(rep, "name", None))
    return prepare_labelled(rep, label, dtype)


def prepare_labelled(rep: Any, label: Label, dtype: DTypeLike | None) -> Representation:
    """``prepare`` for other public functions, whose errors name their own arguments."""
    if getattr(rep, "is_prepared_representation", False):
        rep = np.asarray(rep.basis, np.float64) @ rep.loadings + rep.mean
    matrix = as_matrix(rep, label)
    chosen = compute_dtype([matrix.dtype]) if dtype is None else np.dtype(dtype)
    if chosen not in (np.float32, np.float64):
        raise ValueError(f"{label.caller}: dtype must be float32 or float64, got {chosen}")

    def rows(start: int, stop: int) -> NDArray[Any]:
        return rows_of_matrix(matrix, start, stop, chosen, label)

    with thread_limit():
        factors = factorize(rows, len(matrix), label)
        basis = factors.basis(rows(0, len(matrix))).astype(chosen, copy=False)
    return Representation(label.name, len(matrix), basis, factors)
