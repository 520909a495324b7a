"""How a comparison is cut up: which networks share a tile, how many samples at a time, what stays in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyrnnsim import _core
from pyrnnsim._inputs.collection import Collection

# Stacked columns per side of a tile: enough for the product to run at full speed and the packing of its operands to
# vanish, few enough that a tile takes about a second and its cores fit beside everything else.
_TILE_COLUMNS = 2048
_MOST_NETWORKS = 512


@dataclass(frozen=True)
class Plan:
    """Cut of a comparison.

    Attributes:
        hold: Bases of all networks stay in memory; else every tile makes its own again.
        left, right: Boundaries of the tiles' networks, in the order in which they are compared.
        chunk: Samples per step of a tile.
        band: Rows of tiles whose whole bases fit into memory together, beside those of a tile's columns; 0 where all
            are held anyway, or none is ever made as a whole.
    """

    hold: bool
    left: tuple[int, ...]
    right: tuple[int, ...]
    chunk: int
    band: int = 0

    def tiles(self, triangular: bool) -> Iterator[tuple[slice, slice]]:
        """Positions of the networks of every tile; with ``triangular`` those on and above the diagonal.

        They come band by band, down the columns of each: a pass over all networks then serves a whole band, and bases
        need be kept only if one of the next ``band`` tiles needs them.
        """
        rows = list(pairwise(self.left))
        together = max(1, self.band)
        for first in range(0, len(rows), together):
            for b0, b1 in pairwise(self.right):
                for a0, a1 in rows[first : first + together]:
                    if not triangular or b0 >= a0:
                        yield slice(a0, a1), slice(b0, b1)


def needs_of(rows: Iterable[int], columns: Iterable[int], sides: int) -> list[set[int]]:
    """Networks whose bases a tile needs, of each side."""
    left, right = {int(i) for i in rows}, {int(j) for j in columns}
    return [left | right] if sides == 1 else [left, right]


def made_again(needs: Sequence[set[int]], band: int) -> list[set[int]]:
    """Networks of one side whose bases successive tiles must make, if those that ``band`` tiles need are kept."""
    made, kept = [], set[int]()
    for at, need in enumerate(needs):
        kept = kept.intersection(set().union(*needs[at : at + band]))
        made.append(need - kept)
        kept |= need
    return made


def holds(collections: Sequence[Collection], columns: Sequence[int], memory: int) -> bool:
    """Whether the bases of all networks and one tile fit into ``memory`` bytes."""
    samples, item = collections[0].samples, collections[0].dtype.itemsize
    bases, stacked = sum(columns) * samples * item, sum(map(_whole, columns))
    return bases + _tile_bytes(min(_TILE_COLUMNS, stacked), samples, item, item) <= memory


def make_plan(
    left: Sequence[int],
    right: Sequence[int],
    samples: int,
    itemsize: int,
    memory: int,
    hold: bool,
    caller: str,
    *,
    held: int = 0,
) -> Plan:
    """Cut a comparison of networks of these widths, in the order given; ``held`` bytes of ``memory`` are taken already.

    Raises:
        MemoryError: If ``memory`` does not even hold one pair, naming the bytes that would do.
    """
    columns, chunk = check_memory(max(*left, *right), samples, itemsize, memory, hold, caller, held=held)
    band = 0
    if not hold and chunk == samples:
        spare = memory - held - _tile_bytes(columns, samples, 3 * itemsize, itemsize)
        band = 1 + spare // (columns * samples * itemsize)
    return Plan(hold, _cut(left, columns), _cut(right, columns), chunk, band)


def check_memory(
    widest: int, samples: int, itemsize: int, memory: int, hold: bool, caller: str, *, held: int = 0
) -> tuple[int, int]:
    """Stacked columns per side of a tile, and samples at a time, that fit; raises as ``make_plan`` does."""
    free, widest = memory - held, _whole(widest)
    # Per stacked column of both sides: its quarters (one copy) and, when bases are not held, the rows they come from.
    per_sample = itemsize * (1 if hold else 3)
    block = min(_core.SAMPLE_BLOCK, samples)
    columns = _TILE_COLUMNS
    while columns > widest and _tile_bytes(columns, samples, per_sample, itemsize) > free // 2:
        columns //= 2
    columns = max(columns, widest)
    chunk = samples
    while chunk > block and _tile_bytes(columns, chunk, per_sample, itemsize) > free:
        chunk = max(block, chunk // 2 // block * block)
    least = _tile_bytes(columns, chunk, per_sample, itemsize)
    if least > free:
        raise MemoryError(
            f"{caller}: max_memory={memory} bytes is too little for networks this wide; pass at least {least + held}"
        )
    return columns, chunk


def _tile_bytes(columns: int, samples: int, per_sample: int, itemsize: int) -> int:
    """Both sides' samples; the cores, and the 49 products of quarters they are added up from; panels of one thread."""
    left, right = columns // 4 + 8, columns // 4 + 192 // itemsize
    panels = (min(left, 768) + min(right, 768)) * (min(_core.SAMPLE_BLOCK, samples) // 4 + 9)
    return 2 * columns * samples * per_sample + (columns**2 + 49 * left * right + panels) * itemsize


def _whole(width: int) -> int:
    """Columns that a network takes: four quarters."""
    return -(-width // 4) * 4


def _cut(widths: Sequence[int], columns: int) -> tuple[int, ...]:
    bounds, filled = [0], 0
    for i, width in enumerate(map(_whole, widths)):
        if i > bounds[-1] and (filled + width > columns or i - bounds[-1] >= _MOST_NETWORKS):
            bounds.append(i)
            filled = 0
        filled += width
    return (*bounds, len(widths))
