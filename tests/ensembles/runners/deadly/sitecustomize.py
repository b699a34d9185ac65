"""On the path of the tests' workers: runs whose seeds are in the file $DEADLY_SEEDS kill their process."""

import os
import signal
from pathlib import Path

from morphoscope.engines.cpu.engine import CpuEngine

_run = CpuEngine.run


def _deadly_run(self, job, watch=None):
    if str(job.seed) in Path(os.environ["DEADLY_SEEDS"]).read_text().split():
        os.kill(os.getpid(), signal.SIGKILL)
    return _run(self, job, watch)


CpuEngine.run = _deadly_run
