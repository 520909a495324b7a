"""RBF CKA and RSA over all pairs: measures that make one unit vector of each network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pyrnnsim._inputs.labels import Label
from pyrnnsim._options import RunOptions, parse_options
from pyrnnsim.similarity.blocks import Advance, Job, run
from pyrnnsim.similarity.chance import Measure as ChanceMeasure
from pyrnnsim.similarity.chance import Profile, expected_similarity
from pyrnnsim.similarity.checks import collect_sides
from pyrnnsim.similarity.kernels import check_bandwidth, check_debiased_samples, rbf_vector, unit_trace
from pyrnnsim.similarity.matrix import DistanceMatrix
from pyrnnsim.similarity.rsa import check_rsa_options, rsa_vector
from pyrnnsim.similarity.usable import Usable, finite
from pyrnnsim.similarity.vectors import check_memory, vector_similarities

Array = NDArray[np.float64]


@dataclass(frozen=True)
class VectorMeasure:
    """A measure that is the scalar product of two networks' unit vectors.

    Attributes:
        name: Metric as reports call it.
        make: Vector from rows and label.
        profile: What the chance level needs of the vector of a network with this many samples.
        chance: Name of the closed form.
        check: Refuses numbers of samples that cannot work.
        options: For the report.
    """

    name: str
    make: Callable[[NDArray[Any], Label], Array]
    profile: Callable[[Array, int], Profile]
    chance: ChanceMeasure
    check: Callable[[int], None] = field(default=lambda _: None)
    options: Mapping[str, object] = field(default_factory=dict)


def rbf_measure(caller: str, bandwidth: Any, debiased: bool) -> VectorMeasure:
    """CKA with the RBF kernel."""
    check_bandwidth(bandwidth, caller)

    def check(samples: int) -> None:
        if debiased:
            check_debiased_samples(samples, caller)

    return VectorMeasure(
        "cka",
        partial(rbf_vector, bandwidth=bandwidth, debiased=debiased),
        lambda vector, samples: Profile(kernel_trace=unit_trace(vector, samples)),
        "debiased_cka" if debiased else "rbf_cka",
        check,
        {"kernel": "rbf", "debiased": debiased, "bandwidth": bandwidth},
    )


def rsa_measure(caller: str, dissimilarity: Any, compare: Any) -> VectorMeasure:
    """Representational similarity analysis."""
    check_rsa_options(dissimilarity, compare, caller)
    return VectorMeasure(
        "rsa",
        partial(rsa_vector, dissimilarity=dissimilarity, compare=compare),
        lambda vector, _: Profile(total=float(np.add.reduce(vector))),
        cast(ChanceMeasure, f"rsa_{compare}"),
        options={"dissimilarity": dissimilarity, "compare": compare},
    )


def pairwise_vectors(
    caller: str, reps: Any, measure: VectorMeasure, raw_options: Mapping[str, object], *, other: Any = None
) -> DistanceMatrix:
    """Distances 1 - u_i . u_j of the networks' unit vectors."""
    return run(caller, reps, other, raw_options, vector_job(measure))


def vector_job(measure: VectorMeasure) -> Job:
    """The measure as ``blocks.run`` takes it."""
    profiles: dict[tuple[str, int | None], Profile] = {}

    def make(rows: NDArray[Any], label: Label) -> Array:
        vector = measure.make(rows, label)
        profiles[label.argument, label.index] = measure.profile(vector, len(rows))
        return vector

    def distances(left: Usable, right: Usable | None, options: RunOptions, advance: Advance) -> Array:
        similarity = vector_similarities(
            left, right, make, max_memory=options.max_memory, n_jobs=options.n_jobs, progress_update=advance
        )
        if options.calibrated is True:
            sides = [[_profile(profiles, side, i) for i in range(len(side))] for side in (left, right or left)]
            floor = np.minimum(_levels(measure, sides[0], sides[1], left.samples), 1 - 1e-12)
            similarity = (similarity - floor) / (1 - floor)
        return 1.0 - similarity

    def check(left: Usable, right: Usable | None, options: RunOptions) -> None:
        check_memory(left, right, max_memory=options.max_memory, n_jobs=options.n_jobs)

    def block_size(samples: int, options: RunOptions) -> int:
        return max(8, options.max_memory // 2 // (4 * samples * (samples + 1)))

    return Job(measure.name, distances, block_size, measure.check, measure.options, has_chance=True, check_memory=check)


def vector_chance(caller: str, reps: Any, measure: VectorMeasure, raw_options: Mapping[str, object]) -> Array:
    """(K, K) similarities of unrelated networks of these vectors in closed form; NaN for networks skipped."""
    options = parse_options(caller, raw_options)
    (side,) = collect_sides(caller, reps, None, options)
    measure.check(side.samples)
    usable = finite(side, skip=options.nan_policy == "skip")
    vectors = (measure.make(usable.rows(i), usable.label(i)) for i in range(len(usable)))
    profiles = [measure.profile(vector, side.samples) for vector in vectors]
    levels = np.full((len(side), len(side)), np.nan)
    levels[np.ix_(usable.chosen, usable.chosen)] = _levels(measure, profiles, profiles, side.samples)
    return levels


def _profile(profiles: Mapping[tuple[str, int | None], Profile], side: Usable, i: int) -> Profile:
    label = side.label(i)
    return profiles[label.argument, label.index]


def _levels(measure: VectorMeasure, left: list[Profile], right: list[Profile], samples: int) -> Array:
    found = [[expected_similarity(measure.chance, a, b, samples) for b in right] for a in left]
    return np.array(found, np.float64).reshape(len(left), len(right))
