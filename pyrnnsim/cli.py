"""The ``pyrnnsim`` command: studies, ``demo``, ``train``, ``dissect``, ``compare`` and ``info``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from pyrnnsim import cli_compare, cli_dissect, cli_study, cli_train
from pyrnnsim._files import os_error
from pyrnnsim.cli_frame import (
    BAD_INPUT,
    INTERRUPTED,
    Commands,
    Parser,
    Stopped,
    add_folder,
    add_threads,
    complain,
    say,
    stoppable,
)

COMMANDS = (*cli_study.COMMANDS, "demo", "train", "dissect", "compare", "info")

_EPILOG = """\
first steps:
  pyrnnsim study quick      train, compare and dissect a population on three
                            tasks, and report on it; minutes
  pyrnnsim demo             make 48 networks with planted groups, find the
                            groups again, draw the pictures
  pyrnnsim train flip_flop  train vanilla, UGRNN, GRU and LSTM networks on a
                            task, print how well they do it, keep them
  pyrnnsim dissect pyrnnsim-flip-flop
                            find all fixed points of these networks, and what
                            leads where
  pyrnnsim compare states/  what the demo does, for your own networks (torch,
                            safetensors) or arrays of their states (.npy)
  pyrnnsim info             what this installation was built with
"""

_DEMO_EPILOG = """\
The population is made up: all networks solve one task, half of them in one
way and half in another, half with tanh and half with relu units. The pictures
should show four groups.

examples:
  pyrnnsim demo
  pyrnnsim demo --networks 200 --out my-demo
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        argv: Arguments without the program's name; by default those of the process.
    Returns:
        0 on success, 2 after bad input (with one line on standard error), 130 after Ctrl-C, 143 after SIGTERM.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _check_command(arguments)
        options = _parser().parse_args(arguments or ["--help"])
    except ValueError as error:
        return complain(str(error), BAD_INPUT)
    except SystemExit as stop:  # how argparse ends after --help, --version and bad arguments
        return int(stop.code or 0)
    try:
        with stoppable():
            return _run(options)
    except Stopped as stop:
        return complain("stopped; give the same command again to continue", stop.code)
    except KeyboardInterrupt:
        return complain("interrupted; give the same command again to continue", INTERRUPTED)
    except BrokenPipeError:
        # The reader (head, less) has gone; without this, closing standard output would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(options: argparse.Namespace) -> int:
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            if options.command in cli_study.COMMANDS:
                return cli_study.run(options)
            command = {"demo": _demo, "train": _train, "dissect": _dissect, "compare": cli_compare.run, "info": _info}
            return command[options.command](options)
    except BrokenPipeError:
        raise
    except (ValueError, TypeError, OSError, MemoryError) as error:
        if options.traceback:
            raise
        text = str(error)
        if isinstance(error, OSError):
            if error.filename is not None:  # bare, as the system gave it
                error = os_error("cannot use", error.filename, error)
            text = error.strerror or text  # without the number
        return complain(text or type(error).__name__, BAD_INPUT)


def _demo(options: argparse.Namespace) -> int:
    from pyrnnsim.comparison.write import text_report
    from pyrnnsim.demo import run_demo

    made = run_demo(options.out, networks=options.networks, seed=options.seed, n_jobs=options.n_jobs, say=say)
    print(text_report(made))
    return 0


def _train(options: argparse.Namespace) -> int:
    from pyrnnsim.training_run import text_report, train_grid

    grid = {name: getattr(options, name) for name in cli_train.GRID}
    given = {name: getattr(options, name) for name in cli_train.SETTINGS if getattr(options, name) is not None}
    grid["seeds"] = range(options.first_seed, options.first_seed + options.seeds)
    name = Path(options.task.rpartition(":")[2]).stem.replace("_", "-")
    folder = options.out if options.out is not None else Path(f"pyrnnsim-{name}")
    print(text_report(train_grid(folder, options.task, grid, given, say=say)))
    return 0


def _dissect(options: argparse.Namespace) -> int:
    from pyrnnsim.dissection import dissect_networks, text_report

    source: Path = options.source
    base = source if source.is_dir() else source.parent
    folder = options.out if options.out is not None else base / "dissection"
    print(text_report(*dissect_networks(source, folder, task=options.task, n_jobs=options.n_jobs, say=say)))
    return 0


def _info(options: argparse.Namespace) -> int:
    del options
    import pyrnnsim

    print(pyrnnsim.show_config())
    return 0


def _check_command(arguments: Sequence[str]) -> None:
    """Refuse an unknown command; argparse's own text would list all it knows instead of the nearest one."""
    if not arguments or arguments[0].startswith("-") or arguments[0] in COMMANDS:
        return
    near = difflib.get_close_matches(arguments[0], COMMANDS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(COMMANDS)}"
    raise ValueError(f"unknown command {arguments[0]!r}; {hint}")


def _parser() -> Parser:
    parser = Parser(
        prog="pyrnnsim",
        description="Train recurrent networks, find what they compute, and compare many of them.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"pyrnnsim {_version()}")
    commands = Commands(parser)
    cli_study.add_study(commands)
    _add_demo(commands)
    cli_train.add_train(commands)
    cli_dissect.add_dissect(commands)
    cli_compare.add_compare(commands)
    commands.add("info", "print what this installation was built with")
    return parser


def _add_demo(commands: Commands) -> None:
    demo = commands.add(
        "demo",
        "compare a made-up population with planted groups",
        "Compare a population with planted groups by every measure.",
        _DEMO_EPILOG,
    )
    add_folder(demo, "pyrnnsim-demo")
    demo.add_argument("--networks", type=int, default=48, metavar="K", help="number of networks [%(default)s]")
    demo.add_argument("--seed", type=int, default=0, help="seed of the population [%(default)s]")
    add_threads(demo)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pyrnnsim")
    except PackageNotFoundError:
        return "(not installed)"


def _show_warning(message: Warning | str, *_place: object, **_options: object) -> None:
    """A warning as one line, without the place in the code that it came from."""
    say(f"pyrnnsim: warning: {message}")
