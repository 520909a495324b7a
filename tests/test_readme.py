import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyrnnsim

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8")


def block(pattern):
    (found,) = re.findall(pattern, TEXT, flags=re.DOTALL)
    return found


TRAINING = "".join(re.findall(r"```py\n(.*?)```", TEXT, flags=re.DOTALL))
EXAMPLE = block(r"```python\n(.*?)```")


def test_is_short():
    assert len(TEXT.splitlines()) <= 120
    assert len(re.findall(r"!\[", TEXT)) <= 4


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (
            "main",
            "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt . && .venv/bin/pyrnnsim study quick",
        ),
        (
            "tests",
            'python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e ".[test]" && .venv/bin/pytest',
        ),
    ],
)
def test_each_command_is_complete_and_marked(name, command):
    assert block(rf"<!-- run: {name} -->\n```bash\n(.*?)\n```") == command


def test_example_runs_as_printed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    same, sign, other = done.stdout.split()
    assert sign == "<"
    assert 0 < float(same) < float(other) < 1
    assert (tmp_path / "distances.png").stat().st_size > 5000


def test_training_example_runs(tmp_path):
    script = "import pyrnnsim\n" + TRAINING.replace("iterations=2000", "iterations=3, batch=2").replace("[64]", "[8]")
    script += "print(distances.shape)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(16, 16)"
    assert (tmp_path / "flip_flop.pyrnnsim").is_file()


def test_example_has_ten_lines():
    assert 8 <= len([line for line in EXAMPLE.splitlines() if line]) <= 10


def test_functions_named_exist():
    table = TEXT[TEXT.index("## From the papers") : TEXT.index("## Conventions")]
    names = [name.removeprefix("pyrnnsim.") for name in re.findall(r"`([a-z_.]+)`", table)]
    assert len(names) >= 12
    missing = [name for name in names if name != "figures" and not hasattr(pyrnnsim, name)]
    assert missing == []


def test_files_named_exist():
    named = set(re.findall(r"\b(?:constraints\.txt|CITATION\.cff|(?:docs|benchmarks)/\w+\.md)\b", TEXT))
    assert [name for name in named if not (README.parent / name).is_file()] == []
