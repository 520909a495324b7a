"""Which part may use which: imports of the package and includes of the native code, read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CSRC = ROOT / "csrc"

#: Lowest first. A module imports from layers below its own and, inside a package, from its package.
LAYERS = [
    {"_core", "_cuda"},
    {"_dtypes", "_files", "_frame", "_lock", "_machine", "_progress", "_threads", "_warnings"},
    {"_config", "_options", "_smacof"},
    {"_out_of_sample"},
    {"_inputs", "tasks"},
    {"eigen", "populations", "similarity"},
    {"dynamics", "embedding"},
    {"groups", "separation"},
    {"summary"},
    {"figures"},
    {"__init__"},
    {"cli_frame", "report", "task_distances", "task_dynamics", "torch", "trained_task", "training_run"},
    {"cli_dissect", "cli_train", "dissection"},
    {"comparison"},
    {"cli_compare", "demo"},
    {"study"},
    {"cli_study"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
#: Arrows that point upwards on purpose, followed only when an attribute is asked for; see also `drawings`.
UPWARDS = {("__init__", "torch"), ("__init__", "study.run"), ("__init__", "comparison.run")}
#: The parts that may call the native code.
NATIVE_USERS = {"_config", "_options", "dynamics", "eigen", "populations", "similarity", "tasks", "torch"}
#: Libraries that only one layer may know.
OWNED = {"matplotlib": {"figures"}, "argparse": {"cli", "cli_frame"}}


def modules() -> dict[str, Path]:
    package = ROOT / "pyrnnsim"
    found = {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in found.items()}


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            yield node
            yield from executed(node)


def is_import_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module"


def drawings(tree: ast.AST) -> set[ast.AST]:
    """Imports of figures, through importlib, in methods called plot: a result may be drawn by what lies above it."""
    methods = {
        method
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef) and method.name == "plot"
    }
    calls = {node for method in methods for node in ast.walk(method) if is_import_call(node)}
    return {call for call in calls if str(getattr(call.args[0], "value", "")).startswith("pyrnnsim.figures.")}


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names a file imports anywhere but to draw, through importlib too; `from a import b` gives a.b."""
    names: set[str] = set()
    tree = ast.parse(path.read_text())
    drawn = drawings(tree)
    for node in executed(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif is_import_call(node) and node not in drawn:
            names |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return frozenset(names)


def own_imports(path: Path) -> set[str]:
    """Modules of this package a file imports, without the package's name; "__init__" for the package itself."""
    known = set(modules()) | LAYERS[0]
    found = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "pyrnnsim":
            continue
        inner = [".".join(parts[1:end]) for end in range(len(parts), 1, -1)]
        found.add(next((candidate for candidate in inner if candidate in known), "__init__"))
    return found


def part(module: str) -> str:
    return module.partition(".")[0]


def test_every_module_has_a_layer():
    assert {part(name) for name in modules()} - set(LEVEL) == set(), "add it to LAYERS"


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_downwards(module):
    wrong = [
        target
        for target in own_imports(modules()[module])
        if part(target) != part(module) and LEVEL[part(target)] >= LEVEL[part(module)]
    ]
    assert [target for target in wrong if (module, target) not in UPWARDS] == []


def test_no_module_imports_itself_by_a_detour():
    graph = {name: own_imports(path) - {"__init__"} for name, path in modules().items()}
    for module, target in UPWARDS:
        graph[module].discard(target)
    settled: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in settled:
            for target in graph.get(name, ()):
                if target != name:
                    visit(target, (*trail, name))
            settled.add(name)

    for name in graph:
        visit(name, ())


def test_only_a_few_parts_know_the_native_code():
    users = {part(name) for name, path in modules().items() if own_imports(path) & LAYERS[0]}
    assert users <= NATIVE_USERS | {"__init__"}


@pytest.mark.parametrize("library", OWNED)
def test_a_library_has_one_owner(library):
    users = {part(name) for name, path in modules().items() if any(i.split(".")[0] == library for i in imports(path))}
    assert users <= OWNED[library]


def native_sources() -> list[Path]:
    return sorted(path for path in CSRC.rglob("*") if path.suffix in {".hpp", ".cpp", ".cu"})


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def is_binding(path: Path) -> bool:
    return path.name.startswith(("bind_", "module"))


#: Kernels of one folder know those of lower ones; bindings know all, the table of contents the bindings.
NATIVE_LEVEL = {"common": 0, "similarity": 1, "tasks": 1, "cells": 2, "eig": 2, "graphs": 2, "dynamics": 3}
BINDING_LEVEL = 1 + max(NATIVE_LEVEL.values())


def native_level(path: Path) -> int:
    if path.parent == CSRC:
        return BINDING_LEVEL + 1
    return BINDING_LEVEL if is_binding(path) else NATIVE_LEVEL[path.parent.name]


@pytest.mark.parametrize("source", native_sources(), ids=lambda path: str(path.relative_to(CSRC)))
def test_includes_point_downwards(source):
    for name in includes(source):
        target = (source.parent / name).resolve()
        if target.is_file():
            assert native_level(target) <= native_level(source), name
            level_with_it = target.parent != source.parent and native_level(target) == native_level(source)
            assert not level_with_it or is_binding(source), f"{name}: {source.parent.name} does not know it"
        else:
            assert "/" not in name or name.startswith(("sys/", "pybind11/")), f"{name} is not found"


@pytest.mark.parametrize(
    "source",
    [path for path in native_sources() if not is_binding(path)],
    ids=lambda path: str(path.relative_to(CSRC)),
)
def test_kernels_know_neither_python_nor_torch(source):
    assert [name for name in includes(source) if re.match(r"pybind11|Python\.h|torch|ATen|c10", name)] == []


@pytest.mark.parametrize(
    "source",
    [path for path in native_sources() if path.suffix == ".hpp"],
    ids=lambda path: str(path.relative_to(CSRC)),
)
def test_headers_are_included_once_and_say_what_they_are(source):
    lines = source.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert "#pragma once" in lines


def test_every_source_is_listed_in_cmake():
    listed = set(re.findall(r"csrc/[\w/]+\.(?:cpp|cu)", (ROOT / "CMakeLists.txt").read_text()))
    assert listed == {str(path.relative_to(ROOT)) for path in native_sources() if path.suffix != ".hpp"}
