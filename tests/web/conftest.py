"""Workspaces of a tiny atlas."""

import shutil
from pathlib import Path

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.proposals import Discovery, Proposal
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.workspace import Workspace
from tests.web.clients import running
from tests.web.pages import PageVisit, explorer_of

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


@pytest.fixture(scope="module")
def explorer(needs_browser, unchanged_workspace):
    """A server for tests that leave the labels as they were."""
    with explorer_of(unchanged_workspace) as server:
        yield server


@pytest.fixture(scope="module")
def live(needs_browser):
    """A server of `morphoscope live`."""
    with running(LiveSite(LiveSettings())) as server:
        yield server


@pytest.fixture(scope="session")
def charted(tmp_path_factory):
    """Schnakenberg's model on a small grid, with its ensemble beside it."""
    plan = morphoscope.scan_plan(
        "schnakenberg", grid={"a": (0.05, 0.45, 5), "b": (0.6, 1.2, 4)}, size=(32, 32), until=60
    )
    return morphoscope.chart(plan, tmp_path_factory.mktemp("groups") / "made", groups=2).folder.parent


@pytest.fixture
def proposed(workshop, tmp_path):
    """The tiny atlas with two proposals in the folder beside it."""
    workspace = copied_workspace(workshop, tmp_path)
    atlas = workspace.atlas
    proposals = []
    for number, positions in enumerate(([0, 1, 2], [3, 4]), start=1):
        read_as = {}
        for position in positions:
            name = atlas.reading.names[position]
            read_as[name] = read_as.get(name, 0) + 1
        ranges = {name: (float(atlas.values(name)[positions].min()), float(atlas.values(name)[positions].max()))
                  for name in atlas.varying}  # fmt: skip
        runs = tuple(atlas.runs[positions].tolist())
        others = [run for run in atlas.runs[atlas.members(next(iter(read_as)))].tolist() if run not in runs]
        alike = {next(iter(read_as)): tuple(others[::-1][:2])} if number == 1 else {}
        proposals.append(Proposal(number, 1 / number, runs, read_as, 1.5, 0.4, 0.9, 0.5, ranges, None, alike))
    (tmp_path / "proposals").mkdir()
    Discovery(tuple(proposals), atlas.plan.hash).save(tmp_path / "proposals")
    return workspace


@pytest.fixture
def own(chromium, workshop, tmp_path):
    """A page and a workspace of a test's own."""
    workspace = copied_workspace(workshop, tmp_path)
    with explorer_of(workspace) as server:
        opened = PageVisit(chromium, server)
        yield opened, workspace
        opened.close()
