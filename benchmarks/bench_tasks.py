"""Trials of the built-in tasks, one batch per call, against the NumPy code that a user would write instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from cases import Case, Job
from reference import tasks as reference
from results import OURS

from pyrnnsim.tasks import BUILT_IN, Task

NUMPY = "NumPy"
BATCH = 64


@dataclass(frozen=True)
class Batch(Job):
    """A batch of trials of a task with its default settings; times are per batch."""

    @property
    def task(self) -> Task:
        return BUILT_IN[self.measure]()

    @property
    def title(self) -> str:
        return f"{BATCH} trials of {self.measure}"

    def __str__(self) -> str:
        return f"{self.title}, T={self.task.steps}, {self.dtype}, 1 thread"


def contests(_config: pytest.Config) -> list[tuple[Case, str]]:
    cases = [Batch(name, 1, 1, "float32", scope="trials") for name in BUILT_IN]
    return [(case, backend) for case in cases for backend in (NUMPY, OURS)]


def bench_trials(case: Batch, backend: str, compete) -> None:
    task = case.task
    if backend == NUMPY:
        rng, make = np.random.default_rng(1), RIVALS[case.measure]
        # Its draws are its own, so what can be checked is what each target follows from.
        inputs, targets = make(np.random.default_rng(1))
        compete(case, backend, lambda: make(rng), lambda: (ANSWERS[case.measure](inputs), targets), tolerance=1e-3)
        return
    native = task.native()
    expected = reference.trials(native["kind"], task.steps, native["numbers"], 1, 0, 0, BATCH)
    found = task.trials(BATCH, seed=1)
    check = [np.concatenate([a.ravel() for a in pair]) for pair in ((found.inputs, found.targets), expected)]
    compete(case, backend, lambda: task.trials(BATCH, seed=1), lambda: tuple(check), tolerance=1e-6)


def _flip_flop(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    flips = rng.random((BATCH, 100, 3), dtype=np.float32) < 0.05
    inputs = np.where(flips, rng.integers(0, 2, flips.shape, dtype=np.int8) * 2 - 1, 0).astype(np.float32)
    last = np.maximum.accumulate(np.where(flips, np.arange(100)[:, None], 0), axis=1)
    return inputs, np.take_along_axis(inputs, last, axis=1)


def _sine_wave(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    command = rng.random((BATCH, 1, 1), dtype=np.float32)
    phase = np.float32(2 * np.pi) * (np.float32(0.04) * command + np.float32(0.01)) * np.arange(500, dtype=np.float32)
    return np.repeat(command, 500, axis=1), np.sin(phase.reshape(BATCH, 500, 1))


def _context_integration(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    streams = rng.uniform(-1, 1, (BATCH, 1, 2)).astype(np.float32)
    streams = streams + rng.standard_normal((BATCH, 30, 2), dtype=np.float32)
    context = np.repeat(np.eye(2, dtype=np.float32)[rng.integers(0, 2, BATCH)][:, None], 30, axis=1)
    targets = np.cumsum((context * streams).sum(axis=2, keepdims=True), axis=1) / np.float32(30)
    return np.concatenate([context, streams], axis=2), targets


def _ready_set_go(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    ready, interval = rng.integers(20, 31, (BATCH, 1)), rng.integers(30, 121, (BATCH, 1))
    t = np.arange(340)
    pulses = [(t >= onset) & (t < onset + 10) for onset in (ready, ready + interval, ready + 2 * interval)]
    ready_pulse, set_pulse, go_pulse = (pulse.astype(np.float32) for pulse in pulses)
    return np.stack([ready_pulse, set_pulse], axis=2), go_pulse[:, :, None]


def _held(inputs: np.ndarray) -> np.ndarray:
    targets, held = np.empty_like(inputs), np.zeros_like(inputs[:, 0])
    for t in range(inputs.shape[1]):
        held = np.where(inputs[:, t] != 0, inputs[:, t], held)
        targets[:, t] = held
    return targets


def _third_pulse(inputs: np.ndarray) -> np.ndarray:
    ready, start = np.argmax(inputs, axis=1).T[:, :, None]
    after = np.arange(inputs.shape[1]) - (2 * start - ready)
    return ((after >= 0) & (after < 10)).astype(np.float32)[:, :, None]


RIVALS: dict[str, Callable] = {f.__name__[1:]: f for f in (_flip_flop, _sine_wave, _context_integration, _ready_set_go)}
ANSWERS: dict[str, Callable] = {
    "flip_flop": _held,
    "sine_wave": lambda x: np.sin(2 * np.pi * (0.04 * x.astype(float) + 0.01) * np.arange(500)[:, None]),
    "context_integration": lambda x: np.cumsum((x[..., :2] * x[..., 2:]).sum(axis=2, keepdims=True), axis=1) / 30,
    "ready_set_go": _third_pulse,
}
