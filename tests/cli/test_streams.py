"""Output in any encoding, closed, read by a program that leaves, or on a full disk."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = f"{sys.executable} -m morphoscope"


def shell(script, **environment):
    import os

    return subprocess.run(
        ["bash", "-c", script], capture_output=True, env={**os.environ, **environment}, timeout=120, check=False
    )


@pytest.mark.parametrize("arguments", ["theory gray-scott", "models --json"])
def test_ascii_output(arguments):
    done = shell(f"{COMMAND} {arguments}", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    if "json" in arguments:
        assert any("–" in json.dumps(model, ensure_ascii=False) for model in json.loads(text))


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("| head -1 > /dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        (">&-", 0, ""),
        ("> /dev/full", 2, "error: can't write to standard output: no space left on device"),
    ],
)
def test_where_output_ends(ending, code, said):
    if "full" in ending and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = shell(f"{COMMAND} models --json {ending}")
    assert (done.returncode, done.stderr.decode().strip()) == (code, said)
