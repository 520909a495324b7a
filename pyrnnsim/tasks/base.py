"""What a task is: a source of trials, and a way to judge the answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self, TypedDict

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from pyrnnsim._dtypes import float_type
from pyrnnsim._machine import available_memory
from pyrnnsim.tasks.checks import whole_number
from pyrnnsim.tasks.generators import TrialGenerators
from pyrnnsim.tasks.spec import as_json, checked_settings, settings_of
from pyrnnsim.tasks.trials import Trials, variance_explained
from pyrnnsim.tasks.user_arrays import Origin, checked_trials, joined

#: The iteration that probe inputs are drawn from; training never comes that far.
PROBE_ITERATION = 2**64 - 1
#: Trials that the error of a task without a formula is estimated from: iterations of their own, too.
_BASELINE_ITERATION = 2**64 - 2
_BASELINE_TRIALS = 512
_PROBE_SAMPLES = 3200
_LARGE = 2**28  # bytes; below, nobody asks whether they are free


class NativeTask(TypedDict):
    """A built-in task as the native code takes it."""

    kind: str
    steps: int
    numbers: tuple[float, ...]


class Task:
    """Base class of all tasks, and of your own.

    Set ``inputs`` (M), ``outputs`` (O) and ``steps`` (T), on the class or in ``__init__``, and write one method,
    ``trial(rng)``: the inputs ``(T, M)`` and targets ``(T, O)`` of one trial, and perhaps a bool mask ``(T, O)``, False
    where the answer does not matter. All randomness comes from ``rng``, a NumPy generator at the start of that trial's
    own stream (use it there, do not keep it); so trial 5 is the same whether it is asked for alone or with others,
    today or after a restart with the same NumPy.

    >>> class Echo(Task):
    ...     "Repeat a noise signal some steps later."
    ...     inputs, outputs = 1, 1
    ...
    ...     def __init__(self, delay=3, steps=40):
    ...         self.delay, self.steps = delay, steps
    ...
    ...     def trial(self, rng):
    ...         signal = rng.normal(size=(self.steps, 1))
    ...         targets = np.roll(signal, self.delay, axis=0)
    ...         mask = np.arange(self.steps)[:, None] >= self.delay
    ...         return signal, targets, mask
    >>> task = Echo(delay=5)
    >>> task.trials(64, seed=1).inputs.shape
    (64, 40, 1)
    >>> task.spec()
    {'task': 'Echo', 'delay': 5, 'steps': 40}

    Where one trial at a time is too slow (seeding and checks take some 10 microseconds each), write
    ``batch(n, *, seed, iteration, first)`` instead, which returns the arrays of trials ``first`` to ``first + n - 1``
    with a leading axis of n; it may be compiled by numba, and must keep the promise that a trial depends on nothing but
    ``(seed, iteration, its index)``.

    Optional, and what a study (or ``pyrnnsim dissect``) makes of it:

    * ``condition_inputs()``: where fixed points are looked for, by default at zero input. With one condition there are
      transition graphs and the distances between them; with several only fixed points.
    * ``frequency(command)``: cycles per step that condition inputs ``(C, M)`` ask for. There are linear frequencies
      instead of graphs, distances between them, and claims about how they align.
    * ``probe_inputs(n)``: what networks are compared on, by default trials that training never sees.
    * ``accuracy(outputs, trials)`` with ``accuracy_name`` and ``higher_is_better``: the column in the tables, by
      default the variance explained. Who has learned the task is decided by the loss against ``baseline_error()``.
    * ``settings()``: the arguments, where they are not attributes of the same names.

    A study takes the task from a file: ``[tasks.my_echo]`` with ``module = "my_tasks.py"``, see
    ``pyrnnsim study --help``. Results belong to the content of that file; what it imports is not watched.

    Attributes:
        inputs: M, input channels.
        outputs: O, output channels.
        steps: T, steps per trial.
        name: Name in tables and specs; the class's unless set.
        accuracy_name: What :meth:`accuracy` measures.
        higher_is_better: Whether a larger accuracy is the better one.
    """

    inputs: int
    outputs: int
    steps: int
    name: str = "task"
    accuracy_name: str = "variance explained"
    higher_is_better: bool = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = cls.__name__

    def trial(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """Inputs ``(T, M)`` and targets ``(T, O)`` of one trial, and perhaps a mask ``(T, O)``: the method to write.

        Args:
            rng: The generator of this trial.
        """
        kind = type(self).__name__
        raise TypeError(f"{kind} has no trials; define {kind}.trial(self, rng), which returns (inputs, targets)")

    def batch(self, n: int, *, seed: int, iteration: int, first: int) -> Any:
        """Arrays of n trials; write this instead of :meth:`trial` where that is too slow.

        Args:
            n: Number of trials.
            seed: From 0 to 2**64 - 1.
            iteration: From 0 to 2**64 - 1.
            first: Index of the first trial.
        Returns:
            Inputs ``(n, T, M)`` and targets ``(n, T, O)``, and perhaps a bool mask ``(n, T, O)``.
        """
        raise NotImplementedError

    def trials(
        self, n: int, *, seed: int = 0, iteration: int = 0, first: int = 0, dtype: DTypeLike = np.float32
    ) -> Trials:
        """Trials ``first`` to ``first + n - 1`` of an iteration.

        Each is a pure function of the seed, the iteration and its index, whatever else is asked for: ``trials(10)``
        from the fourth to the fifth are ``trials(2, first=3)``. Training with a seed uses its iterations from 0 on.

        Args:
            n: Number of trials; may be 0.
            seed: From 0 to 2**64 - 1.
            iteration: From 0 to 2**64 - 1.
            first: Index of the first trial; indices end at 2**32.
            dtype: float32 or float64. Built-in tasks are computed in float64 and rounded last.
        Returns:
            Fresh arrays ``(n, T, M)``, ``(n, T, O)``, and the mask or None.
        Raises:
            TypeError: For an argument of a wrong type, or if a task of your own returns no arrays of real numbers.
            ValueError: For a number out of range, more trials than fit into memory, or if a task of your own returns
                wrong shapes or numbers that are not finite.
        Cost: built-in tasks about 0.5 microseconds per trial of the flip-flop, 0.7 of the sine wave.
        """
        caller = f"{self.name}.trials"
        self._check_sizes()
        n = whole_number(caller, "n", n, 0, 2**32)
        seed = whole_number(caller, "seed", seed, 0, 2**64 - 1)
        iteration = whole_number(caller, "iteration", iteration, 0, 2**64 - 1)
        first = whole_number(caller, "first", first, 0, 2**32 - n)
        kind = float_type(dtype)
        if kind is None:
            raise TypeError(f"{caller}: dtype must be float32 or float64, got {dtype!r}")
        self._check_memory(n, kind.itemsize)
        return self._generate(n, seed, iteration, first, kind)

    def probe_inputs(self, n: int | None = None) -> NDArray[np.float64]:
        """The inputs that networks are compared on: fixed, the same for every network and in every session.

        Args:
            n: Trials; None gives 3200 samples (trials x steps) or a little more, and 8 trials at least.
        Returns:
            ``(n, T, M)``, drawn from an iteration that training never reaches.
        Raises:
            TypeError: If ``n`` is no int.
            ValueError: If ``n`` is not positive.
        """
        count = self._probe_count(n, least=8)
        inputs: NDArray[np.float64] = self.trials(count, iteration=PROBE_ITERATION, dtype=np.float64).inputs
        return inputs

    def condition_inputs(self) -> NDArray[np.float64]:
        """The constant inputs ``(C, M)`` under which fixed points are looked for: zeros unless the task says more."""
        self._check_sizes()
        return np.zeros((1, self.inputs))

    def baseline_error(self) -> float:
        """Mean squared error of the best answer that ignores the inputs: the mean target of each step and output.

        For a task of your own, estimated from 512 trials (relative standard error of a few percent); exact for
        built-in tasks.
        """
        trials = self.trials(_BASELINE_TRIALS, iteration=_BASELINE_ITERATION, dtype=np.float64)
        counts = np.ones(trials.targets.shape) if trials.mask is None else trials.mask.astype(np.float64)
        total = counts.sum(axis=0)
        mean = (counts * trials.targets).sum(axis=0) / np.maximum(total, 1.0)
        return float((counts * (trials.targets - mean) ** 2).sum() / total.sum())

    def accuracy(self, outputs: ArrayLike, trials: Trials) -> float:
        """How well a network answers, in the task's own terms: see ``accuracy_name`` and ``higher_is_better``.

        Args:
            outputs: ``(n, T, O)`` of a network on these trials.
            trials: From :meth:`trials`.
        Raises:
            TypeError: If ``outputs`` is no array of real numbers.
            ValueError: If its shape differs from the targets', it is not finite, or the trials cannot tell.
        """
        return variance_explained(outputs, trials, caller=f"{self.name}.accuracy")

    def native(self) -> NativeTask | None:
        """What the native training loop needs to generate the trials itself; None for a task of your own."""
        return None

    def settings(self) -> dict[str, Any]:
        """The arguments this task was made with; override it where they are not attributes of the same names."""
        return settings_of(self)

    def spec(self) -> dict[str, Any]:
        """Name and settings as JSON holds them; :meth:`from_spec` makes an equal task of it.

        Raises:
            TypeError: If a setting is unknown or cannot be written as JSON.
            ValueError: If a setting is not finite.
        """
        return as_json(type(self).__name__, {"task": self.name, **self.settings()})

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The task of a spec; ``pyrnnsim.tasks.from_spec`` finds built-in classes by name.

        Raises:
            TypeError: If the spec is no dict, or has a setting that is unknown or of a wrong type.
            ValueError: If it is of another task, or a setting is out of range.
        """
        return cls(**checked_settings(cls, cls.name, spec))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and type(self) is type(other) and self.spec() == other.spec()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.spec().items() if key != "task")
        return f"{type(self).__name__}({settings})"

    def _generate(self, n: int, seed: int, iteration: int, first: int, dtype: np.dtype[Any]) -> Trials:
        kind = type(self).__name__
        if type(self).batch is not Task.batch:
            made = self.batch(n, seed=seed, iteration=iteration, first=first)
            return checked_trials(self, n, made, dtype, Origin(f"{kind}.batch", first, single=False))
        rows, generators = [], TrialGenerators(seed, iteration)
        for index in range(first, first + n):
            made = self.trial(generators.of(index))
            rows.append(checked_trials(self, 1, made, dtype, Origin(f"{kind}.trial", index, single=True)))
        return joined(rows, self, dtype)

    def _check_sizes(self) -> None:
        for attribute, meaning in (("inputs", "input channels"), ("outputs", "output channels"), ("steps", "steps")):
            if not hasattr(self, attribute):
                raise TypeError(f"{type(self).__name__}: set the attribute {attribute!r} to the number of {meaning}")
            whole_number(type(self).__name__, attribute, getattr(self, attribute), 1, 10**6)

    def _check_memory(self, n: int, itemsize: int) -> None:
        needed = n * self.steps * (self.inputs + self.outputs) * itemsize
        if needed > _LARGE and needed > (free := available_memory()):
            raise ValueError(
                f"{self.name}.trials: {n} trials take {needed / 1e9:.3g} GB and {free / 1e9:.3g} GB are free; ask for "
                "fewer at a time, with first=..."
            )

    def _probe_count(self, n: int | None, least: int) -> int:
        self._check_sizes()
        count = max(least, math.ceil(_PROBE_SAMPLES / self.steps)) if n is None else n
        return whole_number(f"{self.name}.probe_inputs", "n", count, 1, 2**32 - 1)
