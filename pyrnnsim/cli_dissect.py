"""The arguments of ``pyrnnsim dissect``."""

from __future__ import annotations

from pathlib import Path

from pyrnnsim.cli_frame import Commands, add_folder, add_threads

_EPILOG = """\
SOURCE is a directory of 'pyrnnsim train', or a file that Population.save
wrote. For every network all fixed points are looked for at each constant input
of the task, by number of unstable modes and with evidence that none is
missing: the search from midpoints of known points found nothing new, and, for
tanh networks, the signs of det(I - J) sum to 1. Beyond that
  flip_flop, ready_set_go   what leads where: transition graphs of all networks
                            and the distances between them
  sine_wave                 the frequency of the oscillatory mode against the
                            commanded one
  context_integration       line attractors, their modes, and how many of them
                            a pulse needs

A task of your own is FILE.py:Class, and naming it runs that file: transition
graphs if it has one constant input, frequencies if it has a method
frequency(command), fixed points otherwise.

examples:
  pyrnnsim dissect pyrnnsim-flip-flop
  pyrnnsim dissect networks.pyrnnsim --task sine_wave --out what-they-do
  pyrnnsim dissect pyrnnsim-Memory --task my_tasks.py:Memory

Results can be loaded again: pyrnnsim.FixedPoints.load("DIR/points.pyrnnsim").
"""


def add_dissect(commands: Commands) -> None:
    """Add the command to those of the program."""
    summary = "find what trained networks compute"
    description = "Find the fixed points of trained networks and what the dynamics around them do."
    dissect = commands.add("dissect", summary, description, _EPILOG)
    dissect.add_argument("source", metavar="SOURCE", type=Path, help="trained networks")
    dissect.add_argument("--task", metavar="TASK", help="what they do [what they were trained on]; also FILE.py:Class")
    add_folder(dissect, "SOURCE/dissection", depends=True)
    add_threads(dissect)
