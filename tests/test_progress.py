"""Progress is seen by those who watch, tells the truth about the time left, and ends its line."""

import io
import logging
import re
import sys
import threading
import types

import pytest

from pyrnnsim import _progress
from pyrnnsim._progress import progress_bar

LINE = re.compile(r"^work: +(\d+)% ([\d.]+[kMG]?)/([\d.]+[kMG]?) pairs \[(\d\d:\d\d)<(\d\d:\d\d|\?)\]$")


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self):
        return True


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Drives our own clock and tqdm's."""
    clock = Clock()
    monkeypatch.setattr(_progress, "time", types.SimpleNamespace(monotonic=clock))
    real = _progress._bar_class

    def timed():
        bar = real()
        original = bar.__init__

        def start(self, **options):
            original(self, **options)
            self._time = clock
            self.start_t = self.last_print_t = clock.now

        bar.__init__ = start
        return bar

    monkeypatch.setattr(_progress, "_bar_class", timed)
    return clock


@pytest.fixture
def terminal(monkeypatch, request):
    """A terminal in the place of standard error, set in the test itself: capturing sets its own after the fixtures."""
    terminal = Terminal()
    original = request.node.obj

    def with_terminal(*arguments, **keywords):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            return original(*arguments, **keywords)

    request.node.obj = with_terminal
    return terminal


def lines(terminal):
    return [part.strip() for part in re.split("[\r\n]+", terminal.getvalue()) if part.strip()]


def run(clock, mode, steps=4, seconds=10.0, total=4e6, **options):
    with progress_bar(total, "work", mode, **options) as progress:
        for _ in range(steps):
            clock.now += seconds
            progress.update(1e6)


def test_shows_amount_and_the_time_left(clock, terminal):
    run(clock, True)
    shown = [LINE.match(line).groups() for line in lines(terminal)]
    assert shown[0] == ("0", "0.00", "4.00M", "00:00", "?")
    assert shown[1] == ("25", "1.00M", "4.00M", "00:10", "00:30")
    assert shown[-1] == ("100", "4.00M", "4.00M", "00:40", "00:00")


def test_the_time_left_is_the_mean_and_not_the_latest_speed(clock, terminal):
    with progress_bar(100, "work", True) as progress:
        for seconds in (1, 1, 1, 97):
            clock.now += seconds
            progress.update(10)
        assert lines(terminal)[-1].endswith("[01:40<02:30]")


def test_work_of_an_earlier_run_counts_as_done_but_not_as_speed(clock, terminal):
    with progress_bar(100, "work", True, initial=80) as progress:
        clock.now += 10
        progress.update(10)
    assert lines(terminal)[-1] == "work:  90% 90.0/100 pairs [00:10<00:10]"


def test_each_kind_of_work_is_judged_by_its_own_speed(clock, terminal):
    with progress_bar(100, "work", True) as progress:
        progress.expect({"slow": 20, "fast": 80})
        clock.now += 60
        progress.update(10, "slow")
        assert lines(terminal)[-1] == "work:  10% 10.0/100 pairs [01:00<?]"
        clock.now += 5
        progress.update(10, "fast")
        assert progress.left == 80
        assert lines(terminal)[-1] == "work:  20% 20.0/100 pairs [01:05<01:35]"


def test_a_better_idea_of_what_is_left_keeps_the_speeds(clock, terminal):
    with progress_bar(100, "work", True) as progress:
        progress.expect({"slow": 20, "fast": 80})
        clock.now += 40
        progress.update(20, "slow")
        progress.expect({"slow": 10, "fast": 30}, done=40)
        clock.now += 10
        progress.update(10, "fast")
    assert lines(terminal)[-1] == "work:  70% 70.0/100 pairs [00:50<00:40]"


def test_kinds_of_which_nothing_is_left_need_no_speed(clock, terminal):
    with progress_bar(100, "work", True) as progress:
        progress.expect({"none": 0, "all": 100})
        clock.now += 10
        progress.update(50, "all")
    assert lines(terminal)[-1] == "work:  50% 50.0/100 pairs [00:10<00:10]"


