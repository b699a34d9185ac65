"""Workspaces of a tiny atlas."""

import shutil
from pathlib import Path

import pytest

from morphoscope.atlas import Atlas
from morphoscope.web.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "results" / "screenshots"  # kept by the integration machine


def copied_workspace(workshop, folder):
    """The tiny atlas, its ensemble and its classifier, in a folder of their own."""
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, folder / name)
    return Workspace(Atlas(folder / "atlas"))


@pytest.fixture
def workspace(workshop, tmp_path):
    """For tests that annotate or train."""
    return copied_workspace(workshop, tmp_path)


@pytest.fixture(scope="module")
def unchanged_workspace(workshop, tmp_path_factory):
    """For tests that change nothing, which share it."""
    shared = copied_workspace(workshop, tmp_path_factory.mktemp("unchanged"))
    yield shared
    assert shared.atlas.annotations.log() == []
