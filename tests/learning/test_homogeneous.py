"""Homogeneous runs are read by theory, whatever class the network would give them."""

import dataclasses

import numpy as np
import pytest

import morphoscope
from morphoscope.descriptors.spectrum import SMALLEST_SPREAD
from morphoscope.engines import Grid
from morphoscope.ensembles import Ensemble, Plan, make_runs
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.datasets import DataSet, input_of
from morphoscope.learning.homogeneous import (
    HOMOGENEOUS,
    UNSTEADY,
    Anchor,
    HomogeneousClass,
    homogeneous_classes,
    homogeneous_runs,
    matching_classes,
    nearest_classes,
)
from morphoscope.learning.patterns import of_simulation
from morphoscope.learning.prediction import NETWORK, THEORY, VARIANCE
from morphoscope.learning.reading import network_alone, read
from morphoscope.learning.training_runs import TrainingRuns
from morphoscope.models import Model, get_model
from morphoscope.models.spatial import Ramp
from morphoscope.theory import homogeneous_states

SHIPPED = "gray-scott-second-pass"
GRAY_SCOTT = get_model("gray-scott")


@pytest.fixture(scope="module")
def shipped():
    return Classifier.load(SHIPPED)


def flat(*values, size=16):
    """Frames without any pattern."""
    return np.broadcast_to(np.array(values, np.float32)[:, None, None], (len(values), size, size))


def points(model, **varied):
    return [{**model.defaults, **dict(zip(varied, row, strict=True))} for row in zip(*varied.values(), strict=True)]


class TestTheory:
    classes = (
        HomogeneousClass("H", (Anchor({**GRAY_SCOTT.defaults, "f": 0.005, "k": 0.05}, {"u": 1.0, "v": 0.0}),)),
        HomogeneousClass(
            "L", (Anchor({**GRAY_SCOTT.defaults, "f": 0.035, "k": 0.055}, {"u": 0.36372297, "v": 0.24744107}),)
        ),
    )

    def test_both_states_of_gray_scott_are_known_wherever_they_are(self):
        there, expected = (
            points(GRAY_SCOTT, f=[0.0065, 0.03, 0.06, 0.05, 0.0015], k=[0.025, 0.05, 0.06, 0.02, 0.03]),
            "LLLLH",
        )
        low = [homogeneous_states(GRAY_SCOTT, p)[0].values["u"] for p in there[:4]]
        assert max(low) - min(low) > 0.2  # far from the state in training
        means = np.array([*low, 0.9999])[:, None]
        assert matching_classes(self.classes, GRAY_SCOTT, there, {"u": means}) == [[name] for name in expected]
        high = matching_classes(self.classes, GRAY_SCOTT, there, {"u": np.ones((5, 1))})
        assert high == [["H"]] * 5

    def test_a_state_of_no_class_is_homogeneous_and_no_state_is_unsteady(self):
        there = points(GRAY_SCOTT, f=[0.03, 0.03], k=[0.05, 0.05])
        low, middle, _ = (s.values["u"] for s in homogeneous_states(GRAY_SCOTT, there[0]))
        means = {"u": np.array([[middle], [(low + middle) / 2]])}
        assert matching_classes(self.classes, GRAY_SCOTT, there, means) == [[HOMOGENEOUS], [UNSTEADY]]
        only_high = matching_classes(self.classes[:1], GRAY_SCOTT, there[:1], {"u": np.array([[low]])})
        assert only_high == [[HOMOGENEOUS]]
        assert matching_classes((), GRAY_SCOTT, there[:1], {"u": np.array([[1.0]])}) == [[HOMOGENEOUS]]

    def test_a_uniform_oscillation_is_at_rest_in_no_frame(self):
        there = points(GRAY_SCOTT, f=[0.03], k=[0.05])
        passing = {"u": np.array([[0.6, 0.8, 1.0]])}  # the last frame happens to be at a state
        assert matching_classes(self.classes, GRAY_SCOTT, there, passing) == [[UNSTEADY]]
        waves = (*self.classes, HomogeneousClass("oscillating", unsteady=True))
        assert matching_classes(waves, GRAY_SCOTT, there, passing) == [["oscillating"]]

    def test_frames_that_still_had_a_pattern_do_not_count(self):
        settled = {"u": np.array([[np.nan, np.nan, 1.0]])}
        assert matching_classes(self.classes, GRAY_SCOTT, points(GRAY_SCOTT, f=[0.03], k=[0.05]), settled) == [["H"]]

    def test_other_recorded_species_distinguish_states(self):
        """Of May-Leonard's three states with one survivor, two have u = 0."""
        model = get_model("may-leonard")
        states = [s.values for s in homogeneous_states(model) if sorted(s.values.values())[:2] == [0, 0]]
        states = [s for s in states if max(s.values()) > 0.5]
        species = model.species
        assert len(states) == 3
        known = tuple(HomogeneousClass(max(s, key=s.get), (Anchor(dict(model.defaults), s),)) for s in states)
        means = {s: np.array([[state[s]] for state in states]) for s in species}
        there = [dict(model.defaults)] * 3
        assert matching_classes(known, model, there, means) == [[max(s, key=s.get)] for s in states]
        one = {species[0]: means[species[0]]}
        assert {len(names) for names in matching_classes(known, model, there, one)} == {1, 2}

    def test_json(self):
        assert tuple(HomogeneousClass.from_dict(c.to_dict()) for c in self.classes) == self.classes


