"""The shipped classifiers read new runs at the parameters of their training set."""

import pytest

import morphoscope
from morphoscope.ensembles import recipe
from morphoscope.learning.classifier import DEFAULT, Classifier, shipped_folder, shipped_names


@pytest.mark.parametrize("name", shipped_names())
class TestEveryShippedClassifier:
    def test_has_a_card_with_its_numbers(self, name):
        card = (shipped_folder() / name / "CARD.md").read_text()
        for words in ("Made by", "Trained on", "accuracy", "unseen", "Limitations"):
            assert words in card
        assert Classifier.load(name).provenance["training"]["name"] in card

    def test_is_small(self, name):
        assert sum(path.stat().st_size for path in (shipped_folder() / name).iterdir()) < 3_000_000

    @pytest.mark.parametrize("expected", ["kappa", "mu", "nu", "delta", "H", "L"])
    def test_reads_a_new_run(self, name, expected):
        runs = recipe("scholz2022-train").runs
        parameters = next(dict(run.parameters) for run in runs if run.label == expected)
        done = morphoscope.simulate("gray-scott", parameters, seed=123)
        assert morphoscope.classify(name, done.species("u")[None]).names == [expected]


def test_the_default_is_shipped():
    assert DEFAULT in shipped_names()


def test_the_second_pass_has_the_class_pi():
    done = morphoscope.simulate("gray-scott", {"f": 0.068, "k": 0.060625}, seed=123)
    assert morphoscope.classify("gray-scott-second-pass", done.species("u")[None]).names == ["pi"]
    assert "pi" not in Classifier.load("gray-scott-first-pass").classes


@pytest.mark.parametrize(("name", "rows"), [("gray-scott-first-pass", 15), ("gray-scott-second-pass", 148)])
def test_shipped_classifiers_list_their_training_points(name, rows):
    trained = Classifier.load(name).provenance
    assert len(trained["training_rows"]) == rows
    assert sum(row["runs"] for row in trained["training_rows"]) == trained["training"]["runs"]
