"""Modules of tasks: what is run, how often, and what is said of those that are no good."""

from __future__ import annotations

import sys

import pytest

from pyrnnsim.tasks import FlipFlop, Task
from pyrnnsim.tasks.user_module import ChangedError, MissingError, load_module, locate, user_code
from pyrnnsim.tasks.user_task import make_task, task_class, task_named

HEAD = "import numpy as np\nfrom pyrnnsim.tasks import FlipFlop, Task\n"
GOOD = """
class Echo(Task):
    inputs = outputs = 1
    steps = 4
    def trial(self, rng):
        x = rng.normal(size=(4, 1))
        return x, x
"""
DELAYED = GOOD + "    def __init__(self, delay=3):\n        self.delay = delay\n"


@pytest.fixture
def written(tmp_path):
    """Writes a module and gives its location."""

    def write(text, name="a.py"):
        (tmp_path / name).write_text(HEAD + text)
        return locate("here", name, tmp_path)

    return write


def task_from(location, name=None, arguments=None):
    module = load_module("here", location)
    return make_task("here", module, task_class("here", module, name), arguments or {})


def test_a_file_is_run_once_for_each_content(written, monkeypatch):
    runs: list[int] = []
    monkeypatch.setattr("builtins.runs", runs, raising=False)
    text = GOOD + "runs.append(1)\n"
    first = task_from(written(text))
    assert type(task_from(written(text))) is type(first)
    assert len(runs) == 1
    assert type(task_from(written(text + "# more\n"))) is not type(first)
    assert len(runs) == 2


def test_the_source_counts_and_neither_a_compiled_file_nor_line_ends(written, tmp_path):
    location = written(DELAYED)
    digest = load_module("here", location).digest
    assert task_from(location).delay == 3
    (tmp_path / "a.py").write_text(HEAD + DELAYED.replace("delay=3", "delay=4"))  # of the same length and second
    assert task_from(location).delay == 4
    (tmp_path / "b.py").write_bytes((HEAD + DELAYED).replace("\n", "\r\n").encode())
    assert load_module("here", str(tmp_path / "b.py")).digest == digest
    assert list(tmp_path.rglob("*.pyc")) == []


def test_what_was_run_need_not_be_there_any_more(written, tmp_path):
    location = written(GOOD)
    module = load_module("here", location)
    (tmp_path / "a.py").write_text("changed")
    assert load_module("here", location, module.digest) is module
    with pytest.raises(ChangedError, match=r"here: .*a\.py has changed"):
        load_module("here", location, "0" * 32)
    (tmp_path / "a.py").unlink()
    assert load_module("here", location, module.digest) is module
    with pytest.raises(MissingError, match=r"a\.py is missing"):
        load_module("here", location)


def test_dataclasses_with_annotations_as_text(tmp_path):
    text = "from dataclasses import dataclass\n@dataclass(frozen=True)\n" + GOOD.strip().replace(
        "    steps = 4\n", "    steps: int = 4\n    gain: float = 1.0\n"
    )
    (tmp_path / "b.py").write_text("from __future__ import annotations\n" + HEAD + text)
    path = str(tmp_path / "b.py")
    assert task_from(path, arguments={"gain": 2.0}).spec() == {"task": "Echo", "steps": 4, "gain": 2.0}


def test_importable_modules_and_their_relative_imports(tmp_path, monkeypatch):
    package = tmp_path / "laboratory_of_tasks"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "sizes.py").write_text("STEPS = 7\n")
    (package / "tasks.py").write_text(HEAD + "from .sizes import STEPS\n" + GOOD.replace("steps = 4", "steps = STEPS"))
    (package / "tasks.py").write_text((package / "tasks.py").read_text().replace("(4, 1)", "(STEPS, 1)"))
    monkeypatch.syspath_prepend(str(tmp_path))
    location = locate("here", "laboratory_of_tasks.tasks", tmp_path / "elsewhere")
    assert task_from(location).steps == 7
    assert "laboratory_of_tasks.tasks" not in sys.modules, "a later import of the user's is not what was run here"
    assert task_named("here", "laboratory_of_tasks.tasks:Echo").steps == 7


def test_tasks_of_the_command_line(written, tmp_path, monkeypatch):
    written(GOOD)
    monkeypatch.chdir(tmp_path)
    assert task_named("here", "flip_flop") == FlipFlop()
    assert task_named("here", "a.py").name == task_named("here", "a.py:Echo").name == "Echo"
    assert isinstance(task_named("here", str(tmp_path / "a.py")), Task)
    with pytest.raises(ValueError, match="did you mean 'flip_flop'"):
        task_named("here", "flipflop")


def test_a_failed_module_leaves_nothing(written):
    before = set(sys.modules)
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        load_module("here", written("1 / 0\n"))
    assert set(sys.modules) == before


def test_exceptions_of_elsewhere_pass_as_they_are(written):
    module = load_module("here", written(GOOD))
    with pytest.raises(KeyError), user_code("here", module.path):
        raise KeyError("x")
    with pytest.raises(KeyboardInterrupt), user_code("here", module.path):
        raise KeyboardInterrupt