class TestWhatTrainingTells:
    model = Model(name="switch", reaction={"u": "u - u**3 + a"}, defaults={"a": 0.0})

    def data(self, rows):
        """A data set of uniform runs: (a, values in the frames, label)."""
        runs = TrainingRuns(self.model, 1.0, {"u": (0.0, 0.0)})
        plan = Plan(
            name="x", model=self.model, grid=Grid(16, 16), dt=0.1, until=2.0, times=(1.0, 2.0),
            initial=dataclasses.replace(morphoscope.scan_plan(self.model, replicates=1, until=2.0, dt=0.1).initial),
            record=("u",), runs=make_runs(self.model, [({"a": a}, label) for a, _, label in rows], 1),
        )  # fmt: skip
        frames = np.stack([v if isinstance(v, np.ndarray) else flat(*v) for _, v, _ in rows])
        return DataSet("x", "", frames, [r[2] for r in rows], [r.parameters for r in plan.runs], input_of(plan), runs)

    def test_classes_of_steady_states_keep_one_anchor_a_branch(self):
        up = [(a, [x, x], "up") for a in (0.0, 0.2) for x in [max(np.roots([-1, 0, 1, a]).real)]]
        down = [(0.0, [-1.0, -1.0], "down")] * 3
        found = homogeneous_classes(self.data([*up, *down]))
        assert [(c.name, len(c.anchors), c.unsteady) for c in found] == [("down", 1, False), ("up", 1, False)]
        assert found[0].anchors[0].state["u"] == pytest.approx(-1)

    def test_patterns_and_oscillations_are_no_steady_states(self):
        pattern = np.random.default_rng(0).random((2, 16, 16)).astype(np.float32)
        rows = [(0.0, pattern, "spots")] * 2 + [(0.0, [0.5, -0.5], "swing")] * 2 + [(0.0, [1.0, 1.0], "up")] * 2
        found = {c.name: c for c in homogeneous_classes(self.data(rows))}
        assert found.keys() == {"swing", "up"}
        assert (found["swing"].anchors, found["swing"].unsteady) == ((), True)

    def test_a_class_that_is_mostly_patterns_is_none_of_steady_states(self):
        """Like 'oscillating', which starts uniformly at some points."""
        pattern = np.random.default_rng(0).random((2, 16, 16)).astype(np.float32)
        rows = [(0.0, pattern, "mixed")] * 2 + [(0.0, [1.0, 1.0], "mixed")] * 2 + [(0.0, [-1.0, -1.0], "down")] * 2
        assert [c.name for c in homogeneous_classes(self.data(rows))] == ["down"]

    def test_training_keeps_them(self, workshop):
        classifier = Classifier.load(workshop / "classifier")
        assert [c.name for c in classifier.homogeneous] == ["H"]
        assert classifier.homogeneous[0].anchors[0].state == pytest.approx({"u": 1, "v": 0})
        assert classifier.trained_on == TrainingRuns.of(Ensemble(workshop / "train").plan)


