"""What was published of a study, and of which results: a record like that of a stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyrnnsim.study.manifest import Manifest, faults, read_manifest, write_manifest
from pyrnnsim.study.publish import CLAIMS, REPORT
from pyrnnsim.study.schema import CALLER

_RECORD = "published.json"


class Publication:
    """Claims, figures and report in the directory of a study.

    Args:
        folder: The directory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._record = folder, folder / _RECORD

    def begin(self) -> None:
        """Forget the record: what is written from now on belongs to none until :meth:`finish`."""
        self._record.unlink(missing_ok=True)

    def finish(self, results: str, files: Sequence[Path], seconds: float) -> None:
        """Record what was published of the results with this fingerprint."""
        write_manifest(self._record, self._folder, files, results, seconds)

    def files(self) -> list[Path]:
        """What the record names; it must be sound."""
        return [self._folder / name for name in read_manifest(self._record).outputs]

    def manifest(self) -> Manifest | None:
        """The record; None if nothing was published, or the record is damaged."""
        try:
            return read_manifest(self._record)
        except (FileNotFoundError, ValueError):
            return None

    def state(self, results: str | None) -> str:
        """``"to do"``, ``"done"``, ``"out of date"`` or ``"damaged"``, from the sizes of files.

        Args:
            results: Fingerprint of the results that are there now; None if they are not complete.
        """
        if not self._record.exists():
            return "to do"
        manifest = self.manifest()
        if manifest is None or faults(manifest, self._folder, thorough=False):
            return "damaged"
        return "done" if manifest.key == results else "out of date"

    def problems(self, results: str | None) -> list[str]:
        """What is missing, changed or stale, after a look at every byte; empty also if nothing was ever published.

        Args:
            results: As for :meth:`state`; incomplete results make nothing stale.
        """
        manifest = self.manifest()
        if manifest is not None:
            found = faults(manifest, self._folder, thorough=True)
            if results is not None and manifest.key != results:
                found.append(f"{self._folder / REPORT} is of other results than are there now")
        elif self._record.exists():
            found = [f"{self._record} is damaged (checksum)"]
        else:
            published = [self._folder / name for name in (CLAIMS, REPORT)]
            found = [f"{self._record} is missing"] if any(one.exists() for one in published) else []
        return [f"{CALLER}: {fault}; write it again by 'pyrnnsim report {self._folder}'" for fault in found]
