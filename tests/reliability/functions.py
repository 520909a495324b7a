"""Every public function that takes representations, with the right answer written straight from the definition.

``Function.call`` takes a mapping from names to networks and gives one array; ``Function.right`` gives the same array
from clean float64 networks through NumPy and SciPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.stats
from reference import similarity as reference

import pyrnnsim

PERMUTATIONS, SEED = 2, 3


@dataclass(frozen=True)
class Function:
    """One way to call the library.

    Attributes:
        name: Test id.
        caller: Public function, as errors must name it.
        call: Networks by name, options -> array.
        right: Clean networks -> what ``call`` must give; None where only its own answer on clean input can be had.
        measure: What is compared: "cca", "svcca", "pwcca", "google", "cka", "rbf", "procrustes", "rsa", "callable".
        argument: How errors call the networks.
        takes_options: Accepts the common options.
    """

    name: str
    caller: str
    call: Callable[..., Any]
    right: Callable[[list[np.ndarray]], Any]
    measure: str
    argument: str = "reps"
    takes_options: bool = True


def basis(x):
    """Orthonormal basis of the centred columns, brought to equal length first: no scale of a unit costs digits."""
    live = np.ptp(x, axis=0) > 0
    x = reference.centre(x)[:, live]
    u, s, _ = scipy.linalg.svd(x / np.linalg.norm(x, axis=0), full_matrices=False)
    return u[:, s > 1e-9 * s[0]]


def correlations(x, y):
    return np.minimum(scipy.linalg.svdvals(basis(x).T @ basis(y)), 1.0)


def cca(x, y):
    return correlations(x, y).mean()


def pwcca(x, y):
    def weighted(a, b):
        directions = basis(a)
        u, rho, _ = scipy.linalg.svd(directions.T @ basis(b), full_matrices=False)
        alpha = np.abs((directions @ u).T @ reference.centre(a)).sum(axis=1)
        return (alpha * rho).sum() / alpha.sum()

    return 0.5 * (weighted(x, y) + weighted(y, x))


def debiased_cka(x, y):
    return reference.debiased_cka(reference.linear_kernel(x), reference.linear_kernel(y))


def rbf_debiased(x, y):
    return reference.rbf_cka(x, y, debiased=True)


def rsa(x, y):
    """Spearman correlation of 1 - r between samples, from differences: 1 - r itself has no digits where r is near 1."""

    def dissimilarities(z):
        z = np.asarray(z, np.longdouble)
        z = z - z.mean(axis=1, keepdims=True)
        z /= np.sqrt((z * z).sum(axis=1, keepdims=True))
        first, second = np.triu_indices(len(z), 1)
        fraction, exponent = np.frexp(((z[first] - z[second]) ** 2).sum(axis=1))
        return np.ldexp(np.rint(fraction * 2**32), exponent).astype(np.float64)  # what differs by rounding is a tie

    return scipy.stats.spearmanr(dissimilarities(x), dissimilarities(y)).statistic


def course(x, y):
    """The user's own measure: how far the courses of the mean activity are from parallel."""
    x, y = (np.asarray(z, np.float64) for z in (x, y))
    with np.errstate(invalid="ignore"):
        x, y = (z / np.abs(z).max() for z in (x - x[0], y - y[0]))
        return 1 - abs(np.corrcoef(x.mean(axis=1), y.mean(axis=1))[0, 1])


def square(similarity):
    """Distances 1 - similarity between all networks, zero on the diagonal."""

    def right(networks):
        matrix = np.array([[1 - similarity(x, y) for y in networks] for x in networks])
        np.fill_diagonal(matrix, 0.0)
        return matrix

    return right


def angles(networks):
    matrix = reference.matrix(reference.procrustes_angle, networks)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def courses(networks):
    return square(lambda x, y: 1 - course(x, y))(networks)


def five(networks):
    made = [square(cca), square(reference.svcca), square(pwcca), square(reference.linear_cka), angles]
    return np.array([one(networks) for one in made])


