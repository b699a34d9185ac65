"""What earlier versions wrote still opens, and goes on."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas.refinement import choose
from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles import Ensemble, Plan, carry_out
from morphoscope.ensembles.identity import json_hash
from morphoscope.learning.classifier import Classifier
from morphoscope.models import get_model
from morphoscope.workflows.stages import Stage, Study
from tests.conftest import Listening

OLD = Path(__file__).parent / "data" / "version-0.1"


@pytest.fixture
def old(tmp_path):
    """A copy, since everything here may be continued."""
    return Path(shutil.copytree(OLD, tmp_path / "old"))


def plan_bytes(folder):
    return (folder / "plan.json").read_bytes()


def test_the_kept_folders_are_small():
    assert sum(path.stat().st_size for path in OLD.rglob("*") if path.is_file()) < 1_500_000


def test_an_ensemble_opens(old):
    ensemble = Ensemble(old / "ensemble")
    assert ensemble.status() == ["done"] * 4 + ["pending"] * 2
    assert ensemble.plan.initial == InitialCondition("spots", (("count", 3.0), ("radius", 3.0)))
    assert ensemble.plan.runs[0].parameters == get_model("gray-scott").complete({"f": 0.046, "k": 0.063})
    assert json_hash(json.loads(plan_bytes(old / "ensemble"))) == ensemble.provenance()["plan_hash"]
    data = ensemble.dataset()
    assert data["u"].dims == ("run", "time", "y", "x")
    assert data["f"].values.tolist() == [0.046] * 3 + [0.005] * 3


def test_an_ensemble_is_continued(old, tmp_path):
    """With the model's present texts, which version 0.1 hashed, too; finished runs are left as they are."""
    folder = old / "ensemble"
    before, kept = plan_bytes(folder), Ensemble(folder).frames(np.arange(4))
    requested = dataclasses.replace(Plan.load(folder / "plan.json"), name="again", model=get_model("gray-scott"))
    ensemble = carry_out(requested, folder)
    assert set(ensemble.status()) == {"done"}
    assert np.array_equal(ensemble.frames(np.arange(4)), kept)
    assert plan_bytes(folder) == before
    fresh = carry_out(requested, tmp_path / "fresh")
    assert np.array_equal(fresh.frames(np.arange(4, 6)), ensemble.frames(np.arange(4, 6)))
    # The runs of version 0.1 are those of this version, but for processors that round otherwise.
    assert np.abs(fresh.frames(np.arange(4)) - kept).max() < 1e-3


def test_an_etdrk2_ensemble_is_not_continued_with_euler(old):
    """Version 0.1 recorded the finished runs of ETDRK2 as Euler's."""
    folder = old / "ensemble-etdrk2"
    before, there = plan_bytes(folder), Plan.load(folder / "plan.json")
    assert (there.integrator, there.double) == ("etdrk2", True)
    with pytest.raises(UsageError, match=r"integrator .etdrk2 stored, euler requested"):
        carry_out(dataclasses.replace(there, integrator="euler", double=False), folder)
    assert plan_bytes(folder) == before
    assert carry_out(there, folder).status() == ["done"]


def test_a_classifier_reads(old):
    classifier = Classifier.load(old / "classifier")
    reading = classifier.predict(Ensemble(old / "ensemble").frames(np.arange(4)))
    assert reading.classes == ("H", "kappa")
    kept = np.load(old / "atlas" / "probabilities.npy")
    assert np.abs(reading.probabilities - kept).max() < 1e-3


def test_an_atlas_opens_with_its_annotation_and_takes_another(old):
    atlas = morphoscope.open_atlas(old / "atlas")
    assert len(atlas.runs) == 4
    assert atlas.ensemble.folder.resolve() == (old / "ensemble").resolve()
    assert atlas.plan.hash != atlas.metadata["plan_hash"]
    (said,) = atlas.annotations.log()
    assert (said.run, said.new, said.who) == (0, "swirls", "ada")
    atlas.annotations.add([3], "kappa", old=["H"], who="ben", allowed=atlas.all_classes())
    again = morphoscope.open_atlas(old / "atlas")
    assert {run: word.new for run, word in again.annotations.current().items()} == {0: "swirls", 3: "kappa"}
    assert sorted(choose(again).rows) == ["kappa", "swirls"]  # each annotation takes the point of its class


