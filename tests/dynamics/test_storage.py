"""Results in files: every kind of value comes back as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from pyrnnsim.dynamics.storage import Part, Result, ResultGrid


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Part):
    noun: ClassVar[str] = "sample"

    name: str
    words: Any
    numbers: Any
    several: tuple[Any, ...]
    texts: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self):
        return [{"name": self.name, "number": float(one)} for one in self.numbers.real]

    @property
    def summary(self):
        return {"name": self.name, "sum": float(self.numbers.real.sum())}


@dataclass(frozen=True, eq=False, repr=False)
class Samples(ResultGrid[Sample]):
    noun: ClassVar[str] = "samples"
    inner = Sample


@dataclass(frozen=True, eq=False, repr=False)
class Shelf(Result):
    """Holds a row of results, not a grid."""

    noun: ClassVar[str] = "shelf"
    inner = Sample

    ones: tuple[Sample, ...]


def sample(name: str, count: int) -> Sample:
    numbers = np.arange(count) * (1 - 2j)
    words = np.where(np.arange(count) % 2 == 0, "even", "odd")
    several = tuple(np.full((i, 2), np.float32(i)) for i in range(count))
    return Sample(name, words, numbers, several, ("a", "b")[:count], {"array": 1, "range": [0.5, None]})


def assert_same(one: Any, two: Any) -> None:
    assert type(one) is type(two)
    if isinstance(one, Sample):
        assert_same(vars(one), vars(two))
    elif isinstance(one, dict):
        assert list(one) == list(two)
        assert_same(tuple(one.values()), tuple(two.values()))
    elif isinstance(one, tuple):
        assert len(one) == len(two)
        for mine, theirs in zip(one, two, strict=True):
            assert_same(mine, theirs)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        np.testing.assert_array_equal(one, two)
    else:
        assert one == two


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one(count, tmp_path):
    sample("x", count).save(tmp_path / "one")
    assert_same(Sample.load(tmp_path / "one"), sample("x", count))


def test_a_grid_and_a_row(tmp_path):
    parts = ((sample("a", 0), sample("a", 2)), (sample("b", 1), sample("b", 3)))
    grid = Samples(parts, np.arange(6.0).reshape(2, 3), {"complex": {"plain": True}})
    grid.save(tmp_path / "grid")
    again = Samples.load(tmp_path / "grid")
    assert_same((again.parts, again.inputs, again.settings), (parts, grid.inputs, grid.settings))
    assert grid.names == ("a", "b") and len(grid) == 2 and list(grid) == list(parts)
    assert grid[1, 0] is parts[1][0] and grid[0] is parts[0]
    assert grid.rows[3] == {"name": "b", "condition": 1, "sum": 3.0} and len(grid.frame) == 4
    assert repr(grid) == "<Samples of 2 networks at 2 inputs>" and "condition" in str(grid)
    Shelf(parts[1]).save(tmp_path / "shelf")
    assert_same(Shelf.load(tmp_path / "shelf").ones, parts[1])


def test_a_file_of_another_kind_is_refused(tmp_path):
    sample("x", 2).save(tmp_path / "one")
    with pytest.raises(ValueError, match="is a 'pyrnnsim sample 1', expected 'pyrnnsim samples 1'"):
        Samples.load(tmp_path / "one")
