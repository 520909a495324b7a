"""What this installation consists of and what it can use on this machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from pyrnnsim import _core
from pyrnnsim._machine import usable_cores

_LIBRARIES = ("numpy", "scipy", "torch", "safetensors", "threadpoolctl")


@dataclass(frozen=True, repr=False)
class Config:
    """One installation on one machine; its text form is meant to be read and to be pasted into a bug report.

    Attributes:
        version: Of pyrnnsim.
        python: Version of the interpreter.
        platform: Operating system and processor family.
        libraries: Installed version by package name; "not installed" where it is missing.
        compiler: What the extension was built with.
        cuda_build: Whether the CUDA extension was built, for which architectures, or why not.
        cuda_devices: Names of the usable CUDA devices, or why there is none.
        instruction_sets: Compiled into the extension, narrowest first.
        available_instruction_sets: Those of them that this processor can run.
        instruction_set: The one in use; the environment variable PYRNNSIM_ISA overrides the choice at import.
        cores: Cores this process may use, the default of ``n_jobs``.
        blas: BLAS libraries of NumPy and SciPy, with their current number of threads.
    """

    version: str
    python: str
    platform: str
    libraries: Mapping[str, str]
    compiler: str
    cuda_build: str
    cuda_devices: str
    instruction_sets: tuple[str, ...]
    available_instruction_sets: tuple[str, ...]
    instruction_set: str
    cores: int
    blas: tuple[str, ...]

    def __str__(self) -> str:
        rows = {
            f"pyrnnsim {self.version}": f"Python {self.python}, {self.platform}",
            "libraries": ", ".join(f"{name} {version}" for name, version in self.libraries.items()),
            "compiler": self.compiler,
            "instruction set": f"{self.instruction_set} (available: {', '.join(self.available_instruction_sets)}; "
            f"built: {', '.join(self.instruction_sets)})",
            "cores": str(self.cores),
            "BLAS": "; ".join(self.blas) or "none found",
            "CUDA extension": self.cuda_build,
            "CUDA devices": self.cuda_devices,
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())

    __repr__ = __str__


def show_config() -> Config:
    """What was built, and what it can use here: versions, instruction set, cores, BLAS, CUDA.

    Nothing is printed: a notebook or an interactive session shows the returned object, ``pyrnnsim info`` prints it.

    Returns:
        The configuration; ``str()`` of it is text of one line per topic.
    """
    return Config(
        version=_version("pyrnnsim"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        libraries=MappingProxyType({name: _version(name) for name in _LIBRARIES}),
        compiler=_core.compiler,
        cuda_build=_core.cuda_status,
        cuda_devices=_cuda_devices(),
        instruction_sets=tuple(_core.built_isas()),
        available_instruction_sets=tuple(_core.available_isas()),
        instruction_set=_core.chosen_isa(),
        cores=usable_cores(),
        blas=_blas_libraries(),
    )


def _version(package: str) -> str:
    # From the package's metadata: importing torch only to ask would take seconds.
    from importlib import metadata  # takes as long to load as a tenth of this package

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cuda_devices() -> str:
    try:
        cuda = import_module("pyrnnsim._cuda")
    except ImportError as error:
        return f"none: the CUDA extension cannot be loaded ({error})" if _is_built() else "none: no CUDA extension"
    return ", ".join(cuda.device_names()) or f"none: {cuda.status()}"


def _is_built() -> bool:
    return _core.cuda_status.startswith("on")


def _blas_libraries() -> tuple[str, ...]:
    import_module("scipy.linalg")  # loads the library whose LAPACK the kernels call
    found = import_module("threadpoolctl").threadpool_info()
    return tuple(
        f"{library['internal_api']} {library.get('version') or 'of unknown version'} ({library['num_threads']} threads)"
        for library in found
        if library.get("user_api") == "blas"
    )
