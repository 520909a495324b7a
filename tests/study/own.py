"""A module with tasks of a user, and a small study that names it."""

from __future__ import annotations

from pathlib import Path

MODULE = '''
import numpy as np
from pyrnnsim.tasks import Task

class Memory(Task):
    inputs = outputs = 1
    def __init__(self, delay=2, steps=12):
        self.delay, self.steps = delay, steps
    def trial(self, rng):
        signal = rng.normal(size=(self.steps, 1))
        return signal, np.roll(signal, self.delay, axis=0), np.arange(self.steps)[:, None] >= self.delay

class Tones(Task):
    """Two tones of a commanded frequency, of three inputs."""
    inputs, outputs, steps = 3, 2, 16
    def batch(self, n, *, seed, iteration, first):
        drawn = [np.random.default_rng((seed, iteration, first + k)) for k in range(n)]
        command = np.stack([rng.random((1, 3)) for rng in drawn])
        wave = np.sin(2 * np.pi * np.arange(16)[None, :, None] * self.frequency(command[..., 0])[:, None])
        return np.repeat(command, 16, axis=1), np.concatenate([wave, -wave], axis=2)
    def condition_inputs(self):
        return np.array([[0.0, 0.5, 0.5], [1.0, 0.5, 0.5]])
    def frequency(self, command):
        return 0.05 + 0.1 * np.asarray(command)[:, :1]
    def accuracy(self, outputs, trials):
        return float(np.abs(outputs - trials.targets).max())
    accuracy_name, higher_is_better = "largest error", False

class Contexts(Memory):
    """Several condition inputs and no frequency: nothing but fixed points."""
    name = "another name"
    def condition_inputs(self):
        return np.array([[-1.0], [0.0], [1.0]])
'''
TOML = """
[tasks.flip_flop]
arguments = {bits = 2, steps = 20}
[tasks.short]
module = "my_tasks.py"
class = "Memory"
[tasks.long]
module = "my_tasks.py"
class = "Memory"
arguments = {delay = 4}
iterations = 6
[tasks.tones]
module = "my_tasks.py"
class = "Tones"
[tasks.contexts]
module = "my_tasks.py"
class = "Contexts"
[networks]
cells = ["gru", "vanilla"]
activations = ["tanh"]
units = [5]
[train]
iterations = 12
batch = 4
learned = 100.0
trials = 16
[geometry]
probe_trials = 8
[dynamics]
starts = 8
perturbations = 5
"""
OWN = ("short", "long", "tones", "contexts")


def files_in(folder: Path) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    (folder / "my_tasks.py").write_text(MODULE)
    (folder / "my.toml").write_text(TOML)
    return folder / "my_tasks.py", folder / "my.toml"
