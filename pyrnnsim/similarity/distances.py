"""Distances by a named measure or the user's own function; square, condensed, or between two sets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyrnnsim._options import Options
from pyrnnsim.similarity import readings
from pyrnnsim.similarity.functions import Function, google_function, pairwise_function
from pyrnnsim.similarity.leading import Leading
from pyrnnsim.similarity.matrix import DistanceMatrix
from pyrnnsim.similarity.measure import Measure
from pyrnnsim.similarity.measures import flag, leading_of
from pyrnnsim.similarity.readings import choice
from pyrnnsim.similarity.runner import compare
from pyrnnsim.similarity.vector_measures import VectorMeasure, pairwise_vectors, rbf_measure, rsa_measure

Metric = str | Callable[..., float]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "cca": (),
    "svcca": ("variance", "n_components", "threshold_on"),
    "pwcca": ("side", "norm", "definition"),
    "cka": ("kernel", "debiased", "bandwidth"),
    "procrustes": (),
    "rsa": ("dissimilarity", "compare"),
}
"""Metrics by name, and the options of each."""


@dataclass(frozen=True)
class Chosen:
    """A metric with its options resolved: one of the three is set."""

    native: Measure | None = None
    vector: VectorMeasure | None = None
    function: Function | None = None
    norm: int = 1
    leading: Leading | None = None


def pairwise_distances(
    reps: Any, *, metric: Metric = "pwcca", condensed: bool = False, **options: Any
) -> DistanceMatrix | np.ndarray[Any, np.dtype[np.float64]]:
    """Distances between every two networks by any measure.

    Args:
        reps: As in ``pairwise_cca``.
        metric: "cca", "svcca", "pwcca", "cka", "procrustes", "rsa", with options after a colon if wanted
            (``"svcca:variance=0.99"``); or a function of two (P, N) arrays that returns a number, taken as symmetric.
        condensed: Return the upper triangle in SciPy's order (``scipy.spatial.distance.squareform`` undoes it).
        **options: Options of the measure (``n_components=20``) and common options, see ``pyrnnsim.Options``.
    Returns:
        (K, K) matrix, or (K (K - 1) / 2,) if condensed.
    Raises:
        TypeError, ValueError: For an unknown metric or option, or as the measure's own function.
    Cost: as the measure's own function.
    """
    caller = "pairwise_distances"
    flag(caller, "condensed", condensed)
    matrix = distances(caller, reps, None, metric, options)
    return matrix.condensed() if condensed else matrix


def cross_distances(a: Any, b: Any, *, metric: Metric = "pwcca", **options: Any) -> DistanceMatrix:
    """Distances between the networks of two sets, new ones against old ones, say.

    Args:
        a: K representations, as in ``pairwise_cca``.
        b: L representations of the same P samples.
        metric: As in ``pairwise_distances``; D[i, j] is what ``pairwise`` of both sets together would give for a[i]
            and b[j].
        **options: Options of the measure and common options (``names`` is not one of them: names come from a and b).
    Returns:
        (K, L) float64 distances.
    Raises:
        TypeError, ValueError: As ``pairwise_distances``.
    Cost: K L pairs.
    """
    if "names" in options:
        raise TypeError("cross_distances: names is not taken; name the networks by passing mappings or files")
    return distances("cross_distances", a, b, metric, options)


def distances(caller: str, a: Any, b: Any, metric: object, options: Mapping[str, Any]) -> DistanceMatrix:
    """The matrix by any metric, square if ``b`` is None."""
    own, common = split_options(options)
    chosen = choose(caller, metric, own)
    if chosen.vector is not None:
        return pairwise_vectors(caller, a, chosen.vector, common, other=b)
    if chosen.function is not None:
        return pairwise_function(caller, a, chosen.function, common, other=b)
    assert chosen.native is not None
    made = compare(caller, a, [chosen.native], common, norm=chosen.norm, leading=chosen.leading, other=b)
    return made[chosen.native.name]


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of measures (or what is nearest to one), and the common ones, whose parser refuses the rest."""
    known = {name for names in PARAMETERS.values() for name in names}

    def of_measure(key: str) -> bool:
        near = difflib.get_close_matches(key, [*known, *Options.__annotations__], n=1)
        return key in known or (key not in Options.__annotations__ and bool(near) and near[0] in known)

    own = {key: value for key, value in options.items() if of_measure(key)}
    return own, {key: value for key, value in options.items() if key not in own}


