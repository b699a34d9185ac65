"""Charts: from equations to groups, their page, their changes, and the classifier that they train."""

import json
import shutil

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas, adaptive, ordered, regroup
from morphoscope.atlas.classes import class_colours
from morphoscope.atlas.regroup import changes_of
from morphoscope.atlas.training_set import training_sets
from morphoscope.core.errors import UsageError
from morphoscope.operations.regroup import change_groups
from morphoscope.reports.chart_page import stability_text
from tests.conftest import Listening


@pytest.fixture(scope="module")
def charted(tmp_path_factory):
    """The Brusselator on a small grid, charted from its equations."""
    folder = tmp_path_factory.mktemp("chart") / "made"
    grid = {"A": (1.6, 3.4, 7), "B": (4.0, 10.0, 8)}
    plan = morphoscope.scan_plan("brusselator", {"Dv": 5}, grid=grid, size=(32, 32), until=150, times=(140, 145, 150))
    return morphoscope.chart(plan, folder, groups=3)


@pytest.fixture
def few(monkeypatch):
    """Adaptive choices after 20 runs, in batches of 8."""
    monkeypatch.setattr(adaptive, "FIRST", 20)
    monkeypatch.setattr(adaptive, "BATCH", 8)


@pytest.mark.usefixtures("few")
def test_an_adaptive_chart_simulates_some_runs_and_infers_the_others(charted, tmp_path):
    made = morphoscope.chart(charted.plan, tmp_path / "made", adaptive=True, budget=36, groups=3)
    assert len(made.runs) == 36
    pending, inferred = made.inferred
    assert sorted([*made.runs.tolist(), *pending.tolist()]) == list(range(56))
    assert inferred.classes == made.classes
    place = np.searchsorted(charted.runs, made.runs)
    assert np.array_equal(made.frames(np.arange(36)), charted.frames(place))  # the same bytes as in the full scan
    uniform = np.array([name.startswith("homogeneous") for name in charted.reading.names])[pending]
    said = np.array([name.startswith("homogeneous") for name in inferred.names])
    assert np.mean(uniform == said) > 0.8
    again = morphoscope.chart(charted.plan, tmp_path / "made", adaptive=True, budget=36, groups=3)
    assert np.array_equal(again.runs, made.runs)
    assert np.array_equal(again.reading.probabilities, made.reading.probabilities)
    renamed = morphoscope.regroup(again, rename={"g1": "spots"}, merge={"rest": ["g2", "g3"]}, who="me")
    assert renamed.inferred[1].classes == renamed.classes
    assert np.array_equal(renamed.inferred[0], pending)
    with pytest.raises(UsageError, match="were changed or confirmed by people, and would be lost"):
        morphoscope.chart(charted.plan, tmp_path / "made", adaptive=True, budget=37, groups=3)
    assert Atlas(made.folder).classes == renamed.classes
    other = morphoscope.chart(charted.plan, tmp_path / "made", adaptive=True, budget=37, groups=3, overwrite=True)
    assert "g1" in other.classes


