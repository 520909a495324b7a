"""The commands of a study: ``pyrnnsim study``, ``resume``, ``status``, ``report`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyrnnsim.cli_frame import Commands, Parser, add_threads, complain, say

COMMANDS = ("study", "resume", "status", "report", "verify")
DAMAGED = 1

_EPILOG = """\
presets:
  quick      three tasks, 4 cells x 2 activations, 64 units, 2 seeds: minutes
  standard   4 seeds, 64 and 128 units: about an hour on two cores
  paper      96 configurations x 30 seeds x 3 tasks, searched: see --estimate

A preset is a TOML file; --config FILE replaces what it names, its [tasks] all
tasks; --set KEY=VALUE changes one value.

a task of your own, in the TOML:
  [tasks.my_memory]         a name that is no built-in task's
  module = "my_tasks.py"    beside the TOML; or importable, "lab.tasks"
  class = "Memory"          may be left out if there is one task
  arguments = { delay = 20 }
  iterations = 3000
A subclass of pyrnnsim.tasks.Task, whose help says what to write and which
methods make a study do more. Naming the module runs it, as python would. A
study holds a digest of it: changed, it is another configuration. What it
imports is not watched: keep a task in one file.

examples:
  pyrnnsim study quick
  pyrnnsim study standard --set train.iterations=5000 --set networks.seeds=8
  pyrnnsim study quick --config my.toml --out my-study
  pyrnnsim study paper --estimate

Every result is a file with a checksum. A study that was interrupted, or
killed, goes on where it was when the same command is given again, or by
'pyrnnsim resume DIR', and ends with the same results, bit for bit.
"""


def add_study(commands: Commands) -> None:
    """Add the commands to those of the program."""
    summary = "train, compare and dissect a population; one report"
    description = "Train networks on several tasks, compare their geometry and their dynamics, and report on it."
    study = commands.add("study", summary, description, _EPILOG)
    study.add_argument("preset", nargs="?", metavar="PRESET", help="quick, standard or paper [quick]")
    study.add_argument("--config", type=Path, metavar="FILE", help="TOML file over the preset")
    study.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes", help="one value over both"
    )
    study.add_argument("--out", type=Path, metavar="DIR", help="directory of the study [pyrnnsim-study-PRESET]")
    study.add_argument("--estimate", action="store_true", help="measure short rates, say what it will cost, and stop")
    _add_run(study)
    resume = commands.add("resume", "continue a study", "Continue the study in a directory.")
    _add_folder(resume)
    resume.add_argument("--again", metavar="STAGE", help="compute this stage again, and what follows if it differs")
    _add_run(resume)
    for name, text in (
        ("status", "say how far a study is"),
        ("report", "write claims, figures and report of a study again"),
        ("verify", "look at every byte of a study; exit code 1 if any is damaged"),
    ):
        command = commands.add(name, text, f"{text[0].upper()}{text[1:]}.")
        _add_folder(command)
        if name == "report":
            _add_open(command)


def run(options: Any) -> int:
    """Run one of the commands; returns the exit code."""
    return {"study": _study, "resume": _resume, "status": _status, "report": _report, "verify": _verify}[
        options.command
    ](options)


def _study(options: Any) -> int:
    from pyrnnsim.study.configuration import load_configuration
    from pyrnnsim.study.run import run_study

    configuration = load_configuration(options.preset, options.config, options.changes)
    if options.estimate:
        return _estimate(configuration, options.n_jobs)
    folder = options.out if options.out is not None else Path(f"pyrnnsim-study-{configuration.name}")
    say(f"study {configuration.name} ({configuration.hash}) in {folder}")
    given = {"n_jobs": options.n_jobs, "rebuild": options.repair, "report": not options.no_report}
    return _print(run_study(configuration, folder, **given, say=say), show=options.open)


def _resume(options: Any) -> int:
    from pyrnnsim.study.run import forget_stage, open_study, run_study

    study = open_study(options.folder, copy=options.repair)
    if options.again is not None:
        forget_stage(options.folder, options.again)
    given = {"n_jobs": options.n_jobs, "rebuild": options.repair, "report": not options.no_report}
    return _print(run_study(study.configuration, options.folder, **given, say=say), show=options.open)


def _status(options: Any) -> int:
    from pyrnnsim.populations.table import to_text
    from pyrnnsim.study.run import open_study, publication_row, status_rows

    study = open_study(options.folder)
    rows = status_rows(study)
    done = sum(row["state"] == "done" for row in rows)
    shown = to_text([*rows, publication_row(study)])
    print(f"study {study.configuration.name} ({study.configuration.hash})\n\n{shown}\n")
    end = "complete" if done == len(rows) else f"continue by 'pyrnnsim resume {options.folder}'"
    print(f"{done} of {len(rows)} stages done; {end}")
    for note in study.configuration.notes():
        say(note)
    return 0


def _report(options: Any) -> int:
    from pyrnnsim.study.run import report_study

    return _print(report_study(options.folder, say=say), show=options.open)


def _verify(options: Any) -> int:
    from pyrnnsim.study.run import verify_study

    problems = verify_study(options.folder)
    for problem in problems:
        complain(problem, DAMAGED)
    if not problems:
        print("every file is what was written")
    return DAMAGED if problems else 0


def _estimate(configuration: object, n_jobs: int | None) -> int:
    from pyrnnsim.populations.table import to_text
    from pyrnnsim.study.configuration import Configuration
    from pyrnnsim.study.estimate import estimate

    assert isinstance(configuration, Configuration)
    rows = estimate(configuration, n_jobs=n_jobs)
    total = sum(row["total_h"] for row in rows)
    operations = sum(row["training_pflop"] for row in rows)
    print(f"{to_text(rows)}\n\n{total:.3g} hours in all, with graphs of the size that those of flip-flop have")
    print(f"training takes {operations:.3g} Pflop: at 10 Tflop/s, {operations * 100 / 3600:.3g} hours")
    return 0


def _print(done: object, *, show: bool) -> int:
    import webbrowser

    from pyrnnsim.populations.table import to_text
    from pyrnnsim.study import claim_text
    from pyrnnsim.study.publish import CLAIMS
    from pyrnnsim.study.run import StudyRun

    assert isinstance(done, StudyRun)
    rows = [
        {
            "task": one.task,
            "networks": len(one.networks),
            "left out": len(one.failed),
            **{stage: round(seconds, 1) for stage, seconds in one.seconds.items()},
        }
        for one in done.results
    ]
    for file in done.files:
        if file.name == CLAIMS:
            print(f"{claim_text.to_text(claim_text.read_claims(file))}\n")
    print(f"{to_text(rows)}\n\nseconds per stage; results {done.fingerprint} in {done.folder}")
    for file in done.files:
        if file.suffix == ".html":
            print(f"open {file}")
            if show and not webbrowser.open(file.resolve().as_uri()):
                say("there is no browser to show it in")
    return 0


def _add_folder(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="directory of the study")


def _add_open(parser: Parser) -> None:
    parser.add_argument("--open", action="store_true", help="show the report in the browser")


def _add_run(parser: Parser) -> None:
    parser.add_argument("--repair", action="store_true", help="compute damaged results again [refuse them]")
    parser.add_argument("--no-report", action="store_true", help="stop before claims, figures and report")
    _add_open(parser)
    add_threads(parser)
