"""
Photographs as an ensemble
==========================

Any picture is a pattern. Three textures that scikit-image ships, with a scale, and their wavelengths in millimetres.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from skimage import data

import morphoscope

folder = Path(tempfile.mkdtemp())
for name in ("brick", "gravel", "grass"):
    Image.fromarray(getattr(data, name)()[::2, ::2]).save(folder / f"{name}.png")
photographs = morphoscope.import_patterns(folder, folder / "ensemble", scale="0.5mm")
table = morphoscope.describe(photographs)

figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for place, frames, wavelength in zip(axes, photographs.frames(np.arange(3)), table.columns["wavelength"], strict=True):
    place.imshow(frames[-1], cmap="gray")
    place.set_title(f"wavelength {wavelength:.0f} mm", fontsize=9)
    place.set_axis_off()
figure.savefig("photograph.png", dpi=120)
