"""The arguments of ``pyrnnsim train``."""

from __future__ import annotations

from pyrnnsim.cli_frame import Commands, Parser, add_folder, add_threads

#: Options that say what is trained.
GRID = ("cells", "activations", "units", "l2", "initialisation", "gain", "dtype")
#: Options that are passed on to the training when they are given.
SETTINGS = (
    "iterations",
    "batch",
    "optimizer",
    "learning_rate",
    "decay",
    "momentum",
    "clip",
    "until_loss",
    "seed",
    "n_jobs",
)
_TASKS = ("flip_flop", "sine_wave", "context_integration", "ready_set_go")

_EPILOG = """\
Trains every combination of cells, activations, units, l2 and seeds, and
prints one row for each but the seeds. Without settings of the training
(--optimizer, --learning-rate, --decay, --momentum, --clip) each network gets
those that a search found for its kind and task (pyrnnsim.load_recipes()), and
where there are none the defaults of Population.train, as with any setting
given: adam at rate 0.002. For ready_set_go there are none, and 2,000 updates
are too few: its authors make 80,000, by adam, from rate 1e-3 down to 1e-4.

A task of your own is FILE.py:Class, or package.module:Class: a subclass of
pyrnnsim.tasks.Task, made with all defaults. Naming it runs that file.

examples:
  pyrnnsim train flip_flop
  pyrnnsim train flip_flop --cells gru lstm --units 64 128 --seeds 8
  pyrnnsim train sine_wave --cells gru --iterations 20000 --out sine
  pyrnnsim train flip_flop --cells lstm --activations tanh relu
  pyrnnsim train my_tasks.py:Memory --cells gru
  pyrnnsim train ready_set_go --iterations 80000 --optimizer adam \\
      --learning-rate 1e-3 --decay 0.1

A run that was interrupted continues where it was when the same command is
given again, and ends with the same networks, bit for bit. In Python:
  pyrnnsim.Population.load("DIR/networks.pyrnnsim")
"""


def add_train(commands: Commands) -> None:
    """Add the command to those of the program."""
    train = commands.add("train", "train networks on a task", "Train a population of networks on a task.", _EPILOG)
    train.add_argument("task", metavar="TASK", help=f"{', '.join(_TASKS)}, or FILE.py:Class")
    _add_grid(train)
    _add_settings(train)
    add_folder(train, "pyrnnsim-TASK", "networks and the checkpoint", depends=True)
    add_threads(train)


def _add_grid(train: Parser) -> None:
    grid = train.add_argument_group("networks")
    cells = ["vanilla", "ugrnn", "gru", "lstm"]
    grid.add_argument("--cells", nargs="+", default=cells, metavar="CELL", help=f"[{' '.join(cells)}]")
    grid.add_argument("--activations", nargs="+", default=["tanh"], metavar="F", help="tanh, relu [tanh]")
    grid.add_argument("--units", nargs="+", type=int, default=[64], metavar="N", help="[64]")
    grid.add_argument("--seeds", type=int, default=4, metavar="COUNT", help="networks of each kind [%(default)s]")
    grid.add_argument("--first-seed", type=int, default=0, metavar="SEED", help="their seeds start here [%(default)s]")
    grid.add_argument("--l2", nargs="+", type=float, default=[1e-5], metavar="L2", help="weight of the penalty [1e-5]")
    grid.add_argument(
        "--initialisation", default="auto", metavar="NAME", help="auto, normal, orthogonal or identity [%(default)s]"
    )
    grid.add_argument("--gain", type=float, metavar="G", help="scale of their recurrent weights [1; relu lstm: 0.3]")
    grid.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="[%(default)s]")


def _add_settings(train: Parser) -> None:
    settings = train.add_argument_group("training")
    settings.add_argument("--iterations", type=int, default=2000, metavar="I", help="updates [%(default)s]")
    settings.add_argument("--batch", type=int, metavar="B", help="trials per update [64]")
    settings.add_argument("--optimizer", choices=("sgd", "adam"), help="[see below]")
    settings.add_argument("--learning-rate", type=float, metavar="RATE", help="[see below]")
    settings.add_argument("--decay", type=float, metavar="X", help="last rate over first rate [see below]")
    settings.add_argument("--momentum", type=float, metavar="M", help="[see below]")
    settings.add_argument("--clip", type=float, metavar="NORM", help="largest norm of a gradient [see below]")
    settings.add_argument("--until-loss", type=float, metavar="LOSS", help="stop a network below this [never]")
    settings.add_argument("--seed", type=int, help="of the trials [0]")
