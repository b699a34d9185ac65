"""Classifiers of labelled photographs."""

import json

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope import Preparation, UsageError
from morphoscope.operations.photograph_sets import photograph_sets
from tests.conftest import Listening
from tests.ensembles.photographs.patterns import photographed, waves

STARTED = {"stripes": 1, "spots": 3}


def save(path, count, seed, size=(48, 60)):
    rng = np.random.default_rng(seed)
    pattern = waves(size, rng.uniform(8, 10), count, rng.uniform(0, np.pi), rng.uniform(0, 6) if count == 1 else 0.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((255 * photographed(pattern, rng, specks=5)).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def gels(tmp_path_factory):
    """Sixteen photographs a class, in subfolders."""
    folder = tmp_path_factory.mktemp("photographs") / "gels"
    for name, count in STARTED.items():
        for number in range(16):
            save(folder / name / f"{number}.png", count, 100 * count + number)
    return folder


def test_a_classifier_of_photographs_reads_others(gels, tmp_path):
    made = morphoscope.train(gels, out=tmp_path / "classifier", pretrained="shipped", freeze=True)
    assert made.classes == ("spots", "stripes")
    unseen = tmp_path / "unseen"
    for name, count in STARTED.items():
        for number in range(6):
            save(unseen / name / f"{number}.png", count, 1000 * count + number, size=(48, 48))
    others = morphoscope.import_patterns(unseen, tmp_path / "others", preparation=Preparation())
    read = morphoscope.classify(tmp_path / "classifier", others)
    assert np.mean([a == b for a, b in zip(read.names, others.labels(), strict=True)]) >= 0.8
    stored = json.loads((tmp_path / "classifier" / "classifier.json").read_text())
    assert stored["provenance"]["training_rows"]


def test_every_fourth_is_for_validation_and_nothing_is_in_both(gels):
    first, second = photograph_sets(gels, None, None, 0, Listening())
    assert (len(first.labels), len(second.labels)) == (24, 8)
    assert second.labels.count("spots") == second.labels.count("stripes") == 4
    assert not set(first.points) & set(second.points)
    again = photograph_sets(gels, None, None, 0, Listening())
    assert again[1].points == second.points
    other = photograph_sets(gels, None, None, 1, Listening())
    assert other[1].points != second.points
    both = photograph_sets(gels, gels, Preparation(cells=32), 0, Listening())
    assert both[0].frames.shape == both[1].frames.shape == (32, 1, 32, 32)


def test_a_table_names_the_classes_as_well(tmp_path):
    rows = ["file,class"]
    for number in range(8):
        name = ("stripes", "spots")[number % 2]
        save(tmp_path / f"{number}.png", STARTED[name], number, size=(20, 20))
        rows.append(f"{number}.png,{name}")
    (tmp_path / "gels.csv").write_text("\n".join(rows))
    first, second = photograph_sets(tmp_path, None, None, 0, Listening())
    assert (len(first.labels), len(second.labels)) == (6, 2)


@pytest.mark.parametrize("what", ["no class", "few", "empty", "damaged", "text", "small"])
def test_bad_folders_are_one_line_and_leave_nothing(what, tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    if what == "no class":
        for number in range(4):
            save(folder / f"{number}.png", 1, number, size=(20, 20))
    if what in ("few", "damaged", "small"):
        for number in range(3 if what == "few" else 4):
            for name, count in STARTED.items():
                save(folder / name / f"{number}.png", count, number, size=(9, 9) if what == "small" else (20, 20))
    if what == "damaged":
        (folder / "spots" / "2.png").write_bytes(b"\x89PNG")
    if what == "text":
        (folder / "notes.txt").write_text("none")
    with pytest.raises(UsageError) as caught:
        morphoscope.train(folder, out=tmp_path / "classifier")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "classifier").exists()


def test_a_preparation_is_for_photographs_only(workshop):
    with pytest.raises(UsageError, match="leave the preparation out"):
        morphoscope.train(workshop / "train", workshop / "validation", preparation=Preparation())