def test_auto_waits_one_second_and_then_knows_what_was_done(clock, terminal):
    with progress_bar(100, "work", "auto") as progress:
        clock.now += 0.9
        progress.update(10)
        assert terminal.getvalue() == ""
        clock.now += 9.1
        progress.update(10)
    assert lines(terminal)[0] == "work:  20% 20.0/100 pairs [00:10<00:40]"


def test_auto_stays_silent_in_a_short_run(clock, terminal):
    run(clock, "auto", seconds=0.2)
    assert terminal.getvalue() == ""


def test_false_is_silent(clock, terminal):
    run(clock, False)
    assert terminal.getvalue() == ""


def test_auto_is_silent_where_nobody_watches(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    run(clock, "auto")
    assert sys.stderr.getvalue() == ""


def test_true_writes_few_lines_where_nobody_watches(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    run(clock, True, steps=400, seconds=0.1, total=4e8)
    assert 3 <= len(lines(sys.stderr)) <= 7


@pytest.mark.parametrize("shell", ["ZMQInteractiveShell", "TerminalInteractiveShell"])
def test_a_notebook_counts_as_watching(monkeypatch, shell):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    module = types.ModuleType("IPython")
    module.get_ipython = lambda: type(shell, (), {})()
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert _progress._is_watched() == (shell == "ZMQInteractiveShell")


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_exception_ends_the_line_and_passes_through(clock, terminal, kind):
    def stopped():
        with progress_bar(100, "work", True) as progress:
            clock.now += 5
            progress.update(50)
            raise kind("stop")

    with pytest.raises(kind, match="stop"):
        stopped()
    assert terminal.getvalue().endswith("\n")
    assert lines(terminal)[-1] == "work:  50% 50.0/100 pairs [00:05<00:05]"


def test_more_than_the_total_is_the_total(clock, terminal):
    run(clock, True, steps=5)
    assert lines(terminal)[-1].startswith("work: 100% 4.00M/4.00M")


@pytest.mark.parametrize("mode", [True, "auto", False])
def test_no_work_at_all(clock, terminal, mode):
    with progress_bar(0, "work", mode) as progress:
        clock.now += 5
        progress.update(0)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("kind", [BrokenPipeError, ValueError])
def test_a_terminal_that_goes_away_does_not_end_the_work(clock, terminal, monkeypatch, kind):
    def gone(text):
        raise kind("gone")

    with progress_bar(100, "work", True) as progress:
        monkeypatch.setattr(terminal, "write", gone)
        for _ in range(3):
            clock.now += 5
            progress.update(10)


@pytest.mark.parametrize("mode", [True, "auto"])
@pytest.mark.parametrize("closed", [True, False])
def test_no_standard_error_at_all(clock, monkeypatch, mode, closed):
    stream = io.StringIO() if closed else None
    if closed:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    run(clock, mode)


def test_updates_from_many_threads_add_up(clock, terminal):
    with progress_bar(8000, "work", True) as progress:
        threads = [threading.Thread(target=lambda: [progress.update(1) for _ in range(1000)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "100% 8.00k/8.00k" in lines(terminal)[-1]


def test_no_thread_stays_behind(terminal):
    before = threading.active_count()
    with progress_bar(10, "work", True) as progress:
        progress.update(10)
    assert threading.active_count() == before


def test_the_log_holds_the_amount_and_one_estimate(clock, caplog):
    with caplog.at_level(logging.INFO, logger="pyrnnsim"):
        run(clock, False, seconds=20)
    assert caplog.messages == ["work: 4M pairs to do", "work: about 60 s left after 20 s"]


def test_the_log_waits_until_all_speeds_are_known_and_a_twentieth_is_done(clock, caplog):
    with caplog.at_level(logging.INFO, logger="pyrnnsim"), progress_bar(100, "work", False) as progress:
        progress.expect({"slow": 3, "fast": 97})
        clock.now += 30
        progress.update(3, "slow")
        for _ in range(3):
            clock.now += 1
            progress.update(1, "fast")
    assert caplog.messages == ["work: 100 pairs to do", "work: about 95 s left after 32 s"]
