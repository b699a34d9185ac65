"""Import, compile and load what the children need, once, in the parent."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

from tests.faults.scenarios import SCENARIOS


def up() -> None:
    """Go through all scenarios undisturbed: afterwards modules, kernels and fonts are there, and children are quick.

    A forked child has none of its parent's threads: Zarr renews its own, PyTorch is told to start none.
    """
    import torch

    torch.set_num_threads(1)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for scenario in SCENARIOS:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                with contextlib.suppress(SystemExit):
                    scenario.prepare(folder)
                with contextlib.suppress(SystemExit):
                    scenario.work(folder)()
                scenario.inspect(folder)
