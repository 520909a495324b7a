"""A real browser for the tests of pages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
BROWSER = os.environ.get("PYRNNSIM_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)

#: Runs after the page's own script and leaves what its steps saw in an element.
DRIVER = (Path(__file__).parent / "driver.js").read_text(encoding="utf-8")


def browse(path: Path, *options: str) -> str:
    """What the browser writes to its standard output; the page must not complain."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,1600",
        "--enable-logging=stderr",
    ]
    command += [f"--user-data-dir={path.parent / 'profile'}", *options, path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == [], "the page's script or its security policy complains"
    return done.stdout


def drive(page: str, folder: Path, steps: str) -> dict:
    """What the steps found in a page; the policy is taken out, or it would keep the driver out."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    driven = folder / "driven.html"
    script = f"<script>{DRIVER.replace('/* steps */', steps)}</script></body>"
    driven.write_text(text.replace("</body>", script), "utf-8")
    found = re.search(r'<pre id="seen">(.*?)</pre>', browse(driven, "--dump-dom"), re.DOTALL)
    assert found is not None, "the driver did not reach its end"
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
