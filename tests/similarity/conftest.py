"""Where a store of tiles stands, and one that is half done."""

import pytest
from similarity.stored import ALL, open_store, tile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.npy"


@pytest.fixture
def half_done(path):
    """A store that a run left behind after five tiles."""
    with open_store(path) as store:
        for i, j in ALL[:5]:
            store.save(i, j, tile(i, j))
    return path
