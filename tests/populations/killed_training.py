"""A training that is killed at random moments: what runs, in a process of its own."""

from __future__ import annotations

import sys
from hashlib import blake2b

from populations.echo import Echo

from pyrnnsim import Population
from pyrnnsim.populations import checkpoint, training
from pyrnnsim.tasks import FlipFlop

TASKS = {"native": FlipFlop(bits=2, steps=30), "own": Echo(4)}
ITERATIONS = {"native": 3000, "own": 1000}


def run(kind, optimizer, path):
    """Train, and give a fingerprint of every bit that came out."""
    training._STRETCH_SECONDS, checkpoint._SHARE = 0.01, 1
    task = TASKS[kind]
    made = Population.create(units=(6,), seeds=range(1), task=task)
    record = made.train(
        task,
        iterations=ITERATIONS[kind],
        batch=8,
        optimizer=optimizer,
        decay=0.5,
        learning_rate=0.01,
        validation_trials=8,
        checkpoint=path,
        checkpoint_seconds=0.02,
        n_jobs=2,
        progress=False,
    )
    state = blake2b()
    for array in (record.loss, record.gradient_norm, record.validation, record.updates):
        state.update(array.tobytes())
    for network in record.population:
        for array in network.parameters.values():
            state.update(array.tobytes())
    return state.hexdigest()


if __name__ == "__main__":
    sys.stdout.write("start\n")
    sys.stdout.flush()
    sys.stdout.write(run(*sys.argv[1:]))
