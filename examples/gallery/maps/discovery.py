"""
Which classes does a map lack?
==============================

Proposals of groups that contain no label. This small scan has no labels at all, so all groups are new; the page that
:func:`morphoscope.discover` writes has pictures of each.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan("schnakenberg", grid={"a": (0.02, 0.3, 7), "b": (0.5, 1.5, 7)}, size=64, until=150)
scan = morphoscope.ensemble(plan, folder / "scan")
found = morphoscope.discover(scan, folder / "proposals", count=3)
for proposal in found.proposals:
    print(proposal.number, f"{len(proposal.runs)} runs, score {proposal.score:.2f}", proposal.ranges)

# %%
# The runs of the first proposal, as a class of their own, on the map:
morphoscope.annotate(scan, "new", found[0].runs, who="ada")
morphoscope.class_map(scan, "discovery.png", color="label")
