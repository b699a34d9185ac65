"""
A scan and its map without any label
====================================

A scan is a plan and a folder. Every number that describes a pattern can be the colour of its map; here the dominant
wavelength.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan("schnakenberg", grid={"a": (0.02, 0.3, 8), "b": (0.5, 1.5, 8)}, size=64, until=150)
scan = morphoscope.ensemble(plan, folder / "scan")
morphoscope.describe(scan)
morphoscope.class_map(scan, "without_labels.png", color="wavelength")

# %%
# The patterns themselves, as a contact sheet:
morphoscope.montage(scan, out="contact_sheet.png", most=16)
