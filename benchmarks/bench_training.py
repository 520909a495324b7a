"""Milliseconds per iteration and network, and share of the peak: python benchmarks/bench_training.py --out DIR.

Verifies first: the first losses of every backend must agree to five digits. Then the fastest and the median of several
rounds of CPU time (one thread) or wall time (several). The peak is that of torch.mm on 2048 x 2048 on the same core in
the same process; registers is that of multiply-adds alone, which nothing exceeds. --scaling adds the time against K, N
and T. PYRNNSIM_ISA chooses our instruction set; the peak stays that of the widest.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import peak
import torch
import training
from training import RIVALS, Training

import pyrnnsim

OURS = "pyrnnsim"
CHECKED = 4  # iterations whose losses are compared
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


def backends(case: Training) -> dict[str, Callable]:
    """Those that train this configuration: torch's modules one network at a time, the loop many."""
    chosen = {OURS: training.ours}
    if case.activation == "relu":
        return chosen
    if case.networks > 1:
        chosen["baddbmm loop"] = RIVALS["baddbmm loop"]
    elif case.cell != "ugrnn" and case.reset_after == (case.cell == "gru"):  # torch's gru resets after the product
        chosen["torch.nn"] = RIVALS["torch.nn"]
    return chosen


def measure(case: Training, make: Callable, seconds: float, rounds: int) -> list[float]:
    """Seconds per iteration and network of every round, each of about so many seconds."""
    run = make(case)
    clock = time.process_time if case.threads == 1 else time.perf_counter
    start = clock()
    run(2)
    count = max(2, int(seconds / max((clock() - start) / 2, 1e-6)))
    times = []
    for _ in range(rounds):
        start = clock()
        run(count)
        times.append((clock() - start) / count / case.networks)
    return times


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
        expected = training.ours(case)(CHECKED)
        for name, make in backends(case).items():
            error = np.abs(make(case)(CHECKED) / expected - 1).max()
            assert error < 2e-5, f"{name} trains something else: losses differ by {error:.1e}"
            times = measure(case, make, arguments.seconds, arguments.rounds)
            middle, fastest = statistics.median(times), min(times)
            flops = case.flops / middle
            cell = f"{case.cell}{' after' if case.reset_after else ''} {case.activation}"
            yield (
                cell, case.units, case.networks, case.threads, name, f"{middle * 1e3:.3f}", f"{fastest * 1e3:.3f}",
                f"{flops / 1e9:.1f}", f"{flops / rate:.0%}", f"{flops / (registers[case.threads] or np.nan):.0%}",
                f"{error:.0e}",
            )  # fmt: skip


def sweeps(seconds: float) -> Iterator[dict[str, str | float]]:
    """Time of an iteration of all networks against one size at a time."""
    points = {"N": [Training(cell, n) for cell in training.GATES for n in (16, 32, 64, 128, 256)]}
    points["K"] = [Training(cell, 64, networks=k) for cell in training.GATES for k in (1, 4, 16, 64)]
    points["B"] = [Training(cell, 64, trials=b) for cell in training.GATES for b in (16, 32, 64, 128, 256)]
    for size, chosen in points.items():
        for case in chosen:
            times = measure(case, training.ours, seconds, 3)
            sizes = {"K": case.networks, "N": case.units, "B": case.trials}
            yield {"sweep": size, "label": case.cell, **sizes, "seconds": min(times) * case.networks}


def write_csv(path: Path, head: list[str] | tuple[str, ...], lines: list[tuple]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *lines])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=training.GATES, default=list(training.GATES))
    parser.add_argument("--units", nargs="+", type=int, default=[64, 128, 256])
    parser.add_argument("--networks", type=int, default=8, help="K of the rows of populations")
    parser.add_argument("--threads", type=int, default=1, help="of additional rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a round")
    parser.add_argument("--scaling", action="store_true", help="also the time against K, N and B")
    parser.add_argument("--out", type=Path, help="folder for training.csv and training_scaling.csv")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    print("instruction set", pyrnnsim.show_config().instruction_set)
    found = []
    print(*_HEAD, sep=" | ")
    for row in rows(arguments):
        found.append(row)
        print(*row, sep=" | ", flush=True)
    if arguments.out:
        write_csv(arguments.out / "training.csv", _HEAD, found)
    if arguments.scaling:
        points = list(sweeps(arguments.seconds))
        for point in points:
            print(*(f"{name} {value:.4g}" if isinstance(value, float) else value for name, value in point.items()))
        if arguments.out:
            write_csv(arguments.out / "training_scaling.csv", list(points[0]), [tuple(p.values()) for p in points])


if __name__ == "__main__":
    main()
