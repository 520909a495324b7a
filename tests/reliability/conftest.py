"""Small comparisons that are cut into several tiles, and the file they go to."""

import pytest
from reliability.runs import small_tiles


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.npy"


@pytest.fixture
def cut_small():
    with small_tiles():
        yield