def choose(caller: str, metric: object, given: Mapping[str, Any]) -> Chosen:
    """Resolve a metric and its options.

    Raises:
        TypeError, ValueError: For an unknown metric or option, naming the nearest known one.
    """
    if callable(metric):
        if given:
            raise TypeError(f"{caller}: unknown option {next(iter(given))!r}; a metric that is a function takes none")
        return Chosen(function=Function(getattr(metric, "__name__", "metric"), metric))
    if not isinstance(metric, str):
        raise TypeError(f"{caller}: metric must be a name or a function of two arrays, got {metric!r}")
    name, _, text = metric.partition(":")
    if name not in PARAMETERS:
        near = difflib.get_close_matches(name.lower(), PARAMETERS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"{caller}: unknown metric {name!r}; {hint}expected one of {', '.join(PARAMETERS)}, or a function"
        )
    written = _parse(caller, name, text)
    for key in written.keys() & given.keys():
        raise TypeError(f"{caller}: {key} is given twice, in metric {metric!r} and as an argument")
    settings = {**written, **given}
    for key in settings:
        if key not in PARAMETERS[name]:
            known = (*PARAMETERS[name], *Options.__annotations__)
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(PARAMETERS[name]) or 'none'}"
            raise TypeError(f"{caller}: unknown option {key!r} of metric {name!r}; {hint}")
    return _build(caller, name, settings)


def _parse(caller: str, name: str, text: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise ValueError(
                f"{caller}: metric {name}:{text} is not understood at {part!r}; write name:option=value,..."
            )
        settings[key.strip()] = _value(value.strip())
    return settings


def _value(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _build(caller: str, name: str, given: Mapping[str, Any]) -> Chosen:
    if name == "svcca":
        leading = leading_of(
            caller, given.get("variance", 0.95), given.get("n_components"), given.get("threshold_on", "variance")
        )
        return Chosen(native=readings.svcca(leading), leading=leading)
    if name == "pwcca":
        return _pwcca(caller, given)
    if name == "cka":
        return _cka(caller, given)
    if name == "rsa":
        made = rsa_measure(caller, given.get("dissimilarity", "correlation"), given.get("compare", "spearman"))
        return Chosen(vector=made)
    return Chosen(native=readings.cca() if name == "cca" else readings.procrustes())


def _pwcca(caller: str, given: Mapping[str, Any]) -> Chosen:
    if choice(caller, "definition", given.get("definition", "paper"), "paper", "google") == "google":
        if given.keys() - {"definition"}:
            raise ValueError(f"{caller}: definition='google' fixes side and norm; leave them out")
        return Chosen(function=google_function())
    side = choice(caller, "side", given.get("side", "mean"), "mean", "first", "second", "smaller")
    norm = choice(caller, "norm", given.get("norm", "l1"), "l1", "l2")
    measure = readings.pwcca(side, norm)  # type: ignore[arg-type]
    return Chosen(native=measure, norm=1 if norm == "l1" else 2)


def _cka(caller: str, given: Mapping[str, Any]) -> Chosen:
    debiased = given.get("debiased", False)
    flag(caller, "debiased", debiased)
    if choice(caller, "kernel", given.get("kernel", "linear"), "linear", "rbf") == "rbf":
        return Chosen(vector=rbf_measure(caller, given.get("bandwidth", "median"), debiased))
    if "bandwidth" in given:
        raise ValueError(f"{caller}: bandwidth is an option of kernel='rbf'; the linear kernel has none")
    return Chosen(native=readings.debiased_cka() if debiased else readings.linear_cka())
