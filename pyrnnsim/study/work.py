"""What a stage is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyrnnsim._progress import ProgressMode, progress_bar
from pyrnnsim.study.configuration import Configuration
from pyrnnsim.study.folder import StudyFolder
from pyrnnsim.study.leftovers import STEP
from pyrnnsim.study.manifest import write_manifest
from pyrnnsim.study.stage_folder import StageFolder
from pyrnnsim.tasks import Task


@dataclass(frozen=True)
class Work:
    """One stage of one task of a study.

    Attributes:
        study: The directory.
        task_name: Whose stage it is.
        stage: Its files.
        key: What decides its results; see :class:`pyrnnsim.study.manifest.Manifest`.
        n_jobs: Threads; no result depends on it.
        progress: As everywhere.
        say: Receives lines about the progress.
    """

    study: StudyFolder
    task_name: str
    stage: StageFolder
    key: str
    n_jobs: int | None
    progress: ProgressMode
    say: Callable[[str], None]

    @property
    def configuration(self) -> Configuration:
        """Of the study."""
        return self.study.configuration

    @property
    def task(self) -> Task:
        """Whose stage it is."""
        return self.configuration.task(self.task_name)

    def path(self, name: str) -> Path:
        """Where a result of this stage goes."""
        return self.stage.path / name

    def earlier(self, stage: str) -> StageFolder:
        """The finished files of an earlier stage of this task."""
        return self.study.stage(self.task_name, stage)

    def done(self, name: str, load: Callable[[Path], object]) -> bool:
        """Whether an interrupted run left this result, whole; what cannot be loaded is computed again."""
        path = self.path(name)
        if not path.exists():
            return False
        try:
            load(path)
        except (ValueError, KeyError, TypeError):
            path.unlink()
            return False
        return True

    def once(self, step: str, make: Callable[[], Sequence[Path]]) -> None:
        """Make files that carry no checksum of their own, unless an interrupted run did: a hidden record says so.

        Args:
            step: Its name.
            make: Writes the files and says which.
        """
        record = self.path(f"{STEP}{step}.json")
        if not record.exists():
            write_manifest(record, self.stage.path, make(), self.key, 0.0)

    @contextmanager
    def items(self, total: int, size: int, unit: str) -> Iterator[Iterator[tuple[int, slice]]]:
        """Numbers and ranges of work items of some size, with a bar and the time left."""
        description = f"{self.task_name}: {self.stage.path.name}"
        with progress_bar(total, description, self.progress, unit=unit) as bar:

            def each() -> Iterator[tuple[int, slice]]:
                for number, start in enumerate(range(0, total, size)):
                    yield number, slice(start, min(start + size, total))
                    bar.update(min(size, total - start))
                    self.stage.note(self.key)

            yield each()


def parts(names: Sequence[str], prefix: str) -> list[str]:
    """Those names that are the numbered parts of a result, in order."""
    return sorted(name for name in names if name.startswith(f"{prefix}-"))
