"""Trains a population: stretches of iterations in native code, and between them validation and checkpoints."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._progress import Progress, progress_bar
from pyrnnsim._threads import thread_limit
from pyrnnsim.populations import kernels
from pyrnnsim.populations.checkpoint import Checkpoint, identity_of
from pyrnnsim.populations.halving import Halving
from pyrnnsim.populations.loss import mean_squared_error, outputs_of
from pyrnnsim.populations.record import TrainingRecord
from pyrnnsim.populations.settings import Settings, parse_settings
from pyrnnsim.populations.state import fresh_state
from pyrnnsim.populations.trials import VALIDATION_SEED, TrialSource, check_task, checked_trials, trial_seed
from pyrnnsim.populations.workers import Work, workers

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population
    from pyrnnsim.tasks import Task

_STRETCH_SECONDS = 1.0  # between two moments in which a key press or a checkpoint can be served
_LONGEST_STRETCH = 1000
_TRIAL_BYTES = 2**28  # of a user's task, held at once
_FACTORS = ("learning_rate", "momentum", "clip", "l2", "decay", "decay_steps", "beta2", "epsilon", "until_loss")


def train(
    population: Population,
    task: Task,
    checkpoint: str | os.PathLike[str] | None,
    given: Mapping[str, Any],
    *,
    caller: str = "Population.train",
    halving: Halving | None = None,
) -> TrainingRecord:
    """See :meth:`Population.train`; ``halving`` gives up the worse networks on the way."""
    settings = parse_settings(caller, population, given)
    check_task(caller, task, population)
    training = Training(population, task, settings, halving)
    identity = identity_of(population, task, settings.record(), None if halving is None else halving.record())
    with ExitStack() as stack:
        file = None
        if checkpoint is not None:
            file = Checkpoint(caller, checkpoint, identity, settings.checkpoint_seconds)
            stack.enter_context(file.held())
            if not file.resume(training.state):
                file.write(training.state)  # so that a place that cannot be written is known before the work
        training.run(caller, file)
    return TrainingRecord.of(population, training.state, identity, training.boundaries)


class Training:
    """One training and how far it is.

    Args:
        population: What is trained; its arrays are copied.
        task: Gives trials.
        settings: How.
        halving: Which networks are given up when, or None.
    """

    def __init__(self, population: Population, task: Task, settings: Settings, halving: Halving | None) -> None:
        self._population, self._settings, self._halving = population, settings, halving
        self.boundaries = sorted({*settings.boundaries(), *(halving.rungs if halving else ())})
        optimizer = str(settings.choices["optimizer"])
        self.state = fresh_state(population, optimizer, settings.iterations, len(self.boundaries))
        seeds = [trial_seed(int(settings.choices["seed"]), network.seed) for network in population]
        self._trials = TrialSource(task, seeds, int(settings.choices["batch"]))
        self._validation = {
            dtype: checked_trials(task, int(settings.choices["validation_trials"]), VALIDATION_SEED, 0, np.dtype(dtype))
            for dtype in sorted({network.dtype.name for network in population})
        }
        self._place = {
            position: (g, k) for g, group in enumerate(population.groups) for k, position in enumerate(group.members)
        }
        cost = [len(network.cell.gates) * network.units * (network.units + network.inputs) for network in population]
        self._dearest_first = sorted(range(len(population)), key=lambda position: -cost[position])
        self._pace = 0.0  # seconds per iteration of all active networks

    def run(self, caller: str, checkpoint: Checkpoint | None) -> None:
        """Go on to the last iteration, or until no network is left that trains."""
        state, last = self.state, self._settings.iterations
        bar = progress_bar(last, caller, self._settings.progress, unit="iterations", initial=state.iteration)
        jobs = min(self._settings.n_jobs, len(self._population))
        with thread_limit(), bar, workers(jobs) as work:
            while state.iteration < last and state.active.any():
                self._advance(work, bar)
                if checkpoint is not None and checkpoint.is_due():
                    checkpoint.write(state)
            bar.update(last - state.iteration)
        if checkpoint is not None:
            checkpoint.write(state)

    def _advance(self, work: Work, bar: Progress) -> None:
        """One stretch of iterations, and what follows at its end."""
        state, start = self.state, time.monotonic()
        boundary = next(one for one in self.boundaries if one > state.iteration)
        count = self._stretch(boundary - state.iteration)
        networks = [k for k in self._dearest_first if state.active[k]]
        work(lambda k: self._train(k, state.iteration, count), networks)
        self._pace = (time.monotonic() - start) / count
        state.iteration += count
        if state.iteration == boundary or not state.active.any():
            column = self.boundaries.index(boundary)
            work(lambda k: self._validate(k, column), self._dearest_first)
            if self._halving is not None and state.iteration == boundary:
                self._halving.drop(state, state.validation[:, column])
        state.seconds += time.monotonic() - start
        bar.update(count)

    def _stretch(self, most: int) -> int:
        """Iterations until the next stop: about a second's worth; it changes no result."""
        count = 1 if self._pace == 0.0 else int(_STRETCH_SECONDS / self._pace)
        if not self._trials.is_native:
            count = min(count, _TRIAL_BYTES // max(1, self._trials.bytes_per_iteration()))
        return max(1, min(count, most, _LONGEST_STRETCH))

    def _train(self, network: int, first: int, count: int) -> None:
        """Some iterations of one network, alone: its bits cannot depend on the others."""
        g, k = self._place[network]
        group, own = self._population.groups[g], slice(k, k + 1)
        state, choices = self.state, self._settings.choices
        hyper: dict[str, object] = {name: choices[name] for name in ("optimizer", "batch", "l2_form", "l2_on")}
        hyper |= {name: choices[name] for name in ("clip_after_l2", "loss_factor", "train_h0")}
        hyper |= {name: self._settings.rates[name][network : network + 1] for name in _FACTORS}
        hyper |= {"first_iteration": first, "iterations": count, "decay_kind": choices["schedule"]}
        hyper["active"] = np.ones(1, np.bool_)
        done = kernels.train(
            group.cell,
            _rows(state.parameters[g], own),
            {moment: _rows(arrays, own) for moment, arrays in state.slots[g].items()},
            hyper,
            self._trials.of(network, first, count, group.dtype),
        )
        state.loss[network, first : first + count] = done["loss"][0]
        state.gradient_norm[network, first : first + count] = done["gradient_norm"][0]
        state.stopped_at[network], state.diverged_at[network] = done["stopped_at"][0], done["diverged_at"][0]
        ends = [int(end) for end in (state.stopped_at[network], state.diverged_at[network]) if end >= 0]
        state.updates[network] = min([first + count, *ends])

    def _validate(self, network: int, column: int) -> None:
        """Loss on the validation trials; NaN for a network that diverged or was given up."""
        g, k = self._place[network]
        if self.state.diverged_at[network] >= 0 or self.state.dropped_at[network] >= 0:
            return
        group = self._population.groups[g]
        inputs, targets, mask = self._validation[group.dtype.name]
        outputs = outputs_of(group.cell, _rows(self.state.parameters[g], slice(k, k + 1)), inputs)
        self.state.validation[network, column] = mean_squared_error(outputs, targets, mask)


def _rows(arrays: Mapping[str, NDArray[Any]], rows: slice) -> dict[str, NDArray[Any]]:
    return {name: array[rows] for name, array in arrays.items()}
