import csv
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.atlas.annotations import Annotations
from morphoscope.core.errors import DataError, UsageError

CLASSES = ("kappa", "lambda", "H")


@pytest.fixture
def said(tmp_path):
    return Annotations(tmp_path / "annotations.sqlite", "hash")


def test_the_last_word_counts_and_the_log_keeps_all(said):
    said.add([1, 2], "kappa", old=["kappa", "H"], who="ada", allowed=CLASSES)
    said.add([2], "", old=["kappa"], who="grace", why="half of it is noise", allowed=CLASSES)
    current = said.current()
    assert {run: word.new for run, word in current.items()} == {1: "kappa", 2: ""}
    assert [word.action for word in said.log()] == ["confirm", "relabel", "reject"]
    assert said.current("ada")[2].new == "kappa"
    assert current[2].why == "half of it is noise"
    assert said.annotators() == ["ada", "grace"]


def test_undo_takes_back_ones_own_last_batch_only(said):
    said.add([1, 2, 3], "kappa", old=["H"] * 3, who="ada", allowed=CLASSES)
    said.add([1], "lambda", old=["kappa"], who="grace", allowed=CLASSES)
    assert [word.run for word in said.undo("ada")] == [1, 2, 3]
    assert {run: word.new for run, word in said.current().items()} == {1: "lambda"}
    assert said.undo("ada") == []
    assert len(said.log()) == 4


def test_a_file_is_made_by_the_first_word(said):
    assert said.current() == {}
    assert said.undo("ada") == []
    assert not said.path.exists()


def test_two_annotators_are_compared(said):
    said.add([1, 2, 3], "kappa", old=["H"] * 3, who="ada", allowed=CLASSES)
    said.add([1, 2], "kappa", old=["kappa"] * 2, who="grace", allowed=CLASSES)
    said.add([3], "", old=["kappa"], who="grace", allowed=CLASSES)
    found = said.compare("ada", "grace")
    assert (found.n, found.share) == (3, pytest.approx(2 / 3))
    assert found.differences == [("kappa", "ambiguous", 1)]
    with pytest.raises(UsageError, match="no run in common"):
        said.compare("ada", "nobody")


def test_export(said, tmp_path):
    said.add([7], "kappa", old=["H"], who="ada", why='a "reason", with\nlines', allowed=CLASSES)
    with said.export(tmp_path / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["run"], row["who"], row["action"], row["why"]) == ("7", "ada", "relabel", 'a "reason", with\nlines')


@pytest.mark.parametrize(
    ("name", "symbol", "colour", "words"),
    [
        ("kappa", "κ", "#112233", "exists already"),  # the classifier has it
        ("two words", "w", "#112233", "expected a word"),
        ("../evil", "e", "#112233", "expected a word"),
        ("x" * 33, "x", "#112233", "at most 32"),
        ("fine", "four", "#112233", "symbol"),
        ("fine", "<", "#112233", "symbol"),
        ("fine", "", "#112233", "symbol"),
        ("fine", "f", "red", "#rrggbb"),
    ],
)
def test_bad_classes_are_refused(said, name, symbol, colour, words):
    with pytest.raises(UsageError, match=words):
        said.make_class(name, symbol, colour, "ada", taken=CLASSES)
    assert said.classes() == []


def test_bad_words_are_refused(said):
    for arguments, words in (
        ({"runs": [], "new": "kappa", "old": [], "who": "ada"}, "no run"),
        ({"runs": [1], "new": "kapa", "old": ["H"], "who": "ada"}, "unknown class"),
        ({"runs": [1], "new": "kappa", "old": ["H"], "who": " "}, "annotator"),
        ({"runs": [1], "new": "kappa", "old": ["H"], "who": "a\x00b"}, "annotator"),
        ({"runs": [1], "new": "kappa", "old": ["H"], "who": "ada", "why": "x" * 2001}, "2000"),
        ({"runs": [1, 2], "new": "kappa", "old": ["H"], "who": "ada"}, "one per run"),
    ):
        with pytest.raises(UsageError, match=words):
            said.add(**arguments, allowed=CLASSES)
    assert said.log() == []


def test_another_plan_and_damage_are_refused(said, tmp_path):
    said.add([1], "kappa", old=["H"], who="ada", allowed=CLASSES)
    with pytest.raises(DataError, match="another plan"):
        Annotations(said.path, "other")
    (tmp_path / "broken.sqlite").write_bytes(b"no database at all, but long enough to look like one" * 40)
    with pytest.raises(DataError, match="is damaged"):
        Annotations(tmp_path / "broken.sqlite", "hash")


def test_people_who_label_at_once_lose_nothing(said):
    """Eight threads, each with its own connections, as separate processes would have."""

    def label(person):
        own = Annotations(said.path, "hash")
        for run in range(25):
            own.add([run], "kappa", old=["H"], who=f"person-{person}", allowed=CLASSES)

    threads = [threading.Thread(target=label, args=(person,)) for person in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = said.log()
    assert len(log) == 200
    assert len({word.batch for word in log}) == 200
    assert all(len(said.current(f"person-{person}")) == 25 for person in range(8))


@given(st.lists(st.tuples(st.sampled_from(["ada", "grace"]), st.sampled_from([*CLASSES, "", "undo"]),
                          st.integers(0, 3)), max_size=12))  # fmt: skip
def test_any_history_replays_to_the_same_state(tmp_path_factory, history):
    said = Annotations(tmp_path_factory.mktemp("said") / "a.sqlite", "hash")
    batches: list[tuple[str, int, str]] = []
    for who, what, run in history:
        if what == "undo":
            own = [i for i, batch in enumerate(batches) if batch[0] == who]
            assert len(said.undo(who)) == len(own[-1:])
            if own:
                batches.pop(own[-1])
        else:
            said.add([run], what, old=["H"], who=who, allowed=CLASSES)
            batches.append((who, run, what))
    assert {run: word.new for run, word in said.current().items()} == {run: what for _, run, what in batches}
