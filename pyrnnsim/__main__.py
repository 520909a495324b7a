"""``python -m pyrnnsim``: the same as the ``pyrnnsim`` command."""

from __future__ import annotations

from pyrnnsim.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
