"""Tests in a browser are not skipped in silence, and not at all on an integration machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ONE = "tests/reports/test_report_page.py"


WORKERS = pytest.mark.parametrize("workers", [0, 1])


def pytest_without_chromium(tmp_path, workers, **variables):
    """A run of the tests in a browser on a machine that has none, in the process itself or in a worker of it."""
    environment = {**os.environ, "PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), **variables}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(workers), ONE],
        capture_output=True, text=True, cwd=ROOT, env=environment,
    )  # fmt: skip


@WORKERS
def test_the_last_line_says_what_was_not_tested(tmp_path, workers):
    done = pytest_without_chromium(tmp_path, workers, CI="")
    assert done.returncode == 0, done.stdout
    assert "4 skipped" in done.stdout
    last = done.stdout.rstrip().splitlines()[-1]
    assert last.startswith("not tested: 4 tests in a browser: no Chromium; install chromium, or run")


@WORKERS
def test_an_integration_machine_fails_without_a_browser(tmp_path, workers):
    done = pytest_without_chromium(tmp_path, workers, CI="true")
    assert done.returncode == 1, done.stdout
    assert "4 errors" in done.stdout
    assert "no Chromium" in done.stdout
