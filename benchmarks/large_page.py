"""The explorer's page with as many runs as asked for, which were not simulated; classes are stripes along one axis."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.binary import packed
from morphoscope.web.server.site import Body, PageSite
from morphoscope.web.workspace import Workspace


def large_site(
    workspace: Workspace, side: int, scattered: bool = False
) -> tuple[PageSite, tuple[NDArray[Any], NDArray[Any]]]:
    """The site of side × side runs of a scan, or of scattered parameters, without patterns; and their k and f."""
    values, total = AtlasData(workspace, "ada").described(), side * side
    if scattered:
        k, f = np.random.default_rng(0).random((2, total))
    else:
        k, f = (part.ravel() for part in np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side)))
    stripes = (k > 0.5).astype(np.int16)
    number = np.arange(total, dtype=np.int32)
    ones, zeros = np.ones(total, np.float32), np.zeros(total, np.uint8)
    table = {"run": number, "read": stripes, "readBy": zeros, "probability": ones, "unknown": zeros, "p_f": f, "p_k": k}
    manifest = {**values, "total": total, "first": 0, "variables": []}
    labels = packed({"revision": 1, "classes": values["classes"]}, {"label": stripes, "annotated": zeros})
    data = {
        "manifest": lambda _: Body(json.dumps(manifest).encode(), "application/json"),
        "table": lambda _: Body(packed({"decisions": ["network"], "total": total}, table)),
        "labels": lambda _: Body(labels),
        "theory": lambda _: Body(b"[]", "application/json"),
    }
    return PageSite("large", data, {"ping": lambda: "pong"}), (k, f)
