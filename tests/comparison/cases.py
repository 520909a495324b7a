"""Networks saved in every way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file


class Model(torch.nn.Module):
    """A recurrent layer and its readout, of the sizes of a flip-flop of three bits."""

    def __init__(self, kind: str, units: int, *, inputs: int = 3, outputs: int = 3, **options: object) -> None:
        super().__init__()
        self.rnn = getattr(torch.nn, kind)(inputs, units, batch_first=True, **options)
        self.fc = torch.nn.Linear(units, outputs)


def model(kind: str = "GRU", units: int = 6, seed: int = 0, **options: object) -> Model:
    """The same for the same seed; torch's generator is left alone."""
    made = Model(kind, units, **options)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for one in made.parameters():
            one.copy_(torch.from_numpy(0.4 * rng.standard_normal(tuple(one.shape))))
    return made


def save_torch(path: Path, made: torch.nn.Module) -> Path:
    """As a state_dict, in the form that the ending says."""
    if path.suffix == ".safetensors":
        save_file(made.state_dict(), path)
    else:
        torch.save(made.state_dict(), path)
    return path


def trained(folder: Path, *, cells: tuple[str, ...] = ("vanilla", "gru"), seeds: int = 2, **options: object) -> Path:
    """A directory as ``pyrnnsim train`` leaves it, barely trained."""
    from pyrnnsim.training_run import train_grid

    grid = {"cells": cells, "activations": ("tanh",), "units": (6,), "seeds": range(seeds)}
    settings = {"iterations": 40, "batch": 8, "n_jobs": 1, "progress": False, "learning_rate": 0.01, **options}
    train_grid(folder, "flip_flop", grid, settings, say=lambda line: None)
    return folder
