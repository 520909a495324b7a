"""How time grows with K, P and N and memory with K; and a comparison larger than its memory.

python benchmarks/scaling.py --out DIR              sweeps -> DIR/scaling.csv, DIR/scaling.png
python benchmarks/scaling.py --stream               2,880 networks within 4 GB, with the library's own ETA
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import peers
from memory import peak_growth
from population import Population, states
from streaming import MEASURES, stream
from threadpoolctl import threadpool_limits

import pyrnnsim
from pyrnnsim.figures.scaling import plot_scaling

LITTLE_MEMORY = "50MB"
NUMPY = "NumPy, PWCCA"
OURS = {
    "PWCCA": pyrnnsim.pairwise_pwcca,
    "mean CCA": pyrnnsim.pairwise_cca,
    "linear CKA": pyrnnsim.pairwise_cka,
    f"SVCCA, {peers.LEADING} directions": lambda reps, **options: pyrnnsim.pairwise_svcca(
        reps, n_components=peers.LEADING, **options
    ),
}
LAZY = f"PWCCA, lazy input, {LITTLE_MEMORY}"
SWEEPS = {
    "K": [{"K": k, "P": 1600, "N": 64} for k in (8, 16, 32, 64, 128)],
    "P": [{"K": 16, "P": p, "N": 64} for p in (400, 800, 1600, 3200, 6400)],
    "N": [{"K": 8, "P": 3200, "N": n} for n in (16, 32, 64, 128, 256)],
}


def actions(sizes: dict[str, int], jobs: int) -> dict[str, Callable[[], object]]:
    """What is compared at these sizes, by label."""
    data = states(sizes["K"], sizes["P"], sizes["N"], "float32")
    chosen = {label: lambda f=f: f(data, n_jobs=jobs) for label, f in OURS.items()}
    return chosen | {NUMPY: lambda: peers.pwcca(peers.prepare(data, jobs), jobs)}


def sweep(quick: bool, jobs: int) -> Iterator[dict[str, str | float]]:
    """Rows of the table of ``pyrnnsim.figures.plot_scaling``."""
    for size, points in SWEEPS.items():
        for sizes in points[: 3 if quick else None]:
            for label, action in actions(sizes, jobs).items():
                row = {"sweep": size, "label": label, **sizes, "seconds": _fastest(action, 1 if quick else 3)}
                if size == "K" and label in {"PWCCA", NUMPY}:
                    row["megabytes"] = in_fresh_process(label, sizes, jobs)["megabytes"]
                yield row
            if size == "K":
                yield {"sweep": size, "label": LAZY, **sizes, **in_fresh_process(LAZY, sizes, jobs)}


def _fastest(action: Callable[[], object], rounds: int) -> float:
    times = []
    with threadpool_limits(1, user_api="blas"):
        for _ in range(rounds):
            start = time.perf_counter()
            action()
            times.append(time.perf_counter() - start)
    return min(times)


def in_fresh_process(label: str, sizes: dict[str, int], jobs: int) -> dict[str, float]:
    """Seconds and peak growth of memory, measured where nothing else has grown it before."""
    command = [sys.executable, __file__, "--probe", json.dumps({"label": label, "sizes": sizes, "jobs": jobs})]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(answer)


def probe(label: str, sizes: dict[str, int], jobs: int) -> dict[str, float]:
    """Seconds and megabytes of one action; its inputs, where resident, were there before."""
    small = {"K": 2, "P": 200, "N": 8}
    for size in (small, sizes):  # the first call loads libraries
        if label == LAZY:
            lazy = Population(size["K"], size["P"], size["N"], "float32")
            action = lambda lazy=lazy: pyrnnsim.pairwise_pwcca(lazy, n_jobs=jobs, max_memory=LITTLE_MEMORY)  # noqa: E731
        else:
            action = actions(size, jobs)[label]
        start = time.perf_counter()
        _, growth = peak_growth(action)
    return {"seconds": time.perf_counter() - start, "megabytes": max(growth, 1) / 1e6}


def write(rows: list[dict[str, str | float]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ["sweep", "label", "K", "P", "N", "seconds", "megabytes"]
    with (folder / "scaling.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    plot_scaling(rows).savefig(folder / "scaling.png", dpi=200)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder of the table and the picture of the sweeps")
    parser.add_argument("--quick", action="store_true", help="the three smallest sizes, one round")
    parser.add_argument("--n-jobs", type=int, default=1, help="threads (sweeps: 1; --stream: pass -1 for all cores)")
    parser.add_argument("--stream", action="store_true", help="one large comparison instead of the sweeps")
    parser.add_argument("--measure", choices=MEASURES, default="pwcca", help="of --stream")
    parser.add_argument("--networks", type=int, default=2880, help="of --stream")
    parser.add_argument("--max-memory", default="4GB", help="of --stream")
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (arguments.out or arguments.stream or arguments.probe):
        parser.error("give --out DIR for the sweeps, or --stream")
    return arguments


def main() -> None:
    arguments = parse()
    if arguments.probe:
        print(json.dumps(probe(**json.loads(arguments.probe))))
    elif arguments.stream:
        stream(arguments.measure, arguments.networks, arguments.max_memory, arguments.n_jobs)
    else:
        rows = []
        for row in sweep(arguments.quick, arguments.n_jobs):
            rows.append(row)
            print(
                *(f"{name} {value:.4g}" if isinstance(value, float) else value for name, value in row.items()), sep=", "
            )
        write(rows, arguments.out)
        print(f"wrote {arguments.out / 'scaling.csv'} and {arguments.out / 'scaling.png'}")


if __name__ == "__main__":
    main()
