"""Networks trained here, in seconds, to integrate the cued stream: approximate lines that select by context."""

from __future__ import annotations

import numpy as np
import pytest

from pyrnnsim import Population, add_slow_points, find_fixed_points, line_attractor, load_recipes, mode_truncation
from pyrnnsim.tasks import ContextIntegration

TASK = ContextIntegration()
RELEVANT = np.eye(4)[2:]


@pytest.fixture(scope="module", params=["vanilla", "gru"])
def trained(request):
    population = Population.create([request.param], ["tanh"], [24], [0], task=TASK)
    settings = load_recipes().settings(population, "context_integration")
    record = population.train(TASK, iterations=800, progress=False, **settings)
    points = add_slow_points(record, find_fixed_points(record, n_starts=256))
    lines = line_attractor(record, points, output_range=(-1.5, 1.5), max_gap=2.0)
    return record, points, lines


def test_the_task_is_done(trained):
    assert trained[0].population.evaluate(TASK).accuracy[0] > 0.97


def test_there_is_a_line_in_each_context(trained):
    for line in trained[2][0]:
        assert line.is_line, line.evidence
        assert np.median(np.abs(line.line_eigenvalues - 1)) < 0.05
        assert np.median(line.alignment) > 0.9


def test_the_readout_rises_along_it(trained):
    for line in trained[2][0]:
        on_path = line.on_path
        assert np.corrcoef(line.arc_length[on_path], line.outputs[on_path, 0])[0, 1] > 0.9


def test_the_selection_vector_selects_the_cued_stream(trained):
    for context, line in enumerate(trained[2][0]):
        push = np.median(np.abs(line.input_projection), axis=0)
        assert push[2 + context] > 5 * push[3 - context]


def test_a_pulse_is_kept_by_few_modes(trained):
    record, points, lines = trained
    cued = mode_truncation(record, points, RELEVANT, points=lines)
    other = mode_truncation(record, points, RELEVANT[::-1], points=lines)
    for context in range(2):
        assert np.median(cued[0, context].full) == pytest.approx(TASK.scale, rel=0.4)
        assert np.median(np.abs(other[0, context].full)) < 0.2 * TASK.scale
        assert np.median(cued[0, context].modes_needed(0.8)) <= 3
