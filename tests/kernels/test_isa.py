"""Choice of the instruction set at import."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from pyrnnsim import _core


def import_core(isa: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYRNNSIM_ISA"}
    if isa is not None:
        environment["PYRNNSIM_ISA"] = isa
    script = "from pyrnnsim import _core; print(_core.chosen_isa())"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)


def test_available_are_the_first_of_those_built():
    assert _core.built_isas()[: len(_core.available_isas())] == _core.available_isas()
    assert _core.built_isas()[0] == "base"
    assert _core.chosen_isa() in _core.available_isas()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="one instruction set elsewhere")
def test_every_level_is_built():
    assert _core.built_isas() == ["base", "avx2", "avx512"]


@pytest.mark.parametrize("unset", [None, ""])
def test_the_widest_is_the_default(unset):
    assert import_core(unset).stdout.strip() == _core.available_isas()[-1]


@pytest.mark.parametrize("isa", _core.available_isas())
def test_the_environment_variable_overrides(isa):
    assert import_core(isa).stdout.strip() == isa


@pytest.mark.parametrize("isa", ["sse9", "AVX2", "avx2 "])
def test_an_unknown_name_fails_with_a_remedy(isa):
    done = import_core(isa)
    assert done.returncode != 0
    offered = ", ".join(_core.available_isas())
    assert f"PYRNNSIM_ISA is '{isa}', but this build on this machine offers: {offered}; unset it" in done.stderr
