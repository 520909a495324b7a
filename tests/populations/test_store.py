"""Populations in files: bits come back, damage is an error, and nothing in a file is ever run."""

from __future__ import annotations

import os
import pickle
import random

import numpy as np
import pytest
from populations.echo import same_weights

from pyrnnsim import Population
from pyrnnsim._files import write_checked
from pyrnnsim.populations import store


@pytest.fixture
def population():
    made = Population.create(units=(3, 4), seeds=range(2), inputs=2, outputs=1, reset_after=True)
    wide = Population.create(cells=["lstm"], units=(3,), seeds=[8], inputs=2, outputs=0, dtype="float64")
    return made + wide


def test_bits_come_back(tmp_path, population):
    population.save(tmp_path / "a b.pyrnnsim")
    again = Population.load(str(tmp_path / "a b.pyrnnsim"))
    assert same_weights(again, population)
    assert again.names == population.names
    for new, old in zip(again, population, strict=True):
        assert (new.seed, new.l2, new.origin, new.dtype) == (old.seed, old.l2, old.origin, old.dtype)
    assert [g.members for g in again.groups] == [g.members for g in population.groups]


def test_an_import_keeps_having_no_seed(tmp_path):
    Population.from_arrays("vanilla", "tanh", w_rec=np.ones((1, 1, 2, 2)), w_in=np.ones((1, 1, 2, 0))).save(
        tmp_path / "a"
    )
    assert Population.load(tmp_path / "a")[0].seed is None


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path, population):
    path = tmp_path / "a"
    population[:2].save(path)
    whole = path.read_bytes()
    rng = random.Random(3)
    for _ in range(60):
        place = rng.randrange(8 * len(whole))
        broken = bytearray(whole)
        broken[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(broken))
        with pytest.raises(ValueError, match="damaged"):
            Population.load(path)
    for length in (0, 1, 31, 32, 33, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged"):
            Population.load(path)


def test_other_versions_and_other_files_are_refused(tmp_path, population, monkeypatch):
    path = tmp_path / "a"
    monkeypatch.setattr(store, "_FORMAT", "pyrnnsim population 2")
    population.save(path)
    monkeypatch.undo()
    with pytest.raises(
        ValueError, match="is a 'pyrnnsim population 2', expected 'pyrnnsim population 1': another version"
    ):
        Population.load(path)
    write_checked(path, b"\x10\0\0\0\0\0\0\0" + b"{}" * 8)
    with pytest.raises(ValueError, match="is no population of pyrnnsim"):
        Population.load(path)
    with pytest.raises(FileNotFoundError):
        Population.load(tmp_path / "absent")


def test_arrays_that_do_not_fit_together_are_refused(tmp_path, population):
    about = {"networks": [store.describe(population[0])]}
    arrays = {f"0.{name}": array for name, array in population[0].parameters.items()}
    store.write_tensors(tmp_path / "a", "pyrnnsim population 1", about, {**arrays, "0.h0": np.zeros(9)})
    with pytest.raises(ValueError, match=r"no population of pyrnnsim \(h0 has shape \(9,\), expected \(3,\)\)"):
        Population.load(tmp_path / "a")
    del arrays["0.h0"]
    store.write_tensors(tmp_path / "a", "pyrnnsim population 1", about, arrays)
    with pytest.raises(ValueError, match="no population of pyrnnsim"):
        Population.load(tmp_path / "a")


def test_a_pickle_is_not_run(tmp_path):
    path = tmp_path / "a"
    boom = type("Boom", (), {"__reduce__": lambda self: (os.mkdir, (str(tmp_path / "boom"),))})
    content = pickle.dumps(boom())
    for write in (path.write_bytes, lambda data: write_checked(path, data)):
        write(content)
        with pytest.raises(ValueError, match="damaged|no population"):
            Population.load(path)
    assert not (tmp_path / "boom").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path, population, monkeypatch):
    path = tmp_path / "a"
    population[:1].save(path)

    def full(*args):
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk is full"):
        population.save(path)
    monkeypatch.undo()
    assert same_weights(Population.load(path), population[:1])
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
