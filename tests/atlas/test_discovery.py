"""Proposals of classes that nobody labelled."""

import json
import shutil

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas.annotations import FILE as ANNOTATIONS
from morphoscope.atlas.discovery import discover_classes
from morphoscope.atlas.labelled_places import Places
from morphoscope.atlas.proposals import FILE, Discovery, Proposal, load_discovery
from morphoscope.core.errors import DataError, UsageError
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.nested_groups import find_nested_groups
from tests.cli.in_process import cli_here

POINTS = {"kappa": (0.046, 0.063), "lambda": (0.03, 0.062), "theta": (0.034, 0.058)}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Ten runs each of spots, of labyrinths and of holes, at ten points each; by run, which."""
    rows = [({"f": f + 1e-4 * i, "k": k}, name) for name, (f, k) in POINTS.items() for i in range(10)]
    plan = morphoscope.scan_plan("gray-scott", points=[row for row, _ in rows], size=64, until=2500, seed=3)
    ensemble = morphoscope.ensemble(plan, tmp_path_factory.mktemp("three") / "scan")
    return ensemble.folder, np.array([name for _, name in rows])


@pytest.fixture
def folder(three, tmp_path):
    return shutil.copytree(three[0], tmp_path / "scan", ignore=shutil.ignore_patterns(ANNOTATIONS))


def labelled(folder, names, known):
    for name in known:
        morphoscope.annotate(folder, name, np.flatnonzero(names == name)[:2].tolist(), who="ada")
    return morphoscope.open_atlas(folder)


@pytest.mark.parametrize("missing", POINTS)
def test_the_class_without_a_label_is_proposed_first(folder, three, missing):
    names = three[1]
    atlas = labelled(folder, names, [name for name in POINTS if name != missing])
    found, evidence = discover_classes(atlas, Encoder.shipped(), count=3)
    first = found[0]
    assert {str(name) for name in names[list(first.runs)]} == {missing}
    assert len(first.runs) >= 5
    assert 0 < first.stability <= 1
    annotated = set(atlas.annotations.current())
    assert all(annotated.isdisjoint(proposal.runs) for proposal in found.proposals)
    assert [proposal.number for proposal in found.proposals] == list(range(1, len(found) + 1))
    low, high = first.ranges["f"]
    assert POINTS[missing][0] <= low <= high <= POINTS[missing][0] + 1e-3
    assert len(evidence.labels) == 4


def test_an_accepted_proposal_is_no_proposal_any_more(folder, three, capsys):
    out = folder.parent / "proposals"
    labelled(folder, three[1], ["kappa", "lambda"])
    done = cli_here("discover", folder, "--out", out, "--count", 2, "--json", cwd=folder)
    first = json.loads(done.stdout)["proposals"][0]
    assert {path.name for path in out.iterdir()} >= {"index.html", "map.png", "proposal-01.png", "proposals.csv", FILE}
    assert "data:image/png" in (out / "index.html").read_text()
    rows = (out / "members.csv").read_text().splitlines()
    assert rows[0] == "proposal,run,f,k,read_as,probability"
    assert rows[1].startswith(f"1,{first['runs'][0]},")
    cli_here("discover", folder, "--out", out, "--accept", 1, "--class", "holes", "--who", "ada", cwd=folder)
    labels = np.array(morphoscope.open_atlas(folder).labels())
    assert set(labels[first["runs"]]) == {"holes"}
    again = morphoscope.discover(folder, count=2)
    assert all(set(first["runs"]).isdisjoint(proposal.runs) for proposal in again.proposals)
    # It is a class of the next pass, whose training runs lie where its members do.
    second = morphoscope.refine(folder, folder.parent / "second", runs_per_class=2, epochs=1)
    assert set(second.metadata["classes"]) >= {"kappa", "lambda", "holes"}


def test_further_runs_of_a_real_group_confirm_it(folder, three):
    labelled(folder, three[1], ["kappa", "lambda"])
    found = morphoscope.discover(folder, count=1, simulate=3)
    looking, of = found[0].confirmed
    assert of == 3
    assert looking >= 2
    assert "further runs" in found[0].reason()


def test_errors_are_one_line(folder, tmp_path):
    out = tmp_path / "out"
    morphoscope.open_atlas(folder)
    for words, text in (
        (("--count", 0), "use 1 or more"),
        (("--simulate", -1), "use 0 or more"),
        (("--accept", 1), "name the class"),
        (("--class", "new"), "name its number"),
        (("--accept", 1, "--class", "new"), "has no proposals"),
    ):
        done = cli_here("discover", folder, "--out", out, *words, cwd=tmp_path)
        assert done.returncode == 2
        assert text in done.stderr
        assert done.stderr.count("\n") == 1
        assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert cli_here("discover", folder, "--out", out, cwd=tmp_path).returncode == 2
    assert (out / "mine.txt").read_text() == "mine"
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.03, 0.04, 3)}, size=40, until=90)
    few = morphoscope.ensemble(plan, tmp_path / "few")
    with pytest.raises(UsageError, match="runs with a pattern; 12 or more"):
        morphoscope.discover(few)


def test_groups_are_found_again_if_they_are_apart():
    random = np.random.default_rng(0)
    centres = np.repeat(20 * random.normal(size=(4, 12)).astype(np.float32), 6, axis=0)
    groups = find_nested_groups([centres + random.normal(size=centres.shape).astype(np.float32)], trees=4)
    whole = [set(np.flatnonzero(row)) for row in groups.members]
    for start in range(0, 24, 6):
        place = whole.index(set(range(start, start + 6)))
        assert groups.stability[place] > 0.5
    assert groups.sizes.min() >= 3
    assert groups.sizes.max() <= 0.3 * 24
    assert np.allclose(groups.distances, groups.distances.T)
    assert groups.distances[0, 1] < groups.distances[0, 7]
    assert groups.mean(np.arange(24.0)) == pytest.approx([np.mean(sorted(members)) for members in whole])


def test_neighbours_on_a_lattice_are_one_step_away():
    shipped = morphoscope.open_atlas("gray-scott")
    chosen = np.flatnonzero(shipped.read_by == "network")
    places = Places(shipped, chosen)
    near = places.neighbours().toarray()
    f, k = (shipped.values(name)[chosen] for name in ("f", "k"))
    apart = np.maximum(np.abs(f[:, None] - f) / 0.00125, np.abs(k[:, None] - k) / 0.000625)
    assert np.array_equal(near > 0, (apart < 1.01) & ~np.eye(len(f), dtype=bool))
    beside = places.beside({"f": f[100], "k": k[100]})
    assert beside[0] == 100
    assert all(near[100, other] for other in beside[1:])
    assert places.beside({"f": 1.0, "k": 0.06}) == []


def test_a_stored_discovery_comes_back(tmp_path):
    proposal = Proposal(1, 0.5, (3, 7, 9), {"kappa": 2, "mu": 1}, 1.5, 0.4, 0.9, 0.25, {"f": (0.1, 0.2)}, (2, 4))
    Discovery((proposal,), "hash", ("a note",)).save(tmp_path)
    again = load_discovery(tmp_path, "hash")
    assert again == Discovery((proposal,), "hash", ("a note",))
    assert again[0] == proposal
    assert "does not know 25%" in proposal.reason()
    assert proposal.row()["read_as"] == "kappa:2 mu:1"
    with pytest.raises(UsageError, match="numbered from 1"):
        again.numbered(2)
    with pytest.raises(UsageError, match="another atlas"):
        load_discovery(tmp_path, "other")
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text().replace('"runs"', '"rnus"'))
    with pytest.raises(DataError, match="damaged"):
        load_discovery(tmp_path, "hash")
