"""How well networks learn the tasks by the shipped recipes, over seeds that no search has seen.

python benchmarks/bench_recipes.py --out DIR        8 seeds of every cell and activation on three tasks

prints what each kind reaches on fresh trials. Every kind has a folder of its own, from which a run that was killed goes
on, and which keeps the networks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from results import save_table

from pyrnnsim.tasks import BUILT_IN
from pyrnnsim.training_run import TrainingRun, train_grid

_LEARNED = ("flip_flop", "context_integration", "sine_wave")
_CELLS, _ACTIVATIONS = ("vanilla", "ugrnn", "gru", "lstm"), ("tanh", "relu")
_HEAD = (
    "task", "cell", "activation", "seeds", "median loss", "worst", "diverged", "median accuracy", "worst", "baseline",
)  # fmt: skip


def reached(run: TrainingRun) -> tuple[str, ...]:
    """What the seeds of one kind reach; the worst is that of the networks that did not diverge."""
    (kind,), evaluation = {(one.cell.cell, one.cell.activation) for one in run.record.population}, run.evaluation
    ended = run.record.diverged < 0
    loss, accuracy = (np.where(ended, of, np.nan) for of in (evaluation.loss, evaluation.accuracy))
    numbers = [float(np.median(np.where(ended, loss, np.inf)))]
    numbers += [float(np.nanmax(loss)) if ended.any() else np.nan]
    worst = np.nanmin if evaluation.higher_is_better else np.nanmax
    answers = [float(np.nanmedian(accuracy)), float(worst(accuracy))] if ended.any() else [np.nan] * 2
    texts = [f"{one:.2g}" for one in numbers], [f"{one:.4g}" for one in answers]
    failed = f"{np.count_nonzero(~ended)} of {len(ended)}"
    return (evaluation.task, *kind, str(len(ended)), *texts[0], failed, *texts[1], f"{evaluation.baseline:.2g}")


def learn(arguments: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """One row per kind of network, as soon as its seeds are trained."""
    options = {"iterations": arguments.iterations, "n_jobs": arguments.n_jobs}
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for task, cell, activation in product(arguments.tasks, arguments.cells, arguments.activations):
        grid = {"cells": [cell], "activations": [activation], "units": [arguments.units], "seeds": seeds}
        folder = arguments.out / task / f"{cell}_{activation}"
        yield reached(train_grid(folder, task, grid, options, say=lambda line: print(line, file=sys.stderr)))


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--tasks", nargs="+", choices=list(BUILT_IN), default=list(_LEARNED))
    parser.add_argument("--cells", nargs="+", choices=_CELLS, default=list(_CELLS))
    parser.add_argument("--activations", nargs="+", choices=_ACTIVATIONS, default=list(_ACTIVATIONS))
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=8, help="networks of each kind")
    parser.add_argument("--first-seed", type=int, default=100, help="the recipes were found with seeds from 0 on")
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--n-jobs", type=int)
    parser.add_argument("--save-table", type=Path, metavar="FILE", help="write the table between the marks of FILE")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    arguments = parse(words)
    lines = [" | ".join(("", *_HEAD, "")).strip(), "|---" * len(_HEAD) + "|"]
    print(*lines, sep="\n")
    for row in learn(arguments):
        lines.append(" | ".join(("", *row, "")).strip())
        print(lines[-1], flush=True)
    if arguments.save_table:
        save_table(arguments.save_table, "\n".join(lines), "recipes")


def bench_learning_runs(benchmark, tmp_path: Path, capsys) -> None:
    """The script once, small: pytest benchmarks --benchmark-only."""
    table = tmp_path / "table.md"
    words = ["--out", str(tmp_path), "--cells", "gru", "--units", "4", "--seeds", "2", "--iterations", "2"]
    benchmark.pedantic(main, ([*words, "--save-table", str(table)],), rounds=1)
    rows = [line.split(" | ") for line in table.read_text(encoding="utf-8").splitlines()[2:]]
    assert [(row[0].strip("| "), *row[1:4]) for row in rows] == [
        (task, "gru", activation, "2") for task, activation in product(_LEARNED, _ACTIVATIONS)
    ]
    assert all(0 < float(row[4]) <= float(row[5]) < np.inf for row in rows)
    assert table.read_text(encoding="utf-8").strip() in capsys.readouterr().out


if __name__ == "__main__":
    main()
