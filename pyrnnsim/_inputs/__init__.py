"""From what the user holds to rows the native code can read.

``labels`` names a network in error texts, ``convert`` turns one foreign object into a NumPy array, ``arrays`` makes it
a checked (P, N) matrix, ``sources`` says where the rows of one network come from, ``files`` finds them on disk,
``containers`` takes a whole argument apart, and ``collection`` is what the rest of the package works with.
"""

from pyrnnsim._inputs.arrays import as_matrix, check_finite, compute_dtype, rows
from pyrnnsim._inputs.collection import Collection, collect
from pyrnnsim._inputs.labels import Label

__all__ = ["Collection", "Label", "as_matrix", "check_finite", "collect", "compute_dtype", "rows"]
