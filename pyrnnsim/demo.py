"""A population of networks with planted groups, and the comparison that finds them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._options import Options
from pyrnnsim.comparison.result import MEASURES, Comparison, summarise_all, timed
from pyrnnsim.comparison.run import speed_line
from pyrnnsim.comparison.write import write_comparison

TRIALS, STEPS = 20, 50  # P = 1,000: five times the units of the two widest networks, so that chance stays low
_WIDTHS = (48, 64, 96)
_SOLUTIONS = ("solutionA", "solutionB")
_ACTIVATIONS = ("tanh", "relu")
_SIGNALS = 4  # of the task, of each solution, and of each network alone
_PRIVATE = 0.2  # standard deviation of a network's private signals; the shared ones have 1
_NOISE = 0.05  # standard deviation of the noise on every unit
_GAIN = 1.5  # standard deviation of the input of a unit, so that tanh saturates at times


@dataclass(frozen=True, eq=False)
class Population:
    """Representations of K networks whose groups are known.

    Attributes:
        reps: K float32 arrays ``(P, N)`` with N of 48, 64 or 96.
        names: K names such as ``solutionA_tanh_64_05``.
        groups: K labels such as ``solutionA tanh``; four groups.
    """

    reps: list[NDArray[np.float32]]
    names: list[str]
    groups: list[str]


def planted_population(networks: int = 48, *, seed: int = 0) -> Population:
    """Make networks that solve one task in two ways, with two kinds of units.

    All networks carry the same 4 task signals. A network of solution A adds 4 signals that all networks of solution A
    have, one of solution B those of B; 4 weak ones belong to it alone. Each unit mixes these 12 slow signals with
    random weights, passes them through tanh or relu, and adds noise. Solution and kind of unit make four groups,
    equally large as far as possible; three widths occur in each of them.

    Args:
        networks: How many, at least 4.
        seed: Seed of the generator, at least 0. The same seed gives the same networks.
    Raises:
        ValueError: If ``networks`` < 4 or ``seed`` < 0.
    """
    if networks < len(_SOLUTIONS) * len(_ACTIVATIONS):
        raise ValueError(f"planted_population: networks must be at least 4, one for each group, got {networks}")
    if seed < 0:
        raise ValueError(f"planted_population: seed must be at least 0, got {seed}")
    rng = np.random.default_rng(seed)
    task, *solutions = (_slow_signals(rng) for _ in range(1 + len(_SOLUTIONS)))
    population = Population([], [], [])
    for i in range(networks):
        activation, solution = i % 2, i // 2 % 2
        width = _WIDTHS[i // 4 % len(_WIDTHS)]
        signals = np.hstack([task, solutions[solution], _PRIVATE * _slow_signals(rng)])
        population.reps.append(_activity(rng, signals, width, _ACTIVATIONS[activation]))
        population.names.append(f"{_SOLUTIONS[solution]}_{_ACTIVATIONS[activation]}_{width}_{i:02d}")
        population.groups.append(f"{_SOLUTIONS[solution]} {_ACTIVATIONS[activation]}")
    return population


def _slow_signals(rng: np.random.Generator) -> NDArray[np.float64]:
    """``(P, 4)`` autoregressive signals of unit variance that forget with a time constant of ten steps."""
    keep = 0.9
    signals = np.empty((TRIALS, STEPS, _SIGNALS))
    state = rng.standard_normal((TRIALS, _SIGNALS))
    for step in range(STEPS):
        state = keep * state + np.sqrt(1 - keep**2) * rng.standard_normal(state.shape)
        signals[:, step] = state
    return signals.reshape(TRIALS * STEPS, _SIGNALS)


def _activity(
    rng: np.random.Generator, signals: NDArray[np.float64], width: int, activation: str
) -> NDArray[np.float32]:
    weights = rng.standard_normal((signals.shape[1], width)) * (_GAIN / np.sqrt(2 * _SIGNALS))
    drive = signals @ weights
    activity = np.tanh(drive) if activation == "tanh" else np.maximum(drive, 0.0)
    noisy: NDArray[np.float64] = activity + _NOISE * rng.standard_normal(activity.shape)
    return noisy.astype(np.float32)


def run_demo(folder: Path, *, networks: int, seed: int, n_jobs: int | None, say: Callable[[str], None]) -> Comparison:
    """Make a population, compare it by every measure and write the results: what ``pyrnnsim demo`` does.

    Args:
        folder: Where results go; created if missing.
        networks: How many networks, at least 4.
        seed: Seed of the population.
        n_jobs: Threads; None for every core.
        say: Receives lines about the progress.
    Returns:
        The comparison, with the files written.
    Raises:
        ValueError: If a number is out of range.
        OSError: If a file cannot be written.
    """
    import pyrnnsim

    population = planted_population(networks, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    reps = population.reps
    options: Options = {"names": population.names, "n_jobs": n_jobs}
    say(f"{networks} networks of 48, 64 or 96 units, {TRIALS * STEPS:,} samples, 4 planted groups")
    passes = [timed(lambda: pyrnnsim.pairwise(reps, measures=MEASURES, **options))]
    say(speed_line(passes[0], networks))
    passes.append(timed(lambda: {"cka_rbf": pyrnnsim.pairwise_cka(reps, kernel="rbf", **options)}))
    passes.append(timed(lambda: {"rsa": pyrnnsim.pairwise_rsa(reps, **options)}))
    known = [{"units": rep.shape[1]} for rep in reps]
    seconds = {"geometry": sum(one.seconds for one in passes)}
    comparison = summarise_all(passes, population.names, population.groups, known, kind="planted", seconds=seconds)
    about = {"command": f"pyrnnsim demo --networks {networks} --seed {seed} --out {folder}"}
    return write_comparison(comparison, folder, about=about)
