"""What a dissection asks of the networks of each task."""

from __future__ import annotations

import numpy as np

from pyrnnsim import Population
from pyrnnsim.dissection import dissect
from pyrnnsim.tasks import ContextIntegration


def test_pulses_come_in_the_stream_that_each_context_attends_to():
    task = ContextIntegration(steps=5)
    population = Population.create(["vanilla"], ["tanh"], [4], [0], task=task)
    made = dissect(population, task, n_jobs=1)
    for context in range(2):
        np.testing.assert_array_equal(made.modes[0, context].input, np.eye(4)[context])
        np.testing.assert_array_equal(made.modes[0, context].pulse, np.eye(4)[2 + context])
