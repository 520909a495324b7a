"""From files to a comparison: what ``pyrnnsim compare`` does."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

import pyrnnsim
from pyrnnsim._inputs.collection import collect
from pyrnnsim._options import parse_jobs
from pyrnnsim.comparison.dynamics import dissected
from pyrnnsim.comparison.networks import Judged, check_fit, judge, load_networks, representations
from pyrnnsim.comparison.recordings import open_arrays
from pyrnnsim.comparison.result import MEASURES, Comparison, Pass, summarise_all, timed
from pyrnnsim.comparison.sources import ARRAY, CALLER, File, describe, find_files
from pyrnnsim.comparison.write import write_comparison
from pyrnnsim.groups import infer_groups, read_groups
from pyrnnsim.populations.table import Row
from pyrnnsim.report.results import TOPOLOGY
from pyrnnsim.tasks import BUILT_IN, Task
from pyrnnsim.trained_task import parse_task, task_of

_SCRATCH = ".dynamics"
_SOURCES = 6  # that a command is shown with


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What is compared: representations with names, and what is known of the networks."""

    reps: Any
    names: list[str]
    known: list[Row]
    judged: Judged | None = None


def _silent(line: str) -> None:
    """Progress that nobody wants to read."""


def compare_files(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str] = "pyrnnsim-compare",
    *,
    measures: Sequence[str] = MEASURES,
    groups: str | None = None,
    task: str | Mapping[str, Any] | Task | None = None,
    dynamics: bool = True,
    activation: Literal["tanh", "relu"] | None = None,
    readout: str | None = None,
    say: Callable[[str], None] = _silent,
    **options: Any,
) -> Comparison:
    """Compare saved networks or representations, and write matrices, pictures, tables and a report that opens offline.

    Arrays are (samples, units), or recordings (conditions, time, units), whose rows are conditions and times in C
    order; rows mean the same in every file. Networks are run on the probe inputs of their task, evaluated, and
    dissected: then topology is one more measure. Those that do not do the task are kept and flagged in the table.

    Args:
        sources: Files and directories of them, or one: ``.npy``, ``.safetensors`` (arrays, or weights of one
            network), ``.pt`` and ``.pth`` (state_dicts, of which no code is run), what :meth:`pyrnnsim.Population.save`
            wrote, and directories of ``pyrnnsim train``.
        folder: Where results go; made if it is missing. A run that was killed continues in the same one.
        measures: Names for :func:`pyrnnsim.pairwise`.
        groups: A regular expression whose first parenthesis is the group in the name, or path of a ``.csv`` table
            ``name,group``; None infers groups from the names, or takes cell and activation of networks.
        task: What networks do: a task, the name of a built-in one, ``FILE.py:Class``, or a spec; None for what they
            were trained on.
        dynamics: Whether to dissect networks.
        activation: Of vanilla networks in files of torch, which do not say it; None is tanh.
        readout: Name of the readout in files of torch with several ``Linear``.
        say: Receives lines about the progress.
        **options: Passed on to :func:`pyrnnsim.pairwise`, such as ``variance``, ``n_jobs`` and ``nan_policy``.
    Returns:
        Matrices, embeddings, tables and the files written.
    Raises:
        TypeError, ValueError: If a source, the groups, the task or an option is not usable, naming it; before any work.
        OSError: If a file cannot be read or written.
    Cost: O(K^2) pairs; the dissection of a network takes about as long as thousands of pairs.
    """
    start = time.perf_counter()
    asked, n_jobs = dict(options), options.get("n_jobs")
    parse_jobs(CALLER, n_jobs)
    sources = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    files = find_files([os.fspath(source) for source in sources])
    chosen = None if task is None else parse_task(task, "compare")
    if files[0].kind == ARRAY:
        if chosen is not None:
            raise ValueError(f"{CALLER}: {files[0].path} holds an array, which does no task; leave out --task")
        inputs = _arrays(files)
    else:
        inputs = _networks(files, chosen, activation, readout, n_jobs, say)
        options = {"nan_policy": "skip", **options}
    labels = _groups(inputs, groups)
    collected = collect(inputs.reps, caller=CALLER, argument="files", names=inputs.names)
    say(f"{describe(files)}: {_description(inputs.names, collected.samples, collected.units, labels)}")
    seconds = {"reading": time.perf_counter() - start}
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    passes = [_geometry(inputs, out, tuple(measures), options, say)]
    seconds["geometry"] = passes[0].seconds
    made = None
    if inputs.judged is not None and dynamics:
        start = time.perf_counter()
        made, between = dissected(
            inputs.judged, labels, out / _SCRATCH, n_jobs=n_jobs, progress=options.get("progress", "auto"), say=say
        )
        seconds["dynamics"] = time.perf_counter() - start
        counted = {row["name"]: row["fixed"] for row in made.rows} if made is not None else {}
        inputs = replace(inputs, known=[{**row, "fixed points": counted.get(row["name"])} for row in inputs.known])
        if between is not None and np.isfinite(between).any():
            passes.append(Pass({TOPOLOGY: between}, seconds["dynamics"]))
    chosen = None if inputs.judged is None else inputs.judged.task
    comparison = summarise_all(
        passes,
        inputs.names,
        labels,
        inputs.known,
        kind="arrays" if chosen is None else chosen.name,
        task=chosen,
        dissection=made,
        seconds={name: value for name, value in seconds.items() if np.isfinite(value)},
    )
    given = {"groups": groups, "activation": activation, "readout": readout, **asked}
    if chosen is not None:
        given |= {"task": _spec(chosen), "dynamics": dynamics}
    about = {
        "command": _command(sources, out, measures, given),
        "files": describe(files),
        "settings": {"measures": ", ".join(measures)} | {name: one for name, one in given.items() if one is not None},
    }
    return write_comparison(comparison, out, about=about, present=measures)