@pytest.mark.usefixtures("few")
def test_what_an_adaptive_chart_refuses(charted, tmp_path):
    for options, words in (
        ({"adaptive": True}, "needs a number of runs"),
        ({"budget": 5}, "is for adaptive charts"),
        ({"adaptive": True, "budget": 57}, "budget 57; the plan has 56 runs"),
        ({"adaptive": True, "budget": 5}, "budget 5; a chart needs at least 6 runs with a pattern"),
        ({"adaptive": True, "budget": 5, "seed": -1}, "seed -1 is negative"),
    ):
        with pytest.raises(UsageError, match=words):
            morphoscope.chart(charted.plan, tmp_path / "made", **options)
    with pytest.raises(UsageError, match="no ensemble, plan"):
        morphoscope.chart("scholz2022-scam", tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.fixture
def copy(charted, tmp_path):
    """The ensemble and its chart, to be changed."""
    shutil.copytree(charted.folder.parent, tmp_path / "made")
    return morphoscope.open_atlas(tmp_path / "made")


def test_every_run_has_a_class_and_patterns_have_groups(charted):
    uniform = np.isnan(charted.descriptors["wavelength"])
    by = charted.read_by
    assert set(by[uniform]) == {"theory"}
    assert set(by[~uniform]) == {"chart"}
    names = np.array(charted.reading.names)
    assert all(name.startswith("homogeneous") for name in names[uniform])
    assert all(name.startswith("g") for name in names[~uniform])
    rows = {row["name"]: row for row in charted.metadata["chart"]["groups"]}
    assert {name: row["runs"] for name, row in rows.items()} == charted.counts()
    assert all(0 <= rows[n]["stability"] <= 1 for n in rows if n.startswith("g"))
    assert (charted.folder / "points.csv").read_text().splitlines()[1].count(",theory,") == 1


def test_below_both_lines_runs_are_at_rest(charted):
    a, b = charted.values("A"), charted.values("B")
    quiet = (b < 1 + a**2 - 0.3) & (b < (1 + a * np.sqrt(2 / 5)) ** 2 - 0.3)
    assert quiet.sum() > 5
    assert {charted.reading.names[i] for i in np.flatnonzero(quiet)} == {"homogeneous"}


def test_two_states_at_rest_are_two_classes(tmp_path):
    points = [{"f": 0.04, "k": 0.05 + 0.0002 * i} for i in range(3)] + [{"f": 0.02, "k": 0.07}] * 3
    patterns = [{"f": 0.046, "k": 0.063}] * 7
    plan = morphoscope.scan_plan("gray-scott", points=points + patterns, size=(40, 40), until=2000)
    made = morphoscope.chart(morphoscope.ensemble(plan, tmp_path / "scan"), tmp_path / "chart", groups=1)
    names = made.reading.names
    assert names[:3] == ["homogeneous-1"] * 3
    assert names[3:6] == ["homogeneous-2"] * 3
    assert made.descriptors["mean"][0] < 0.6 < made.descriptors["mean"][3]


def test_a_chart_of_one_group_has_a_page(tmp_path):
    plan = morphoscope.scan_plan("schnakenberg", grid={"a": (0.05, 0.2, 3), "b": (0.5, 1.5, 3)}, size=32, until=50)
    made = morphoscope.chart(plan, tmp_path, groups=1)
    assert made.classes == ("g1",)
    assert made.reading.margin.tolist() == [1.0] * 9
    assert (made.folder / "chart.html").is_file()
    about = made.metadata["chart"]
    assert stability_text(about).startswith("The number of groups was given. All are stable")
    assert stability_text(about | {"number": "found"}).startswith("The patterns are one group: no division")


def test_the_patterns_of_a_chart_are_proposed_too(copy):
    assert len(morphoscope.discover(copy, count=1)[0].runs) >= 3


def test_page_and_pictures(charted):
    page = (charted.folder / "chart.html").read_text()
    assert "found without labels" in page
    assert page.count("data:image/png;base64,") == 2
    for row in charted.metadata["chart"]["groups"]:
        assert row["words"] in page
    assert morphoscope.check(charted.folder) == []


def test_rename_merge_split_and_what_people_said(copy):
    counts = copy.counts()
    morphoscope.annotate(copy, "g1", [int(copy.runs[copy.members("g2")[0]])], who="ada")
    changed = morphoscope.regroup(copy, rename={"g1": "spots"}, split={"g2": 2}, who="ada")
    assert changed.classes[:3] == ("spots", "g2a", "g2b")
    after = changed.counts()
    assert after["spots"] == counts["g1"]
    assert after["g2a"] + after["g2b"] == counts["g2"]
    assert after["g2a"] >= after["g2b"] > 0
    assert [a.new for a in changed.annotations.current().values()] == ["spots"]
    merged = morphoscope.regroup(changed, merge={"stripes": ["g2a", "g2b", "g3"]}, who="ada")
    assert merged.counts()["stripes"] == counts["g2"] + counts["g3"]
    assert merged.counts()["spots"] == counts["g1"]
    assert merged.reading.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert "stripes" in (merged.folder / "chart.html").read_text()
    assert Atlas(merged.folder).classes == merged.classes
    row = next(row for row in merged.metadata["chart"]["groups"] if row["name"] == "stripes")
    assert row["stability"] is None  # it was not measured


def test_every_change_is_undone(copy):
    """Reading, colours and labels are as before, also those that were given in between."""
    ada, first = {"who": "ada"}, int(copy.runs[copy.members("g1")[0]])
    parted, other = (int(copy.runs[copy.members(name)[0]]) for name in ("g2", "g3"))
    morphoscope.annotate(copy, "g1", [first], who="grace")
    morphoscope.annotate(copy, "g2", [parted], who="grace")
    styles, probabilities = copy.class_styles(), copy.reading.probabilities
    renamed = morphoscope.regroup(copy, rename={"g1": "spots"}, **ada)
    assert renamed.class_styles()["spots"][1] == styles["g1"][1]
    assert renamed.class_styles()["g3"] == styles["g3"]
    divided = morphoscope.regroup(renamed, split={"g2": 2}, **ada)
    labels = dict(zip(divided.runs.tolist(), divided.labels(), strict=True))
    assert labels[parted] == divided.reading.names[divided.runs.tolist().index(parted)] in {"g2a", "g2b"}
    merged = morphoscope.regroup(divided, merge={"all": ["spots", "g2a", "g3"]}, **ada)
    assert merged.class_styles()["all"][1] in {divided.class_styles()[n][1] for n in ("spots", "g2a", "g3")}
    morphoscope.annotate(merged, "all", [other], who="grace")
    words = [change.words() for change in changes_of(merged)]
    assert words == ["renamed g1 spots", "split g2 into g2a, g2b", "merged spots, g2a, g3 into all"]
    again = merged
    for _ in words:
        again = morphoscope.regroup(again, undo=True, **ada)
    assert again.classes == copy.classes
    assert np.array_equal(again.reading.probabilities, probabilities)
    assert {name: again.class_styles()[name] for name in copy.classes} == {n: styles[n] for n in copy.classes}
    assert {row["name"] for row in again.metadata["chart"]["groups"]} == set(copy.classes)
    assert [row["stability"] for row in again.metadata["chart"]["groups"]] == [
        row["stability"] for row in copy.metadata["chart"]["groups"]
    ]
    said = {run: each.new for run, each in again.annotations.current().items()}
    assert said == {first: "g1", parted: "g2", other: "g3"}
    assert morphoscope.check(again.folder) == []
    with pytest.raises(UsageError, match="left to undo"):
        morphoscope.regroup(again, undo=True, **ada)
    with pytest.raises(UsageError, match="one after the other"):
        morphoscope.regroup(again, undo=True, confirm=True, **ada)


def test_a_former_name_is_no_class(copy):
    """Unless a run has it again, because its label's change was undone."""
    run = int(copy.runs[copy.members("g1")[0]])
    morphoscope.annotate(copy, "g1", [run], who="ada")
    renamed = change_groups(copy, rename={"g1": "spots"}, who="ada")
    assert set(renamed.all_classes()) == set(renamed.classes)
    assert morphoscope.check(renamed.folder) == []
    renamed.annotations.undo("ada")
    assert renamed.all_classes()[-1] == "g1"
    assert renamed.labels().count("g1") == 1
    assert "g1" in renamed.class_styles()


def test_people_choose_how_groups_look(copy):
    done = change_groups(copy, confirm=True, who="ada")
    found = done.class_styles()
    looks = {"color": {"spots": "#BB5500"}, "symbol": {"spots": "σ"}}
    changed = morphoscope.regroup(done, rename={"g1": "spots"}, **looks, who="ada")
    assert changed.class_styles()["spots"] == ("σ", "#bb5500")
    assert "σ spots" in (changed.folder / "chart.html").read_text()
    confirmed = change_groups(changed, confirm=True, who="ada")
    again = change_groups(confirmed, color={"spots": "#3366aa"}, who="ada")  # the groups are the same
    assert again.class_styles()["spots"] == ("σ", "#3366aa")
    assert again.metadata["chart"]["confirmed"]["who"] == "ada"
    assert changes_of(again)[-1].words() == "gave spots the colour #3366aa"
    kept = change_groups(again, rename={"spots": "dots"}, who="ada")
    assert kept.class_styles()["dots"] == ("σ", "#3366aa")
    for _ in range(3):
        kept = change_groups(kept, undo=True, who="ada")
    assert kept.class_styles() == found
    for wrong, words in (
        ({"color": {"g1": "red"}}, "expected #rrggbb"),
        ({"color": {"g1": copy.class_styles()["g2"][1]}}, "is that of g2"),
        ({"symbol": {"g1": "four"}}, "one to three"),
        ({"symbol": {"g1": "g2"}}, "is that of g2"),
        ({"color": {"g9": "#000000"}}, "unknown group"),
    ):
        with pytest.raises(UsageError, match=words):
            change_groups(kept, who="ada", **wrong)


def test_a_change_that_is_interrupted_changes_nothing(copy, monkeypatch):
    morphoscope.annotate(copy, "g1", [3], who="ada")
    before = {path.name: path.read_bytes() for path in copy.folder.iterdir() if path.is_file()}

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(regroup, "_rename_labels", dies)  # the last step before the folder is replaced
    with pytest.raises(KeyboardInterrupt):
        morphoscope.regroup(copy, rename={"g1": "spots"}, who="ada")
    after = {path.name: path.read_bytes() for path in copy.folder.iterdir() if path.is_file()}
    assert after == before
    assert [path.name for path in copy.folder.parent.iterdir() if "partial" in path.name] == []


def test_two_changes_from_the_same_atlas_are_both_kept(copy):
    """The second one begins with what the first one has written, not with what was opened."""
    morphoscope.regroup(copy, rename={"g1": "spots"}, who="ada")
    both = morphoscope.regroup(copy, rename={"g2": "rest"}, who="grace")
    assert both.classes[:2] == ("spots", "rest")


def test_a_confirmed_chart_trains_a_classifier(copy, tmp_path):
    with pytest.raises(UsageError, match="not confirmed"):
        morphoscope.train(copy.folder, out=tmp_path / "classifier")
    done = morphoscope.regroup(copy, rename={"g1": "spots"}, confirm=True, who="ada")
    assert done.metadata["chart"]["confirmed"]["who"] == "ada"
    assert {row["class"] for row in done.metadata["training_rows"]} == {n for n, c in done.counts().items() if c}
    said = Listening()
    train, held = training_sets(done, 0, said)
    assert set(train.classes) == set(held.classes) >= {"spots", "homogeneous"}
    assert len(train.labels) > 2 * len(held.labels)
    made = morphoscope.train(done.folder, out=tmp_path / "classifier", epochs=1)
    assert set(made.classes) == set(train.classes)
    with pytest.raises(UsageError, match="omit the second"):
        morphoscope.train(done.folder, "validation", tmp_path / "other")
    assert morphoscope.regroup(done, rename={"g2": "rest"}, who="ada").metadata["chart"]["confirmed"] is None


def test_charting_again_keeps_annotations(copy):
    morphoscope.annotate(copy, "mine", [3], who="ada")
    again = morphoscope.chart(copy.ensemble, copy.folder, seed=2, overwrite=True)
    assert [a.new for a in again.annotations.current().values()] == ["mine"]
    assert "mine" in again.all_classes()
    assert again.metadata["chart"]["number"] == "found"


def test_mistakes_are_one_line(copy, small_atlas, tmp_path):
    for wrong, words in (
        ({"rename": {"g9": "x"}}, "unknown group"),
        ({"rename": {"g1": "g2"}}, "exists already"),
        ({"rename": {"g1": "two words"}}, "expected a word"),
        ({"merge": {"x": ["g1"]}}, "two groups or more"),
        ({"split": {"homogeneous": 2}}, "only groups of patterns"),
        ({"split": {"g1": 1}}, "2 to 26"),
        ({}, "nothing to do"),
    ):
        with pytest.raises(UsageError, match=words):
            morphoscope.regroup(copy, who="ada", **wrong)
    with pytest.raises(UsageError, match="is no chart"):
        morphoscope.regroup(small_atlas, confirm=True, who="ada")
    plan = morphoscope.scan_plan("brusselator", grid={"A": (3, 4, 3)}, size=(32, 32), until=20)
    with pytest.raises(UsageError, match="the plan has 3 runs; a chart needs"):
        morphoscope.chart(plan, tmp_path / "nothing")
    assert not (tmp_path / "nothing" / "atlas").exists()


def test_groups_are_in_the_order_of_their_numbers():
    assert ordered(["g10", "homogeneous-2", "g2", "pi", "homogeneous-1"]) == [
        "pi", "g2", "g10", "homogeneous-1", "homogeneous-2",
    ]  # fmt: skip
    assert len(set(class_colours([f"g{i}" for i in range(20)]).values())) == 20


def test_metadata_is_json(charted):
    assert json.loads((charted.folder / "atlas.json").read_text())["chart"]["number"] == "given"
