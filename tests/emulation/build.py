"""Compiles the sources of this folder with the C++ compiler of the machine and loads them through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parents[1] / "csrc" / "similarity"
COMPILER = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")


def compile_library(source: str, directory: Path, kernel: Path | None = None) -> ctypes.CDLL:
    """Compile ``source`` of this folder into a shared library, with ``kernel`` (a .cu file) inside.

    Raises:
        RuntimeError: If the compiler refuses; the text is the compiler's.
    """
    library = directory / f"{Path(source).stem}.so"
    command = [str(COMPILER), "-std=c++20", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"]
    command += ["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", f"-I{HERE}", f"-I{KERNELS}"]
    if kernel is not None:
        command.append(f'-DKERNEL_SOURCE="{kernel}"')
    done = subprocess.run(
        [*command, str(HERE / source), "-o", str(library)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{COMPILER} failed on {source}:\n{done.stderr}")
    return ctypes.CDLL(str(library))
