"""Calls that must be refused, with what their errors must say."""

from __future__ import annotations

import numpy as np
from reliability.spoils import networks

import pyrnnsim

REPS = networks((4, 6, 5, 4, 3))
LIST = list(REPS.values())


def distances(**options):
    return lambda: pyrnnsim.pairwise_distances(LIST, **options)


def many(**options):
    return lambda: pyrnnsim.pairwise(LIST, **options)


def chance(**options):
    return lambda: pyrnnsim.chance_similarity(LIST, **options)


def gives(value):
    return distances(metric=lambda x, y: value)


ERRORS = {
    # metrics
    "metric near": (distances(metric="pwca"), ValueError, r"unknown metric 'pwca'; did you mean 'pwcca'\?"),
    "metric case": (distances(metric="CKA"), ValueError, r"unknown metric 'CKA'; did you mean 'cka'\?"),
    "metric far": (distances(metric="xyz"), ValueError, "unknown metric 'xyz'; expected one of cca, svcca, pwcca, cka"),
    "metric type": (distances(metric=3), TypeError, "metric must be a name or a function of two arrays, got 3"),
    "metric text": (distances(metric="svcca:0.9"), ValueError, "not understood at '0.9'; write name:option=value"),
    "metric twice": (distances(metric="svcca:variance=0.9", variance=0.5), (TypeError, ValueError), "variance"),
    "cross metric": (lambda: pyrnnsim.cross_distances(LIST, LIST, metric="ckaa"), ValueError, "did you mean 'cka'"),
    "chance metric": (chance(metric=len), TypeError, "metric must be the name of a measure"),
    "measures word": (many(measures="cca"), ValueError, "measures must be a list of cca, svcca, .*, got 'cca'"),
    "measures near": (many(measures=["pwca"]), ValueError, "'pwca'"),
    "measures none": (many(measures=[]), ValueError, r"measures must be a list"),
    "measures number": (many(measures=5), TypeError, "measures must be a list"),
    "measures twice": (many(measures=["cca", "cca"]), ValueError, "names one twice"),
    "measures rsa": (many(measures=["rsa"]), ValueError, "measures must be one of"),
    # options of the measures
    "own option near": (lambda: pyrnnsim.pairwise_svcca(LIST, varience=0.9), TypeError, "did you mean 'variance'"),
    "own option near cka": (lambda: pyrnnsim.pairwise_cka(LIST, kernal="rbf"), TypeError, "did you mean 'kernel'"),
    "own option near rsa": (
        lambda: pyrnnsim.pairwise_rsa(LIST, dissimilarty="cosine"),
        TypeError,
        "did you mean 'dissimilarity'",
    ),
    "own option by name": (
        distances(metric="svcca", varience=0.9),
        TypeError,
        "of metric 'svcca'; did you mean 'variance'",
    ),
    "own option of another": (
        distances(metric="cca", side="first"),
        TypeError,
        "unknown option 'side' of metric 'cca'",
    ),
    "chance option near": (chance(permutation=3), TypeError, "did you mean 'permutations'"),
    "function option": (
        distances(metric=max, sides=1),
        TypeError,
        "unknown option 'sides'; a metric that is a function takes none",
    ),
    "variance": (distances(metric="svcca", variance=1.5), ValueError, r"variance must lie in \(0, 1\], got 1\.5"),
    "variance nan": (distances(metric="svcca", variance=np.nan), ValueError, "variance must lie in"),
    "variance type": (distances(metric="svcca", variance="all"), TypeError, "variance must be a number"),
    "components": (distances(metric="svcca", n_components=0), ValueError, "n_components must be at least 1, got 0"),
    "components type": (distances(metric="svcca", n_components=2.0), TypeError, "n_components must be an int"),
    "threshold": (
        distances(metric="svcca", threshold_on="s"),
        ValueError,
        "threshold_on must be one of 'variance', 'singular",
    ),
    "side": (
        distances(side="left"),
        ValueError,
        "side must be one of 'mean', 'first', 'second', 'smaller', got 'left'",
    ),
    "norm": (distances(norm=1), ValueError, "norm must be one of 'l1', 'l2', got 1"),
    "google": (distances(definition="google", side="first"), ValueError, "definition='google' fixes side and norm"),
    "kernel": (distances(metric="cka", kernel="poly"), ValueError, "kernel must be one of 'linear', 'rbf', got 'poly'"),
    "bandwidth": (distances(metric="cka", bandwidth=1.0), ValueError, "bandwidth is an option of kernel='rbf'"),
    "bandwidth sign": (
        distances(metric="cka", kernel="rbf", bandwidth=-1.0),
        ValueError,
        "bandwidth is -1.0; expected",
    ),
    "debiased": (distances(metric="cka", debiased="yes"), TypeError, "debiased must be True or False, got 'yes'"),
    "dissimilarity": (
        distances(metric="rsa", dissimilarity="l2"),
        ValueError,
        "dissimilarity is 'l2'; expected one of",
    ),
    "compare": (
        distances(metric="rsa", compare="kendall"),
        ValueError,
        "compare is 'kendall'; expected one of 'spearman'",
    ),
    "condensed": (distances(condensed="yes"), TypeError, "condensed must be True or False, got 'yes'"),
    "block": (
        chance(permutations=2, block=7),
        ValueError,
        "block must divide the 40 samples into two blocks or more, got 7",
    ),
    "block alone": (chance(block=4), ValueError, "block is an option of permutations"),
    "permutations": (chance(permutations=-1), ValueError, "permutations must be 0 or more, got -1"),
    "chance form": (chance(metric="procrustes"), ValueError, "has no closed form; pass permutations=20"),
    "chance out": (chance(out="d.npy"), TypeError, "out is not an option here"),
    "cross names": (lambda: pyrnnsim.cross_distances(LIST, LIST, names=list("abcde")), TypeError, "names is not taken"),
    "one array for many": (many(out=np.empty((5, 5))), ValueError, "out is one array for 5 measures; pass a path"),
    "prepare dtype": (lambda: pyrnnsim.prepare(LIST[0], dtype="float16"), (TypeError, ValueError), "float32"),
    # the user's own metric
    "metric nan": (
        gives(np.nan),
        ValueError,
        r"gave (np\.float64\()?nan\)? for reps\[0\] and reps\[1\]; expected a finite number",
    ),
    "metric array": (
        gives(np.zeros(2)),
        (TypeError, ValueError),
        r"gave array\(.* for reps\[0\] and reps\[1\]; expected a finite",
    ),
    "metric text given": (gives("0.5"), (TypeError, ValueError), "gave '0.5' for .*; expected a finite number"),
    "metric None": (gives(None), (TypeError, ValueError), "gave None for .*; expected a finite number"),
    "metric complex": (gives(1j), (TypeError, ValueError), "gave 1j for .*; expected a finite number"),
    # networks
    "no container": (lambda: pyrnnsim.pairwise_cca(None), TypeError, "reps is None; expected a sequence"),
    "generator": (
        lambda: pyrnnsim.pairwise_cca(x for x in LIST),
        TypeError,
        r"reps is a generator; .*pass list\(reps\)",
    ),
    "set": (lambda: pyrnnsim.pairwise_cca({1, 2}), TypeError, r"reps is a set; expected .*pass list\(reps\)"),
    "no folder": (lambda: pyrnnsim.pairwise_cca("no/folder"), ValueError, "reps is 'no/folder', which does not exist"),
    "one array": (
        lambda: pyrnnsim.pairwise_rsa(LIST[0]),
        ValueError,
        r"reps is one array of shape \(40, 4\).*pass \[reps\]",
    ),
    "samples in cross": (
        lambda: pyrnnsim.cross_distances(REPS, {"late": LIST[0][:30]}),
        ValueError,
        r"b\[0\] \('late'\) has 30 samples, expected 40 as in a\[0\] \('alpha'\); rows must be the same probe inputs",
    ),
    "samples in two": (
        lambda: pyrnnsim.canonical_correlations(LIST[0], LIST[1][:30]),
        ValueError,
        "y has 30 samples, expected 40 as in x; rows must be the same probe inputs",
    ),
    "debiased samples": (
        lambda: pyrnnsim.pairwise_cka([x[:3, :2] for x in LIST], debiased=True),
        ValueError,
        "debiased=True needs at least 4 samples, got 3|3 samples; debiased CKA needs at least 4",
    ),
    "float32 range": (
        lambda: pyrnnsim.pairwise_cca({**REPS, "large": LIST[0] * 1e200}, dtype="float32"),
        ValueError,
        r"reps\[5\] \('large'\) holds .* beyond the float32 range .*pass dtype='float64' or rescale",
    ),
}
