"""Chromium for the tests: the system's own, or the one that playwright has installed.

``python -m tests.browser`` installs playwright's where there is none; the Makefile calls it. It never fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# WebGL and WebGPU are emulated by the processor: tests need no graphics card.
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--enable-unsafe-webgpu",
         "--use-webgpu-adapter=swiftshader", "--disable-background-networking",
         "--disable-component-update"]  # fmt: skip
MISSING = "no Chromium; install chromium, or run `.venv/bin/playwright install chromium`"


def find_chromium() -> str | None:
    """The path of a Chromium, or None."""
    for name in PROGRAMS:
        if program := shutil.which(name):
            return program
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.executable_path
    return program if program and Path(program).is_file() else None


def required() -> bool:
    """Whether tests in a browser may not be skipped: on an integration machine, which sets CI."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def main() -> None:
    if find_chromium() is None:
        done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        if done.returncode != 0:
            print("tests in a browser will be skipped: " + MISSING, file=sys.stderr)


if __name__ == "__main__":
    main()
