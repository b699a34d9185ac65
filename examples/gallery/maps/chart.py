"""
Groups without labels
=====================

A chart divides the patterns of a scan into groups by their texture, for any model, before anybody has labelled one.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan("brusselator", grid={"A": (2.5, 5, 8), "B": (5, 11, 8)}, size=64, until=100)
chart = morphoscope.chart(plan, folder / "chart")
print(chart.counts())
morphoscope.class_map(chart, "chart.png")

# %%
# Who has looked at the groups names them, and what was a chart can train a classifier:
group = next(name for name in chart.counts() if name.startswith("g"))
named = morphoscope.regroup(chart, rename={group: "spots"}, confirm=True, who="ada")
print(named.counts())