MODULES = {
    "syntax": ("class Echo(Task:\n", ValueError, r"a\.py, line 3: SyntaxError: "),
    "raises": ("x = {}\nx['k']\n", ValueError, r"a\.py, line 4: KeyError: 'k'$"),
    "exits": ("raise SystemExit(3)\n", ValueError, r"a\.py, line 3: SystemExit: 3$"),
    "imports": ("import not_there_at_all\n", ValueError, "ModuleNotFoundError: .*; install it or set PYTHONPATH"),
    "no-task": ("", ValueError, r"has no task; write a class NAME\(pyrnnsim\.tasks\.Task\) with .*trial\(self, rng\)"),
    "two": (GOOD + GOOD.replace("Echo", "Other"), ValueError, "several tasks, Echo, Other; name one, class = 'Echo'"),
    "no-subclass": (GOOD.replace("(Task)", ""), TypeError, r"Echo in .* is no task; write class Echo\(pyrnnsim"),
    "no-trials": (
        "class Echo(Task):\n    steps = 1\n",
        TypeError,
        r"has no trials; write its method trial\(self, rng\)",
    ),
    "signature": (GOOD.replace("self, rng", "self"), TypeError, r"Echo\.trial cannot .*; write trial\(self, rng\)$"),
    "sizes": (GOOD.replace("    steps = 4\n", ""), TypeError, "here: Echo: set the attribute 'steps' to the number of"),
    "shape": (
        GOOD.replace("return x", "return x[1:]"),
        ValueError,
        r"here: Echo\.trial: inputs must have shape .*\(4, 1",
    ),
    "trial": (GOOD.replace("return x, x", "return x, y"), ValueError, r"a\.py, line 9: NameError: name 'y'"),
    "impure": (
        GOOD.replace("rng.n", "np.random.default_rng().n"),
        ValueError,
        "other inputs when .* all randomness from rng",
    ),
    "unkept": (
        GOOD + "    def __init__(self, late=3): pass\n",
        TypeError,
        r"no attribute 'late'; store it as self\.late",
    ),
    "changed": (
        DELAYED.replace("= delay", "= 2 * delay"),
        ValueError,
        "changes the arguments that it keeps, from .*6.* to .*12",
    ),
    "no-number": (DELAYED.replace("= delay", "= object()"), TypeError, "settings must be numbers, texts"),
    "missing": (DELAYED.replace("delay=3", "delay"), TypeError, r"arguments \{\}: Echo.*missing 1 required .*'delay'"),
    "constructor": (
        DELAYED.replace("self.delay = delay", "raise TypeError('odd')"),
        ValueError,
        "line 11: TypeError: odd$",
    ),
    "built-in": (
        GOOD.replace("    steps", "    name = 'flip_flop'\n    steps"),
        ValueError,
        "name 'flip_flop' of a built-in",
    ),
    "conditions": (
        GOOD + "    def condition_inputs(self):\n        return [0.0]\n",
        ValueError,
        r"\(conditions, 1\), .*\(1,\)",
    ),
    "no-condition": (
        GOOD + "    def condition_inputs(self):\n        return np.zeros((0, 1))\n",
        ValueError,
        "at least one",
    ),
    "probes": (
        GOOD + "    def probe_inputs(self, n=None):\n        return np.zeros((3, 1))\n",
        ValueError,
        r"\(n, steps, 1\)",
    ),
    "accuracy": (
        GOOD + "    def accuracy(self, outputs):\n        return 1\n",
        TypeError,
        r"write accuracy\(self, outputs, t",
    ),
    "frequency": (
        GOOD + "    def frequency(self, command):\n        return [1, 2]\n",
        ValueError,
        "each of the 1 condition",
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_that_are_no_good(written, name):
    text, kind, message = MODULES[name]
    with pytest.raises(kind, match=message) as caught:
        task_from(written(text))
    assert type(caught.value) in (TypeError, ValueError)
    assert str(caught.value).startswith("here: ")
    assert "\n" not in str(caught.value)


def test_what_is_fine(written):
    assert task_from(written(GOOD.replace("Echo", "_Base") + "class Echo(_Base): pass\n")).name == "Echo"
    assert task_from(written("class Mine(FlipFlop): pass\n"), arguments={"bits": 2}).spec()["bits"] == 2
    assert task_from(written(GOOD + "    frequency = 3.0\n")).frequency == 3.0, "a number commands nothing"
    some = GOOD.replace("return x, x", "return (x, x, x > -9) if x[0] > 0 else (x, x)")
    assert task_from(written(some)).steps == 4, "a mask may be left out where all matters"


@pytest.mark.parametrize(
    ("module", "kind", "message"),
    [
        (3, TypeError, 'module must be text such as "my_tasks.py" or "lab.tasks", got 3'),
        ("none.py", ValueError, r"there is no file .*none\.py; give the path"),
        ("lab tasks", ValueError, "module must be such as"),
        ("", ValueError, "module must be such as"),
        ("a", ValueError, r"module 'a' is a file; write module = 'a\.py'"),
        ("no_such_laboratory.tasks", ValueError, "there is no module 'no_such_laboratory.tasks'; install it"),
        ("no_such_module", ValueError, "there is no module 'no_such_module'; install it"),
        ("math", ValueError, "has no Python source"),
        ("pyrnnsim.tasks.flip_flop.none", ValueError, "cannot import 'pyrnnsim.tasks.flip_flop.none'"),
    ],
)
def test_places_where_there_is_none(written, tmp_path, module, kind, message):
    written(GOOD)
    with pytest.raises(kind, match=message):
        load_module("here", locate("here", module, tmp_path))


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("Ecko", ValueError, "has no class 'Ecko'; did you mean 'Echo'"),
        ("np", TypeError, "np in .* is no class but a module"),
        ("Task", TypeError, "has no trials"),
    ],
)
def test_classes_that_are_none(written, name, kind, message):
    with pytest.raises(kind, match=message):
        task_from(written(GOOD), name)


def test_unknown_arguments_name_the_nearest(written):
    with pytest.raises(TypeError, match=r"here: arguments .*unknown setting 'dealy'; did you mean 'delay'"):
        task_from(written(DELAYED), arguments={"dealy": 2})
