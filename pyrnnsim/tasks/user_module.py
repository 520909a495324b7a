"""Modules that hold tasks of your own: found, read and run, once for each content."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, TracebackType

_LOADED: dict[tuple[str, str], UserModule] = {}


class ChangedError(ValueError):
    """A module is not what it was."""


class MissingError(ValueError):
    """The file of a module is gone."""


@dataclass(frozen=True, eq=False)
class UserModule:
    """A module that was run.

    Attributes:
        location: Absolute path of a file, or the name of an importable module.
        path: The file of its source.
        digest: 32 hexadecimal digits of the source; line ends of other systems do not count.
        contents: What it defines.
    """

    location: str
    path: Path
    digest: str
    contents: ModuleType


def is_file_name(module: str) -> bool:
    """Whether text names a file, rather than an importable module."""
    return module.endswith(".py") or os.sep in module or "/" in module


def locate(caller: str, module: object, folder: Path) -> str:
    """The location of a module as :class:`UserModule` has it. Nothing is run.

    Args:
        caller: For the errors.
        module: Path of a Python file, or a name such as ``"lab.tasks"``.
        folder: That a path is relative to.
    Raises:
        TypeError, ValueError: If it is neither, or there is no such file.
    """
    if not isinstance(module, str):
        raise TypeError(f'{caller}: module must be text such as "my_tasks.py" or "lab.tasks", got {module!r}')
    if is_file_name(module):
        path = (folder / Path(module).expanduser()).resolve()
        if not path.is_file():
            raise ValueError(f"{caller}: there is no file {path}; give the path of a Python file with a task")
        return str(path)
    if not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(f'{caller}: module must be such as "my_tasks.py" or "lab.tasks", got {module!r}')
    if (folder / f"{module}.py").is_file() and module not in sys.modules:
        raise ValueError(f"{caller}: module {module!r} is a file; write module = '{module}.py'")
    return module


def load_module(caller: str, location: str, digest: str | None = None) -> UserModule:
    """Run a module, unless this process has run the same content; this is running code of the user.

    It is run from its source under a private name: neither a compiled file beside it nor an import of the same module
    can differ from what the digest is of. Its folder is not searched for other modules.

    Args:
        caller: For the errors.
        location: From :func:`locate`.
        digest: Of the source as it has to be; None takes what is there.
    Raises:
        ChangedError: If the source has another digest.
        MissingError: If the file is gone.
        ValueError: If there is no such module, it has no source, or it raises; with file, line and exception.
        OSError: If it cannot be read.
    """
    if digest is not None and (location, digest) in _LOADED:
        return _LOADED[location, digest]
    path, package = _source(caller, location)
    try:
        source = path.read_bytes()
    except OSError as error:
        raise OSError(error.errno, f"{caller}: cannot read {path}: {error.strerror}") from error
    found = source_digest(source)
    if digest not in (None, found):
        raise ChangedError(f"{caller}: {path} has changed")
    if (location, found) not in _LOADED:
        _LOADED[location, found] = UserModule(location, path, found, _run(caller, path, package, source))
    return _LOADED[location, found]


def source_digest(source: bytes) -> str:
    """32 hexadecimal digits of a source."""
    return blake2b(source.replace(b"\r\n", b"\n"), digest_size=16).hexdigest()


def digest_of(task: object) -> str | None:
    """The digest of the module that an object's class was read from; None for one that Python imported itself."""
    name = type(task).__module__
    return next((one.digest for one in _LOADED.values() if one.contents.__name__ == name), None)


@contextmanager
def user_code(caller: str, path: Path) -> Iterator[None]:
    """Say of exceptions that pass through a module where in it they arose; others pass as they are.

    Raises:
        ValueError: With file, line and exception, from that exception.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        line = line_of(error, path)
        if line is None:
            raise
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        kind = type(error).__name__
        hint = "; install it or set PYTHONPATH, for the file's folder is not searched"
        text += hint if isinstance(error, ModuleNotFoundError) else ""
        raise ValueError(f"{caller}: {path}, line {line}: {kind}{': ' if text else ''}{text}") from error


def line_of(error: BaseException, path: Path) -> int | None:
    """The last line of a file that an exception passed; None if it passed none."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    found, trace = None, error.__traceback__
    while isinstance(trace, TracebackType):
        if trace.tb_frame.f_code.co_filename == str(path):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _source(caller: str, location: str) -> tuple[Path, str]:
    """File and package of a module."""
    if is_file_name(location):
        if not Path(location).is_file():
            raise MissingError(f"{caller}: {location} is missing")
        return Path(location), ""
    try:
        spec = find_spec(location)
    except Exception as error:  # raised by a package that it lies in, which this imports
        if isinstance(error, ModuleNotFoundError) and location.startswith(f"{error.name}."):
            raise ValueError(_absent(caller, location)) from error
        raise ValueError(f"{caller}: cannot import {location!r}: {type(error).__name__}: {error}") from error
    if spec is None:
        raise ValueError(_absent(caller, location))
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise ValueError(f"{caller}: module {location!r} has no Python source; give a module that is one .py file")
    return Path(spec.origin), spec.parent or ""


def _absent(caller: str, location: str) -> str:
    return f"{caller}: there is no module {location!r}; install it, set PYTHONPATH, or give the path of a .py file"


def _run(caller: str, path: Path, package: str, source: bytes) -> ModuleType:
    name = f"_pyrnnsim_user_{blake2b(str(path).encode() + source, digest_size=8).hexdigest()}_{path.stem}"
    module = ModuleType(f"{package}.{name}" if package else name)
    vars(module).update(__file__=str(path), __package__=package)
    sys.modules[module.__name__] = module  # where dataclasses look for the names in annotations
    try:
        with user_code(caller, path):
            exec(compile(source, str(path), "exec", dont_inherit=True), vars(module))  # noqa: S102
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module
