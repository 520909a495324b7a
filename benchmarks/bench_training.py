"""Milliseconds per iteration and network, share of the peak, and how time grows with K, N, T and B.

python benchmarks/bench_training.py --scaling --out DIR         the table, and one picture per cell

Verifies first: the first losses of every backend must agree to 2e-5. Then the fastest and the median of several
rounds of CPU time (one thread) or wall time (several). The peak is that of torch.mm on 2048 x 2048 on the same core in
the same process; registers is that of multiply-adds alone, which nothing exceeds. JAX takes part where it is
installed. PYRNNSIM_ISA chooses our instruction set; the peak stays that of the widest.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import peak
import torch
import training
import training_jax
import training_sweeps
from training import Training
from training_timing import backends, deviation, measure

import pyrnnsim

_HEAD = (
    "cell",
    "N",
    "K",
    "threads",
    "backend",
    "ms",
    "fastest",
    "GFLOP/s",
    "of torch.mm",
    "of registers",
    "loss error",
)


def cases(arguments: argparse.Namespace) -> Iterator[Training]:
    for cell in arguments.cells:
        for units in arguments.units:
            base = Training(cell, units)
            yield base
            if units == 64:
                yield replace(base, activation="relu")
            if cell == "gru":
                yield replace(base, reset_after=True)
            yield replace(base, networks=arguments.networks)
            if arguments.threads > 1:
                yield replace(base, networks=arguments.networks, threads=arguments.threads)


def torch_peak(threads: int) -> float:
    """FLOP/s of torch.mm."""
    a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
    clock, best = time.process_time if threads == 1 else time.perf_counter, np.inf
    for _ in range(6):
        start = clock()
        torch.mm(a, b)
        best = min(best, clock() - start)
    return 2.0 * 2048**3 / best


def rows(arguments: argparse.Namespace) -> Iterator[tuple]:
    registers = {threads: peak.fma_rate("float32", threads) for threads in {1, arguments.threads}}
    for case in cases(arguments):
        torch.set_num_threads(case.threads)
        rate = torch_peak(case.threads)
        for name, make in backends(case).items():
            error = deviation(case, name, make)
            times = measure(case, make, arguments.seconds, arguments.rounds)
            middle, fastest = statistics.median(times), min(times)
            flops = case.flops / middle
            cell = f"{case.cell}{' after' if case.reset_after else ''} {case.activation}"
            yield (
                cell, case.units, case.networks, case.threads, name, f"{middle * 1e3:.3f}", f"{fastest * 1e3:.3f}",
                f"{flops / 1e9:.1f}", f"{flops / rate:.0%}", f"{flops / (registers[case.threads] or np.nan):.0%}",
                f"{error:.0e}",
            )  # fmt: skip


def write_csv(path: Path, head: Sequence[str], lines: list[tuple]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *lines])


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=training.GATES, default=list(training.GATES))
    parser.add_argument("--units", nargs="+", type=int, default=[64, 128, 256], help="N of the table")
    parser.add_argument("--networks", type=int, default=8, help="K of the table's rows of populations")
    parser.add_argument("--threads", type=int, default=1, help="of additional rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a round")
    parser.add_argument("--scaling", action="store_true", help="also the time against K, N, T and B")
    parser.add_argument(
        "--quick", action="store_true", help="small networks, one short round: shows that everything runs"
    )
    parser.add_argument("--out", type=Path, help="folder of the table and of what --scaling gives: CSV and pictures")
    arguments = parser.parse_args(words)
    if arguments.scaling and not arguments.out:
        parser.error("--scaling needs --out DIR for its pictures")
    if arguments.quick:
        arguments.units, arguments.networks, arguments.rounds, arguments.seconds = [16], 2, 1, 0.0
    return arguments


def main(words: Sequence[str] | None = None) -> None:
    arguments = parse(words)
    jax = f"jax {version('jax')}" if training_jax.INSTALLED else "jax is not installed"
    print(f"instruction set {pyrnnsim.show_config().instruction_set}, torch {torch.__version__}, {jax}")
    found = []
    print(*_HEAD, sep=" | ")
    for row in rows(arguments):
        found.append(row)
        print(*row, sep=" | ", flush=True)
    if arguments.out:
        write_csv(arguments.out / "training.csv", _HEAD, found)
    if arguments.scaling:
        scaling(arguments)


def scaling(arguments: argparse.Namespace) -> None:
    points = []
    # Half the rounds: a sweep has many points, and its lines show when one is off.
    rounds = -(-arguments.rounds // 2)
    for point in training_sweeps.sweep(arguments.cells, arguments.seconds, rounds, quick=arguments.quick):
        points.append(point)
        texts = (value if isinstance(value, str) else f"{name} {value:.4g}" for name, value in point.items())
        print(*texts, sep=", ", flush=True)
    write_csv(arguments.out / "training_scaling.csv", tuple(points[0]), [tuple(p.values()) for p in points])
    for path in training_sweeps.draw(points, arguments.out):
        print(f"wrote {path}")


def bench_training_runs(benchmark, tmp_path: Path, capsys) -> None:
    """Everything above once, small: pytest benchmarks --benchmark-only --quick."""
    words = ["--quick", "--scaling", "--cells", "vanilla", "gru", "--out", str(tmp_path)]
    benchmark.pedantic(main, (words,), rounds=1)
    printed = capsys.readouterr().out
    with (tmp_path / "training_scaling.csv").open(encoding="utf-8") as file:
        points = list(csv.DictReader(file))
    for cell in ("vanilla", "gru"):
        assert f"wrote {tmp_path / f'training_scaling_{cell}.png'}" in printed
        assert (tmp_path / f"training_scaling_{cell}.png").stat().st_size > 10_000
        for label in training_sweeps.lines(Training(cell, 16)):
            swept = {point["sweep"] for point in points if (point["cell"], point["label"]) == (cell, label)}
            assert swept == {"K", "N", "T", "B"}, f"{cell}, {label}"
    assert all(float(point["seconds"]) > 0 for point in points)
    with (tmp_path / "training.csv").open(encoding="utf-8") as file:
        assert {row["backend"] for row in csv.DictReader(file)} >= {"pyrnnsim", "torch.nn", "baddbmm loop"}


if __name__ == "__main__":
    main()
