"""Arrays that end where the process may not read on: touching one element more ends the process."""

import ctypes
import mmap
import os
import subprocess
import sys
import textwrap

import numpy as np

_LIBC = ctypes.CDLL(None, use_errno=True)


def guarded(values):
    """A copy that ends at the end of a page before one that nobody may touch."""
    room = -(-values.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, room + mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    assert _LIBC.mprotect(ctypes.c_void_p(address + room), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    view = np.frombuffer(pages, values.dtype, values.size, room - values.nbytes).reshape(values.shape)
    view[...] = values
    return view


def run_guarded(script):
    """Run a script in a process of its own, with ``guarded``, ``np`` and ``_core`` at hand; it must come to its end."""
    imports = "import numpy as np\nfrom kernels.guard import guarded\nfrom pyrnnsim import _core\n"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", imports + textwrap.dedent(script) + "\nprint('untouched')"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "untouched\n", f"exit status {done.returncode}: {done.stderr}"
