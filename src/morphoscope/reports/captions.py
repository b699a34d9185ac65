"""Captions of pictures of an atlas: the parameters that are not on the axes, and the classifier."""

from __future__ import annotations

import textwrap

import numpy as np

from morphoscope.atlas import Atlas
from morphoscope.atlas.reader import classifier_title


def caption(atlas: Atlas, *, width: int = 90) -> str:
    """The parameters that are not axes of the map and the classifier, in lines of at most ``width`` characters."""
    name = classifier_title(atlas)
    parts = [*_other_parameters(atlas), *([f"classifier: {name}"] if name else [])]
    return "\n".join(textwrap.wrap(", ".join(parts), width, break_on_hyphens=False))


def _other_parameters(atlas: Atlas) -> list[str]:
    """The parameters outside the plane, as ``d = 40`` or, if they differ between the runs, ``d = 10 … 40``."""
    texts = []
    for name, default in atlas.plan.model.defaults.items():
        if name in atlas.plane:
            continue
        values = atlas.values(name) if name in atlas.plan.parameter_names else np.array([default])
        low, high = (float(end) for end in (values.min(), values.max()))
        text = "varies in space" if np.isnan(low) else f"{low:g}" if low == high else f"{low:g} … {high:g}"
        drawn = " (one square for all)" if low < high else ""
        texts.append(f"{name} {text}" if np.isnan(low) else f"{name} = {text}{drawn}")
    return texts
