"""The package as a whole: how it imports, what it says about itself, and that its files agree with each other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

import pyrnnsim
from pyrnnsim import _core

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "matplotlib", "pandas", "sklearn", "tqdm", "safetensors", "scipy.linalg", "xarray")


def run_python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_no_heavy_library():
    script = f"import sys, pyrnnsim; print([name for name in {HEAVY} if name in sys.modules])"
    assert run_python(script).strip() == "[]"


def test_import_is_fast():
    script = "import time; start = time.process_time(); import pyrnnsim; print(time.process_time() - start)"
    assert min(float(run_python(script)) for _ in range(3)) < 0.35


def test_import_touches_no_global_state():
    script = """
import logging, os, random, threading, warnings
import numpy as np
before = (dict(os.environ), list(warnings.filters), np.geterr(), random.getstate(), np.random.get_state()[1].tolist())
import pyrnnsim
after = (dict(os.environ), list(warnings.filters), np.geterr(), random.getstate(), np.random.get_state()[1].tolist())
assert before == after
assert threading.active_count() == 1
assert not logging.getLogger().handlers
"""
    assert run_python(script) == ""


def test_public_names_exist_and_have_a_docstring():
    assert len(pyrnnsim.__all__) == len(set(pyrnnsim.__all__))
    for name in pyrnnsim.__all__:
        value = getattr(pyrnnsim, name)
        assert name.startswith("__") or value.__doc__, name


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation is not None
    versions = {project["version"], citation[1], metadata.version("pyrnnsim"), pyrnnsim.__version__}
    assert len(versions) == 1
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_type_information_is_installed():
    package = Path(find_spec("pyrnnsim._config").origin).parent
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


@pytest.mark.parametrize("module", ["_core", "_cuda"])
def test_the_stub_declares_what_the_extension_has(module):
    extension = pytest.importorskip(f"pyrnnsim.{module}", reason="built without it")
    stub = ast.parse((ROOT / "pyrnnsim" / f"{module}.pyi").read_text()).body
    functions = {node.name for node in stub if isinstance(node, ast.FunctionDef)}
    constants = {node.target.id for node in stub if isinstance(node, ast.AnnAssign)}
    constants = {name for name in constants if not name.startswith("_")}  # aliases for the type checker
    classes = {node.name for node in stub if isinstance(node, ast.ClassDef)}  # some exist for the type checker only
    public = {name for name in dir(extension) if not name.startswith("_")}
    assert functions | constants <= public
    assert public <= functions | constants | classes


class TestShowConfig:
    def test_says_what_was_built_and_what_is_used(self):
        config = pyrnnsim.show_config()
        assert config.version == metadata.version("pyrnnsim")
        assert config.instruction_set == _core.chosen_isa()
        assert config.instruction_set in config.available_instruction_sets
        assert set(config.available_instruction_sets) <= set(config.instruction_sets)
        assert config.cores >= 1
        assert config.libraries["torch"] == metadata.version("torch")
        assert any("openblas" in library or "mkl" in library for library in config.blas)

    def test_its_text_has_one_line_per_topic(self):
        text = str(pyrnnsim.show_config())
        assert repr(pyrnnsim.show_config()) == text
        assert len(text.splitlines()) == 8
        for part in (
            f"pyrnnsim {pyrnnsim.__version__}",
            "Python ",
            "numpy ",
            "instruction set",
            "BLAS",
            "CUDA devices",
        ):
            assert part in text

    def test_prints_nothing_and_does_not_import_torch(self):
        assert run_python("import pyrnnsim, sys; pyrnnsim.show_config(); assert 'torch' not in sys.modules") == ""

    def test_cannot_be_changed(self):
        config = pyrnnsim.show_config()
        with pytest.raises(FrozenInstanceError, match="cores"):
            config.cores = 3
        with pytest.raises(TypeError, match="does not support item assignment"):
            config.libraries["numpy"] = "0"

    def test_a_missing_library_is_said_to_be_missing(self, monkeypatch):
        def version(package: str) -> str:
            raise metadata.PackageNotFoundError(package)

        monkeypatch.setattr(metadata, "version", version)
        assert pyrnnsim.show_config().libraries["torch"] == "not installed"

    def test_a_machine_without_the_cuda_extension(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyrnnsim._cuda", None)
        assert pyrnnsim.show_config().cuda_devices.startswith("none: ")
