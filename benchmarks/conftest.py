"""Options, the fixture that verifies and times, and the table at the end."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

import pytest
from cases import Case, largest_error
from peak import Peak
from results import OURS, Results, Timing, save_table
from threadpoolctl import threadpool_limits

import pyrnnsim

CHECKOUTS = {
    "svcca": "google/svcca",
    "netrep": "ahwillia/netrep",
    "anatome": "moskomule/anatome",
    "sim-metric": "js-d/sim_metric",
    "fixed-point-finder": "mattgolub/fixed-point-finder",
}
#: Largest deviation from the float64 references over which nothing is timed.
TOLERANCE = {(OURS, "float32"): 1e-5, (OURS, "float64"): 1e-10, ("rival", "float32"): 1e-3, ("rival", "float64"): 1e-8}
# A call is repeated once, and until so much time has gone into it.
_ENOUGH_SECONDS, _ENOUGH_WHEN_QUICK, _MOST_ROUNDS = 0.4, 0.1, 20
_RESULTS = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pyrnnsim benchmarks")
    group.addoption("--quick", action="store_true", help="few networks: shows that everything runs")
    group.addoption("--rounds", type=int, default=2, help="fewest calls per timing, of which the fastest counts")
    group.addoption("--save-table", metavar="FILE", help="write the table as markdown, between the marks of FILE")
    for option, repository in CHECKOUTS.items():
        group.addoption(f"--{option}", metavar="DIR", help=f"checkout of {repository} to compare with")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = Results(Peak())


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Results:
    return request.config.stash[_RESULTS]


@pytest.fixture(scope="session", autouse=True)
def _one_blas_thread():
    """BLAS is pinned for both: rivals on several threads share out the work themselves, ours by n_jobs."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture
def compete(benchmark, results: Results, pytestconfig: pytest.Config) -> Callable[..., object]:
    """``compete(case, backend, call, check)``: right before fast, then timed, then written down; gives call()."""
    enough = _ENOUGH_WHEN_QUICK if pytestconfig.getoption("--quick") else _ENOUGH_SECONDS
    rounds, timer = pytestconfig.getoption("--rounds"), resolve_name(pytestconfig.getoption("benchmark_timer"))

    def run(
        case: Case,
        backend: str,
        call: Callable[[], object],
        check: Callable[[], tuple[object, object]] | None = None,
        *,
        tolerance: float | None = None,
    ) -> object:
        error = None
        if check is not None:
            error = largest_error(*check())
            limit = tolerance or TOLERANCE[backend if backend == OURS else "rival", case.dtype]
            assert error <= limit, f"{backend} is {error:.1e} from the definition, more than {limit:.0e}"
        benchmark.group = str(case)
        start = timer()
        found = call()
        first = timer() - start
        again = min(int(enough / max(first, 1e-9)), _MOST_ROUNDS)
        benchmark.pedantic(call, rounds=max(1, again, rounds - 1))
        if benchmark.stats is not None:  # else --benchmark-disable
            timing = Timing(min(first, benchmark.stats["min"]), case.items, error)
            results.add(case, backend, timing)
            benchmark.extra_info.update(_facts(case, timing, results, found), backend=backend)
        return found

    return run


def _facts(case: Case, timing: Timing, results: Results, found: object) -> dict[str, object]:
    of_gemm, of_fma = results.shares(case, timing)
    report = getattr(found, "report", None)
    shown = pyrnnsim.show_config()
    return {
        "ms_per_pair": timing.milliseconds,
        "share_of_gemm_peak": of_gemm,
        "share_of_fma_peak": of_fma,
        "threads": case.threads,
        "largest_error": timing.error,
        "pairs_refined": None if report is None else report.refined,
        "instruction_set": shown.instruction_set,
        "versions": {"pyrnnsim": shown.version, **shown.libraries},
    }


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    results = config.stash[_RESULTS]
    if not results.timings:
        return
    results.peak.measure_again()
    terminalreporter.section("milliseconds per pair (per network, for preparations); ratio = ours / rival")
    notes = [*results.remarks(), *_clock(config), *results.peak.lines(), *_machine()]
    for line in [*results.text(), "", *notes]:
        terminalreporter.write_line(line)
    path = config.getoption("--save-table")
    if path:
        save_table(Path(path), results.markdown(notes))


def _clock(config: pytest.Config) -> list[str]:
    timer = config.getoption("benchmark_timer")
    return [] if timer == "time.perf_counter" else [f"timed with {timer}, so rows of several threads show their sum"]


def _machine() -> list[str]:
    shown = pyrnnsim.show_config()
    libraries = ", ".join(f"{name} {version}" for name, version in shown.libraries.items())
    return [
        f"{_processor()}, {shown.cores} cores, {shown.platform}, instruction set {shown.instruction_set}",
        f"pyrnnsim {shown.version}, Python {shown.python}, {libraries}; {'; '.join(shown.blas)}",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A benchmark module says what it times: ``contests(config)`` lists pairs of case and backend."""
    if {"case", "backend"} <= set(metafunc.fixturenames):
        contests = metafunc.module.contests(metafunc.config)
        ids = [f"{case.key}-{backend}" for case, backend in contests]
        metafunc.parametrize(("case", "backend"), contests, ids=ids)