def test_annotations_go_along_to_an_atlas_of_this_version(old):
    carry_out(Plan.load(old / "ensemble" / "plan.json"), old / "ensemble")
    made = morphoscope.scan(old / "classifier", old / "ensemble", old / "new")
    assert len(made.runs) == 6
    assert made.metadata["plan_hash"] == made.plan.hash
    before = morphoscope.open_atlas(old / "atlas")
    before.annotations.copy_to(old / "new" / "annotations.sqlite")
    assert [word.new for word in morphoscope.open_atlas(old / "new").annotations.log()] == ["swirls"]


def test_annotations_of_another_plan_are_refused(old):
    shutil.copy(old / "atlas" / "annotations.sqlite", old / "annotations.sqlite")
    ensemble = carry_out(dataclasses.replace(Plan.load(old / "ensemble" / "plan.json"), until=660.0), old / "other")
    made = morphoscope.scan(old / "classifier", ensemble.folder, old / "new")
    shutil.copy(old / "annotations.sqlite", made.folder / "annotations.sqlite")
    with pytest.raises(UsageError, match="another plan"):
        _ = morphoscope.open_atlas(made.folder).annotations


def test_a_study_knows_its_plans_by_their_former_hashes(old):
    """Nothing is simulated, trained or read again because the hash is another one."""
    folder, plan = old, Plan.load(old / "ensemble" / "plan.json")
    former = json_hash(json.loads(plan_bytes(old / "ensemble")))
    inputs = {"network": "periodic-2d", "train": former}
    study = {
        "options": {"study": "refine", "rows": former},
        "stages": {"train the network": {"done": True, "seconds": 5.0, "inputs": inputs}},
    }
    (folder / "study.json").write_text(json.dumps(study))
    resumed = Study(folder, {"study": "refine", "rows": plan.hash})
    stage = Stage("train the network", folder / "classifier", {**inputs, "train": plan.hash}, lambda: 1 / 0)
    assert resumed.run(stage, Listening()) is False
    with pytest.raises(UsageError, match="holds a study with rows="):
        Study(folder, {"study": "refine", "rows": "another"})


def test_a_study_that_was_interrupted_before_its_first_plan_is_resumed(tmp_path):
    """Its options have a hash of version 0.1, and no plan tells which present hash that is."""
    stages = {"simulate train": {"done": False, "seconds": 0.1, "inputs": {"plan": "a" * 64}}}
    kept = {"options": {"study": "refine", "seed": 1, "rows": "a" * 64}, "stages": stages}
    (tmp_path / "study.json").write_text(json.dumps(kept))
    study = Study(tmp_path, {"study": "refine", "seed": 1, "rows": "b" * 64})
    done = []
    stage = Stage("simulate train", tmp_path, {"plan": "b" * 64}, lambda: done.append(1))
    assert study.run(stage, Listening()) is True
    assert done == [1]
    with pytest.raises(UsageError, match="holds a study with seed=1"):
        Study(tmp_path, {"study": "refine", "seed": 2, "rows": "b" * 64})
    (tmp_path / "train").mkdir()
    shutil.copy(OLD / "ensemble" / "plan.json", tmp_path / "train")
    with pytest.raises(UsageError, match="holds a study with rows="):
        Study(tmp_path, {"study": "refine", "seed": 1, "rows": "c" * 64})


def test_a_run_is_repeated(old):
    kept = json.loads((old / "run" / "run.json").read_text())
    plan = Plan.from_dict(kept["plan"])
    assert json_hash(kept["plan"]) == kept["plan_hash"]
    assert plan.runs[0].parameters["f"] == 0.046
    with np.load(old / "run" / "snapshots.npz") as snapshots:
        before = snapshots["u"]
    repeated = carry_out(dataclasses.replace(plan, record=("u",)), old / "repeated").frames(np.array([0]))[0]
    assert np.abs(repeated - before).max() < 1e-3
    assert morphoscope.classify(old / "classifier", old / "run").names[0] in ("H", "kappa")
