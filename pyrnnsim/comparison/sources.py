"""Which files are meant, and whether they hold arrays or networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyrnnsim._inputs import safetensors_header
from pyrnnsim._inputs.labels import Label
from pyrnnsim.populations.store import form_of, is_population
from pyrnnsim.populations.torch_names import is_recurrent
from pyrnnsim.training_run import NETWORKS

CALLER = "compare"
ARRAY, TORCH, POPULATION = "array", "torch", "population"
_TEXT = {ARRAY: "an array", TORCH: "a network of torch", POPULATION: "a population"}
_FORMATS = (".npy", ".safetensors", ".pt", ".pth", ".pyrnnsim")
_LISTED = "no .npy, .safetensors, .pt or .pyrnnsim file"


@dataclass(frozen=True)
class File:
    """A file and what it holds.

    Attributes:
        path: Where it is.
        kind: ``ARRAY``, ``TORCH`` or ``POPULATION``.
    """

    path: Path
    kind: str


def find_files(sources: Sequence[str]) -> list[File]:
    """Files named, and those in the directories named, in order of their names there.

    What a file holds is told by its content: a .safetensors file with a recurrent weight is a network, any other one
    an array. Of a directory of ``pyrnnsim train`` only the trained networks are taken.

    Raises:
        ValueError: If a source does not exist or is of another format, no file is found, or files hold different
            kinds of things.
    """
    files: list[File] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            inside = _inside(path)
            if not inside:
                raise ValueError(f"{CALLER}: the directory {str(source)!r} holds {_LISTED}")
            files += inside
        elif not path.exists():
            raise ValueError(f"{CALLER}: there is no file or directory {str(source)!r}")
        elif path.suffix.lower() not in _FORMATS:
            raise ValueError(
                f"{CALLER}: {str(source)!r} is neither .npy, .safetensors, .pt nor .pyrnnsim; save arrays by "
                "numpy.save, networks by torch.save(model.state_dict(), path) or Population.save"
            )
        else:
            files.append(File(path, _kind(path)))
    if not files:
        raise ValueError(f"{CALLER}: no file is given; give files or directories")
    _refuse_mixture(files)
    return files


def describe(files: Sequence[File]) -> str:
    """What was found, for the user to read."""
    words = {ARRAY: "array file", TORCH: "torch network", POPULATION: "population"}
    counts = Counter(file.kind for file in files)
    return ", ".join(f"{count} {words[kind]}{'s'[: count > 1]}" for kind, count in counts.items())


def _inside(folder: Path) -> list[File]:
    if (folder / NETWORKS).is_file():
        return [File(folder / NETWORKS, _kind(folder / NETWORKS))]
    found = []
    for child in sorted(folder.iterdir()):
        usable = child.suffix.lower() in _FORMATS and not child.name.startswith(".") and child.is_file()
        # Results and checkpoints that lie beside populations have their ending.
        if usable and (child.suffix.lower() != ".pyrnnsim" or is_population(child)):
            found.append(File(child, _kind(child)))
    return found


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix == ".pyrnnsim":
        if not is_population(path):
            form = form_of(path)
            what = f"is a {form!r}" if form else "is damaged, or no file of pyrnnsim"
            raise ValueError(f"{CALLER}: {path} {what}; expected what Population.save writes")
        return POPULATION
    if suffix == ".safetensors":
        tensors = safetensors_header.read(path, Label(CALLER, "files", name=path.stem))
        return TORCH if any(map(is_recurrent, tensors)) else ARRAY
    return ARRAY if suffix == ".npy" else TORCH


def _refuse_mixture(files: Sequence[File]) -> None:
    array = next((file for file in files if file.kind == ARRAY), None)
    network = next((file for file in files if file.kind != ARRAY), None)
    if array is not None and network is not None:
        raise ValueError(
            f"{CALLER}: {array.path} holds {_TEXT[array.kind]}, {network.path} {_TEXT[network.kind]}; compare arrays "
            "or networks, or save the states of the networks as arrays"
        )
