"""
A live cluster
==============

The same ensemble on the workers of a Dask cluster, with the same bytes. This cluster lives in the script;
``Client("tcp://HOST:8786")`` would be one that runs elsewhere.
"""

import tempfile
from pathlib import Path

import numpy as np
from distributed import Client

import morphoscope

folder = Path(tempfile.mkdtemp())
plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.05, 4), "k": (0.055, 0.063, 4)}, size=64, until=1500)
with Client(processes=False, dashboard_address=None) as client:
    on_cluster = morphoscope.ensemble(plan, folder / "cluster", cluster=client)
here = morphoscope.ensemble(plan, folder / "threads")
runs = np.arange(len(plan.runs))
print("the same bytes:", bool((on_cluster.frames(runs) == here.frames(runs)).all()))
morphoscope.montage(on_cluster, out="cluster.png")
