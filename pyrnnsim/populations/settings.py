"""The settings of a training: their meaning, their defaults, and their one parser."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyrnnsim._options import parse_jobs, parse_progress
from pyrnnsim.populations.cell import parse_choice
from pyrnnsim.tasks.checks import whole_number

if TYPE_CHECKING:
    from pyrnnsim.populations.population import Population

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "schedule": ("exponential", "linear", "none"),
    "l2_form": ("half", "full"),
    "l2_on": ("weights", "all"),
}
_DEFAULT_RATE = {"sgd": 0.02, "adam": 0.002}
#: Per network: least, most, and whether the least itself is allowed.
_RANGES = {
    "learning_rate": (0.0, 10.0, False),
    "decay": (0.0, 1.0, False),
    "decay_steps": (0.0, math.inf, False),
    "momentum": (0.0, 1.0, True),
    "clip": (0.0, math.inf, False),
    "l2": (0.0, 10.0, True),
    "beta2": (0.0, 1.0, True),
    "epsilon": (0.0, 1.0, False),
    "until_loss": (-math.inf, math.inf, True),
}
_BELOW_MOST = ("momentum", "beta2")  # 1 itself never forgets
_DEFAULTS: dict[str, Any] = {
    "iterations": 20_000,
    "batch": 64,
    "optimizer": "adam",
    "decay": 1.0,
    "momentum": 0.9,
    "clip": 1.0,
    "schedule": "exponential",
    "beta2": 0.999,
    "epsilon": 1e-8,
    "l2_form": "half",
    "l2_on": "weights",
    "clip_after_l2": True,
    "loss_factor": 1.0,
    "train_h0": True,
    "validation_trials": 256,
    "checkpoint_seconds": 15.0,
    "device": "cpu",
    "seed": 0,
    "progress": "auto",
}
_NONE_IS_LIMITLESS = {"clip": math.inf, "until_loss": -math.inf}
_OTHER = ("learning_rate", "l2", "until_loss", "n_jobs", "decay_steps", "validate_every")


class TrainingDetails(TypedDict, total=False):
    """Options of a training that rarely change; the paper leaves the first six open.

    Attributes:
        decay_steps: (K,) iterations within which the rate falls by ``decay``; None is ``iterations``, so that
            ``decay`` is the last rate over the first one.
        schedule: ``"exponential"`` (default; rate x decay^(i / decay_steps)), ``"linear"`` (straight to rate x decay
            at ``decay_steps``, then constant) or ``"none"``.
        l2_form: ``"half"`` (default) adds l2 / 2 |w|^2 to the loss, ``"full"`` l2 |w|^2.
        l2_on: ``"weights"`` (default): recurrent, input and readout weights; ``"all"``: biases and h0 too.
        clip_after_l2: True (default) clips the gradient of the whole loss, False adds the penalty after clipping.
        loss_factor: Factor of the mean squared error over trials, steps and outputs; 1 (default), or 0.5.
        beta2: (K,) decay of adam's second moment, 0.999.
        epsilon: (K,) of adam, 1e-8.
        train_h0: Whether the initial state is trained; True.
        validate_every: Iterations between two validations; None is a twentieth of ``iterations``. Part of the
            record only: validation never changes the training.
        validation_trials: How many trials, 256, the same for every network.
        checkpoint_seconds: Time between two writes of the checkpoint, 15; longer where writing is slow.
    """

    decay_steps: ArrayLike | None
    schedule: Literal["exponential", "linear", "none"]
    l2_form: Literal["half", "full"]
    l2_on: Literal["weights", "all"]
    clip_after_l2: bool
    loss_factor: float
    beta2: ArrayLike
    epsilon: ArrayLike
    train_h0: bool
    validate_every: int | None
    validation_trials: int
    checkpoint_seconds: float


@dataclass(frozen=True, eq=False)
class Settings:
    """A training's settings after parsing.

    Attributes:
        rates: Numbers per network, (K,) float64 each, by name.
        choices: Everything else that the result depends on, by name.
        n_jobs: Threads.
        progress: Whether to show it.
        checkpoint_seconds: Least time between two checkpoints.
    """

    rates: Mapping[str, NDArray[np.float64]]
    choices: Mapping[str, Any]
    n_jobs: int
    progress: bool | Literal["auto"]
    checkpoint_seconds: float

    @property
    def iterations(self) -> int:
        """I."""
        return int(self.choices["iterations"])

    def record(self) -> dict[str, Any]:
        """All that the result depends on, for JSON."""
        return {**self.choices, **{name: one.tolist() for name, one in self.rates.items()}}

    def boundaries(self) -> list[int]:
        """Iterations after which networks are validated, ascending; the last one is among them."""
        every, last = int(self.choices["validate_every"]), self.iterations
        return [*range(every, last, every), last]


def default_settings() -> dict[str, Any]:
    """What :meth:`Population.train` uses unless told otherwise: the optimizer, and one number for every network."""
    optimizer = _DEFAULTS["optimizer"]
    numbers = {name: _DEFAULTS[name] for name in _RANGES if name in _DEFAULTS}
    return {"optimizer": optimizer, "learning_rate": _DEFAULT_RATE[optimizer], **numbers}


def parse_settings(caller: str, population: Population, given: Mapping[str, Any]) -> Settings:
    """Check and complete the settings of one training.

    Args:
        caller: Name of the public function, for the errors.
        population: Whose networks give K, and the default of ``l2``.
        given: What the user passed; None stands for the default.
    Raises:
        TypeError, ValueError: For unknown names, wrong types, numbers out of range, arrays of another length.
    """
    _refuse_unknown(caller, given)
    values = {**_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    values |= {name: limit for name, limit in _NONE_IS_LIMITLESS.items() if given.get(name, name) is None}
    if values["device"] != "cpu":
        raise ValueError(f"{caller}: device must be 'cpu': there is no training on a GPU yet, got {values['device']!r}")
    choices: dict[str, Any] = {
        name: parse_choice(caller, name, values[name], allowed) for name, allowed in _CHOICES.items()
    }
    choices |= _whole_numbers(caller, values)
    for name in ("clip_after_l2", "train_h0"):
        if not isinstance(values[name], bool | np.bool_):
            raise TypeError(f"{caller}: {name} must be True or False, got {values[name]!r}")
        choices[name] = bool(values[name])
    choices["loss_factor"] = _positive(caller, "loss_factor", values["loss_factor"])
    values.setdefault("learning_rate", _DEFAULT_RATE[choices["optimizer"]])
    values.setdefault("l2", [network.l2 for network in population])
    values.setdefault("decay_steps", choices["iterations"])
    values.setdefault("until_loss", -math.inf)
    names = population.names
    return Settings(
        rates={name: _per_network(caller, name, values[name], names) for name in _RANGES},
        choices=choices,
        n_jobs=parse_jobs(caller, values.get("n_jobs")),
        progress=parse_progress(caller, values["progress"]),
        checkpoint_seconds=_positive(caller, "checkpoint_seconds", values["checkpoint_seconds"]),
    )


def _whole_numbers(caller: str, values: Mapping[str, Any]) -> dict[str, int]:
    iterations = whole_number(caller, "iterations", values["iterations"], 1, 10**9)
    every = values.get("validate_every", -(-iterations // 20))
    return {
        "iterations": iterations,
        "batch": whole_number(caller, "batch", values["batch"], 1, 2**16),
        "seed": whole_number(caller, "seed", values["seed"], 0, 2**63 - 1),
        "validate_every": whole_number(caller, "validate_every", every, 1, 10**9),
        "validation_trials": whole_number(caller, "validation_trials", values["validation_trials"], 1, 2**16),
    }


def _per_network(caller: str, name: str, value: object, networks: tuple[str, ...]) -> NDArray[np.float64]:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{caller}: {name} must be a number, or one per network, got {value!r}")
    count = len(networks)
    if array.shape not in ((), (count,)):
        raise ValueError(
            f"{caller}: {name} must be a number or have shape ({count},), one per network, got {array.shape}"
        )
    numbers = np.array(np.broadcast_to(array, (count,)), dtype=np.float64)
    least, most, closed = _RANGES[name]
    good = ((numbers > least) | (closed & (numbers == least))) & (numbers <= most)
    if name in _BELOW_MOST:
        good &= numbers < most
    if not good.all():  # NaN compares false
        k = int(np.argmin(good))
        left, right = "[" if closed else "(", ")" if name in _BELOW_MOST else "]"
        raise ValueError(
            f"{caller}: {name} must be in {left}{least:g}, {most:g}{right}, got {numbers[k]:g} for network {k} "
            f"({networks[k]!r})"
        )
    numbers.flags.writeable = False
    return numbers


def _positive(caller: str, name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{caller}: {name} must be a number, got {value!r}")
    if not 0 < float(value) < math.inf:
        raise ValueError(f"{caller}: {name} must be positive and finite, got {value}")
    return float(value)


def _refuse_unknown(caller: str, given: Mapping[str, Any]) -> None:
    known = (*_DEFAULTS, *_OTHER, "checkpoint")
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}"
            raise TypeError(f"{caller}: unknown option {name!r}; {hint}")