def misled(classifier, towards):
    """The classifier with a network that gives every pattern the same class."""
    import torch

    class Stubborn(torch.nn.Module):
        def forward(self, frames):
            return (
                torch.nn.functional.one_hot(
                    torch.full((len(frames),), classifier.classes.index(towards)), len(classifier.classes)
                ).float()
                * 9
            )

    return dataclasses.replace(classifier, module=Stubborn())


LOW = {"f": 0.02, "k": 0.045}  # L exists here


@pytest.fixture(scope="module")
def runs():
    """One run in each homogeneous state, small."""
    few = {"size": (40, 40), "until": 1500, "dt": 0.5}
    state = homogeneous_states(GRAY_SCOTT, LOW)[0].values
    start = np.stack([np.full((40, 40), state[s], np.float32) for s in GRAY_SCOTT.species])
    plan = morphoscope.simulate("gray-scott", LOW, **few)
    frames = np.broadcast_to(start, (3, *start.shape)).copy()
    low = dataclasses.replace(plan, states=frames, t=plan.t)
    return {"H": morphoscope.simulate("gray-scott", {"f": 0.05, "k": 0.07}, **few), "L": low}


class TestReading:
    def test_a_wrong_network_does_not_matter(self, shipped, runs):
        stubborn = misled(shipped, "theta")
        for name, run in runs.items():
            patterns = of_simulation(stubborn, run)
            found = read(stubborn, patterns)
            assert (found.names, found.read_by.tolist(), found.probability.tolist()) == ([name], [THEORY], [1.0])
            assert network_alone(stubborn, patterns).names == ["theta"]

    def test_arrays_are_read_by_their_variance(self, shipped):
        stubborn = misled(shipped, "theta")
        for value, name in ((0.99, "H"), (0.2, "L"), (0.36, "L")):
            found = morphoscope.classify(stubborn, np.full((128, 128), value, np.float32))
            assert (found.names, found.read_by.tolist()) == ([name], [VARIANCE])
        moving = morphoscope.classify(stubborn, flat(0.2, 0.4, 0.9, size=128))
        assert moving.names == [UNSTEADY]
        noisy = 0.36 + 20 * SMALLEST_SPREAD * np.random.default_rng(0).standard_normal((128, 128))
        assert morphoscope.classify(stubborn, noisy).read_by.tolist() == [NETWORK]

    def test_without_a_class_for_it_a_homogeneous_pattern_is_still_none_of_the_patterns(self, shipped, runs):
        knows_none = dataclasses.replace(misled(shipped, "theta"), homogeneous=())
        found = morphoscope.classify(knows_none, runs["H"])
        assert found.names == [HOMOGENEOUS]
        assert found.classes == (*shipped.classes, HOMOGENEOUS)
        assert morphoscope.classify(knows_none, np.ones((128, 128))).names == [HOMOGENEOUS]

    def test_where_theory_leaves_two_classes_the_network_chooses_between_them(self, shipped, runs):
        twins = tuple(dataclasses.replace(shipped.homogeneous[0], name=name) for name in ("H", "pi"))
        twice = dataclasses.replace(shipped, homogeneous=twins)
        found = morphoscope.classify(twice, runs["H"])
        assert (found.names, found.read_by.tolist()) == (["H"], [NETWORK])
        assert np.flatnonzero(found.probabilities[0]).tolist() == sorted(shipped.classes.index(n) for n in ("H", "pi"))
        assert found.probabilities.sum() == pytest.approx(1)

    def test_parameters_that_vary_in_space_have_no_steady_states(self, shipped):
        run = morphoscope.simulate(
            "gray-scott", {"f": Ramp("x", 0.0499999, 0.05), "k": 0.07}, size=(40, 40), until=1500, dt=0.5
        )
        found = morphoscope.classify(misled(shipped, "theta"), run)
        assert (found.names, found.read_by.tolist()) == ([HOMOGENEOUS], [VARIANCE])

    def test_another_models_state_is_homogeneous(self, shipped):
        run = morphoscope.simulate("schnakenberg", {"Dv": 2.0}, size=(40, 40), until=100, times=(40, 70, 100))
        assert homogeneous_runs(run.species("u")[None])[0]
        with pytest.warns(UserWarning, match="schnakenberg"):
            found = morphoscope.classify(misled(shipped, "theta"), run)
        assert (found.names, found.read_by.tolist()) == ([HOMOGENEOUS], [VARIANCE])

    def test_classifiers_of_the_first_format_leave_all_to_the_network_and_say_so(self, shipped, runs):
        old = dataclasses.replace(
            misled(shipped, "theta"),
            homogeneous=None,
            trained_on=None,
            input=dataclasses.replace(shipped.input, height=40, width=40),
        )
        with pytest.warns(UserWarning, match="older version"):
            found = morphoscope.classify(old, runs["H"])
        assert (found.names, found.read_by.tolist()) == (["theta"], [NETWORK])

    def test_evaluation_distinguishes_network_and_theory(self, shipped, tmp_path):
        rows = [({"f": 0.005, "k": 0.05}, "H")] * 3
        plan = Plan(
            name="h", model=GRAY_SCOTT, grid=Grid(64, 64), dt=0.5, until=3000.0, times=(2940.0, 2970.0, 3000.0),
            initial=morphoscope.scan_plan("gray-scott", replicates=1).initial, record=("u",),
            runs=make_runs(GRAY_SCOTT, rows, 1),
        )  # fmt: skip
        morphoscope.ensemble(plan, tmp_path / "h")
        found = morphoscope.evaluate(misled(shipped, "theta"), tmp_path / "h")
        assert (found.accuracy.value, found.combined.value, found.homogeneous) == (0, 1, 3)
        assert type(found).from_dict(found.to_dict()) == found

    def test_scan_writes_what_decided(self, shipped, tmp_path):
        plan = morphoscope.scan_plan(
            "gray-scott", {"f": 0.05}, grid={"k": (0.06, 0.07, 2)}, size=(40, 40), until=1500, dt=0.5
        )
        morphoscope.ensemble(plan, tmp_path / "scan")
        atlas = morphoscope.scan(misled(shipped, "theta"), tmp_path / "scan", tmp_path / "atlas")
        assert atlas.reading.names == ["theta", "H"]
        assert atlas.read_by.tolist() == [NETWORK, THEORY]
        assert [row["read_by"] for row in atlas.points()] == [NETWORK, THEORY]
        assert "read_by" in (tmp_path / "atlas" / "points.csv").read_text().splitlines()[0].split(",")


def test_arrays_of_a_classifier_without_steady_states():
    waves = (HomogeneousClass("swing", unsteady=True),)
    assert nearest_classes(waves, "u", np.array([[0.1, 0.5], [0.3, 0.3]])) == [["swing"], [HOMOGENEOUS]]


def test_homogeneous_is_what_the_descriptors_call_so():
    noise = np.random.default_rng(0).standard_normal((1, 1, 64, 64)).astype(np.float32)
    noise /= noise.std()
    assert homogeneous_runs(0.5 + 0.9 * SMALLEST_SPREAD * noise).tolist() == [True]
    assert homogeneous_runs(0.5 + 1.2 * SMALLEST_SPREAD * noise).tolist() == [False]
