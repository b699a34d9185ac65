"""The short campaign; the long one is ``make torture``."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.faults.bench import each_call
from tests.faults.report import table
from tests.faults.tally import Tally

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or not sys.platform.startswith("linux"), reason="needs Linux and a C compiler"
)


def test_nothing_is_lost_or_wrong_in_the_short_campaign():
    # Killed workers of a cluster: tests/ensembles/runners/test_dask.py. Starting clusters here would take minutes.
    campaigns = ["calls", "kills", "damage", "pairs", "clocks"]
    command = [sys.executable, "-m", "tests.faults", "--short", "--only", *campaigns]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["wrong"] == 0, done.stdout
    assert counted["trials"] > 100
    assert done.returncode == 0


def test_calls_are_spread_over_the_work():
    assert list(each_call({"write": 7}, "write", 100)) == [1, 2, 3, 4, 5, 6, 7]
    assert list(each_call({"write": 7}, "write", 2)) == [1, 5]
    assert list(each_call({"write": 0}, "write", 2)) == []


def test_the_table_sums_its_rows():
    rows = [Tally("a", "x", trials=3, as_before=1, refused=2), Tally("b", "y", trials=2, killed=2, wrong=["lost"])]
    assert table(rows).splitlines()[-1] == "| all |  | 5 | 1 | 2 | 2 | 0 | 1 |"