def _arrays(files: Sequence[File]) -> _Inputs:
    reps, names = open_arrays([file.path for file in files])
    return _Inputs(reps, names, [{"units": rows.shape[1]} for rows in reps])


def _networks(
    files: Sequence[File],
    task: Task | None,
    activation: Literal["tanh", "relu"] | None,
    readout: str | None,
    n_jobs: int | None,
    say: Callable[[str], None],
) -> _Inputs:
    population = load_networks(files, activation=activation, readout=readout)
    if activation is None and any(one.cell.cell == "vanilla" and one.origin == "torch file" for one in population):
        say("vanilla networks of torch do not say their activation and are taken as tanh; see --activation")
    where = files[0].path if len(files) == 1 else f"{files[0].path} and {len(files) - 1} more"
    chosen = task if task is not None else task_of(population, where, CALLER)
    check_fit(population, chosen)
    judged = judge(population, chosen, n_jobs=n_jobs)
    if not judged.finite.any():
        raise ValueError(f"{CALLER}: the states of all networks overflow on {chosen.name!r}; leave them out")
    return _Inputs(representations(judged), list(population.names), judged.rows, judged)


def _groups(inputs: _Inputs, groups: str | None) -> list[str] | None:
    if groups is not None:
        return read_groups(groups, inputs.names)
    found = infer_groups(inputs.names)
    if found is None and inputs.judged is not None:
        kinds = [f"{network.cell.cell} {network.cell.activation}" for network in inputs.judged.population]
        found = kinds if 1 < len(set(kinds)) < len(kinds) else None
    return found


def _geometry(
    inputs: _Inputs, folder: Path, measures: Sequence[str], options: Mapping[str, Any], say: Callable[[str], None]
) -> Pass:
    resumed = any(folder.glob("distances*.npy.tiles"))
    # Filled tile by tile; of several measures, pairwise makes distances-cca.npy and so on.
    out = folder / ("distances.npy" if len(measures) > 1 else f"distances-{''.join(measures)}.npy")
    done = timed(lambda: pyrnnsim.pairwise(inputs.reps, measures=measures, names=inputs.names, out=out, **options))
    if resumed:
        say("continued an interrupted run, so its speed is not known")
        return Pass(done.distances, float("nan"))
    say(speed_line(done, len(inputs.names)))
    return done


def speed_line(done: Pass, networks: int) -> str:
    """How fast a pass went: pairs, measures, seconds, pairs per second, and with what."""
    pairs = networks * (networks - 1) // 2
    report = getattr(next(iter(done.distances.values())), "report", None)
    means = f" ({report.n_jobs} thread{'s' * (report.n_jobs > 1)}, {report.dtype})" if report is not None else ""
    rate = pairs / max(done.seconds, 1e-9)
    return (
        f"{pairs:,} pairs by {len(done.distances)} measures in one pass of {done.seconds:.2f} s: "
        f"{rate:,.0f} pairs per second{means}"
    )


def _description(names: Sequence[str], samples: int, units: Sequence[int], groups: Sequence[str] | None) -> str:
    widths = f"{min(units)}" if min(units) == max(units) else f"{min(units)} to {max(units)}"
    count = "1 network" if len(names) == 1 else f"{len(names)} networks"
    text = f"{count}, {samples:,} samples, {widths} units"
    if groups is None:
        return f"{text}; no groups (their names tell none; see --groups)"
    sizes = {group: list(groups).count(group) for group in dict.fromkeys(groups)}
    shown = ", ".join(f"{group} ({size})" for group, size in list(sizes.items())[:8])
    return f"{text}; {len(sizes)} groups: {shown}{', ...' if len(sizes) > 8 else ''}"


def _spec(task: Task) -> str:
    """The settings of a built-in task, or the name alone where these are the defaults."""
    kind = BUILT_IN.get(task.name)
    if kind is None or type(task) is not kind or task.spec() == kind().spec():
        return task.name
    return json.dumps(task.spec())


def _command(
    sources: Sequence[str | os.PathLike[str]], folder: Path, measures: Sequence[str], given: Mapping[str, Any]
) -> str:
    """The command that does the same again; of many sources only the first."""
    shown = [os.fspath(source) for source in sources[:_SOURCES]]
    shown += [f"(and {len(sources) - _SOURCES} more)"] if len(sources) > _SOURCES else []
    words = ["pyrnnsim", "compare", *shown, "--out", os.fspath(folder)]
    if tuple(measures) != MEASURES:
        words += ["--measures", ",".join(measures)]
    for name, value in given.items():
        if name == "dynamics":
            words += [] if value else ["--no-dynamics"]
        elif value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)