def between(networks):
    """Of the first network against all: the diagonal of equal networks is 0 here up to rounding."""
    return square(pwcca)(networks)[:1]


def permuted(networks):
    rng = np.random.default_rng(SEED)
    orders = [rng.permutation(len(networks[0])) for _ in range(PERMUTATIONS)]
    total = sum(reference.matrix(pwcca, networks, [x[order] for x in networks]) for order in orders)
    return (total + total.T) / (2 * PERMUTATIONS)


def spectra(networks):
    """Singular values over the largest, padded to equal length, and the ranks."""
    values = [reference.singular_values(x) for x in networks]
    return [np.where(s > 1e-9 * s[0], s / s[0], 0.0) for s in values]


def _first(reps):
    return dict(list(reps.items())[:1])


def _two(reps):
    networks = list(reps.values())
    return networks[0], networks[-1]


def _prepared(reps):
    made = [pyrnnsim.prepare(one, name=name) for name, one in reps.items()]
    widths = [min(one.samples, one.units) for one in made]
    return [
        np.pad(one.factors.singular_values / one.factors.singular_values[0], (0, width - one.rank))
        for one, width in zip(made, widths, strict=True)
    ]


def _named(metric, right, measure, **extra):
    title = f"pairwise_distances-{metric if isinstance(metric, str) else 'callable'}"
    return Function(
        title,
        "pairwise_distances",
        lambda reps, **options: pyrnnsim.pairwise_distances(reps, metric=metric, **extra, **options),
        right,
        measure,
    )


def _own(name, right, measure, title=None, **extra):
    function = getattr(pyrnnsim, name)
    return Function(title or name, name, lambda reps, **options: function(reps, **extra, **options), right, measure)


FUNCTIONS = [
    _own("pairwise_cca", square(cca), "cca"),
    _own("pairwise_svcca", square(reference.svcca), "svcca"),
    _own("pairwise_pwcca", square(pwcca), "pwcca"),
    _own("pairwise_pwcca", None, "google", "pairwise_pwcca-google", definition="google"),
    _own("pairwise_cka", square(reference.linear_cka), "cka"),
    _own("pairwise_cka", square(debiased_cka), "cka", "pairwise_cka-debiased", debiased=True),
    _own("pairwise_cka", square(reference.rbf_cka), "rbf", "pairwise_cka-rbf", kernel="rbf"),
    _own("pairwise_cka", square(rbf_debiased), "rbf", "pairwise_cka-rbf-debiased", kernel="rbf", debiased=True),
    _own("pairwise_procrustes", angles, "procrustes"),
    _own("pairwise_rsa", square(rsa), "rsa"),
    Function("pairwise", "pairwise", lambda r, **o: np.array(list(pyrnnsim.pairwise(r, **o).values())), five, "pwcca"),
    Function(
        "cross_distances",
        "cross_distances",
        lambda reps, **options: pyrnnsim.cross_distances(_first(reps), reps, **options),
        between,
        "pwcca",
        "[ab]",
    ),
    _named("cca", square(cca), "cca"),
    _named("svcca", square(reference.svcca), "svcca"),
    _named("pwcca", square(pwcca), "pwcca"),
    _named("cka", square(reference.linear_cka), "cka"),
    _named("procrustes", angles, "procrustes"),
    _named("rsa", square(rsa), "rsa"),
    _named(course, courses, "callable"),
    Function(
        "canonical_correlations",
        "canonical_correlations",
        lambda reps: pyrnnsim.canonical_correlations(*_two(reps)).correlations,
        lambda networks: correlations(networks[0], networks[-1]),
        "cca",
        "[xy]",
        takes_options=False,
    ),
    _own("chance_similarity", None, "pwcca"),
    _own("chance_similarity", permuted, "pwcca", "chance_similarity-permuted", permutations=PERMUTATIONS, seed=SEED),
    Function("prepare", "prepare", _prepared, spectra, "prepare", "rep", takes_options=False),
]
BY_NAME = {function.name: function for function in FUNCTIONS}
