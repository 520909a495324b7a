"""A small matrix of tiles, and a store that is filled with it."""

import itertools

import numpy as np

from pyrnnsim.similarity.tiles import TileStore

TILES, SIDE = 3, 4
COUNT = TILES * SIDE
HEADER = {"metric": "pwcca", "names": ["a", "b", "x"], "digests": ["0", "1", "2"], "tile": SIDE}
ALL = list(itertools.product(range(TILES), repeat=2))


def tile(i, j):
    return np.random.default_rng([i, j]).normal(size=(SIDE, SIDE))


def whole():
    return np.block([[tile(i, j) for j in range(TILES)] for i in range(TILES)])


def open_store(path, **changes):
    return TileStore(path, (COUNT, COUNT), HEADER | changes)


def complete(path):
    """Run to the end, skipping what is done; returns the matrix and how many tiles were computed."""
    computed = 0
    with open_store(path) as store:
        for i, j in ALL:
            if not store.done(i, j):
                store.save(i, j, tile(i, j))
                computed += 1

        def assemble(matrix):
            for i, j in ALL:
                matrix[i * SIDE : (i + 1) * SIDE, j * SIDE : (j + 1) * SIDE] = store.load(i, j)

        return store.finish(assemble), computed


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def tile_file(path, i, j):
    return path.with_name(path.name + ".tiles") / f"{i}_{j}.npy"
