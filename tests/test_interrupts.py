"""Tests that interrupt a process also work where the test run was started in the background."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import heed_interrupts

DISPOSITION = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"


def child_ignores_interrupts():
    done = subprocess.run([sys.executable, "-c", DISPOSITION], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


@pytest.fixture
def in_background():
    """SIGINT is ignored, as a shell without job control does for a command that ends with ``&``."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_children_of_a_run_in_the_background_heed_interrupts(in_background):
    assert child_ignores_interrupts()
    heed_interrupts()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not child_ignores_interrupts()
