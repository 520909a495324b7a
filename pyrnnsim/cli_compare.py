"""``pyrnnsim compare``: its arguments, and what it prints."""

from __future__ import annotations

from typing import Any

from pyrnnsim.cli_frame import Commands, Parser, add_folder, add_threads, say

_GIVEN = ("variance", "n_components", "max_memory", "n_jobs", "dtype", "nan_policy")

_EPILOG = """\
What a file holds is told by its content:
  .npy, .safetensors   an array (samples, units), whose rows are the responses
                       to the same inputs in every file, or a recording
                       (conditions, time, units) of equal conditions and times;
                       a .safetensors file with several holds several networks
  .pt, .pth            the state_dict of a torch network: RNN, GRU or LSTM with
  .safetensors         a Linear readout; code in a file is never run
  .pyrnnsim            what Population.save wrote; also a directory of
                       'pyrnnsim train', which knows its task
Unit counts may differ; arrays and networks are not compared with each other.

networks:
  They are run on the probe inputs of their task, judged on fresh trials, and
  dissected as by 'pyrnnsim dissect': the distances between what they compute
  are the measure 'topology'. Those that do not do the task are kept and
  flagged in evaluation.csv and in the report.
  --task flip_flop, sine_wave, context_integration, ready_set_go, FILE.py:Class
         of your own (which is run), or settings of a built-in one, as in
  --task '{"task": "ready_set_go", "pulse": 5, "interval": [20, 50]}'

groups:
  By default from the names: they are cut at _ - / . and blanks; parts with a
  digit (sizes, seeds) are dropped, and words that all names share or that
  only one name has; the rest is the group. interval_gru_128_s3_trained and
  interval_lstm_64_s1_initial are of the groups "gru trained", "lstm initial".
  Networks whose names tell none are grouped by cell and activation.
  --groups '(trained|initial)'  what the first parenthesis of this regular
                                expression matches in the name
  --groups labels.csv           a table with the columns name,group
                                (networks.csv in the results is one)

examples:
  pyrnnsim compare states/
  pyrnnsim compare states/ --measures svcca,pwcca --groups '_(gru|lstm)_'
  pyrnnsim compare a.npy b.npy c.npy --variance 0.99 --out results
  pyrnnsim compare models/ --task flip_flop
  pyrnnsim compare pyrnnsim-sine-wave --no-dynamics

report.html in the results opens in any browser, offline. A run that was
interrupted continues where it was when the same command is given again.
"""


def add_compare(commands: Commands) -> None:
    """Add the command to those of the program."""
    compare = commands.add(
        "compare",
        "compare saved networks, or arrays of their states",
        "Compare networks or representations, and write a report, pictures and matrices.",
        _EPILOG,
    )
    compare.add_argument("sources", nargs="+", metavar="FILE_OR_DIR", help="files, or directories of them; see below")
    compare.add_argument(
        "--measures",
        default="cca,svcca,pwcca,cka,procrustes",
        metavar="LIST",
        help="computed in one pass [%(default)s]",
    )
    compare.add_argument("--groups", metavar="REGEX|CSV", help="see below [from the names]")
    add_folder(compare, "pyrnnsim-compare")
    _add_networks(compare)
    kept = compare.add_mutually_exclusive_group()
    kept.add_argument("--variance", type=float, metavar="SHARE", help="variance that SVCCA keeps [0.95]")
    kept.add_argument(
        "--n-components", type=int, metavar="R", help="directions that SVCCA keeps, instead of a variance"
    )
    compare.add_argument(
        "--nan-policy", choices=("raise", "skip"), help="with NaN in an array: refuse it, or leave it out [raise]"
    )
    compare.add_argument("--max-memory", metavar="SIZE", help="such as 4GB [half of what is free]")
    compare.add_argument("--dtype", choices=("float32", "float64"), help="to compute in [that of the files]")
    add_threads(compare)


def run(options: Any) -> int:
    """Do what the arguments say; returns the exit code."""
    from pyrnnsim.comparison.run import compare_files
    from pyrnnsim.comparison.write import text_report

    given = {name: getattr(options, name) for name in _GIVEN if getattr(options, name) is not None}
    made = compare_files(
        options.sources,
        options.out,
        measures=[measure.strip() for measure in options.measures.split(",") if measure.strip()],
        groups=options.groups,
        task=options.task,
        dynamics=not options.no_dynamics,
        activation=options.activation,
        readout=options.readout,
        say=say,
        **given,
    )
    print(text_report(made))
    return 0


def _add_networks(compare: Parser) -> None:
    compare.add_argument("--task", metavar="TASK", help="what networks do [what they were trained on]")
    compare.add_argument("--no-dynamics", action="store_true", help="do not dissect networks")
    compare.add_argument(
        "--activation", choices=("tanh", "relu"), help="of vanilla torch networks, whose files do not say it [tanh]"
    )
    compare.add_argument("--readout", metavar="NAME", help="of torch networks with several Linear")
