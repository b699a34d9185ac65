"""An interrupted torture run continues with the trials that it recorded."""

import json

from tests.faults.journal import Journal, hash_of_sources
from tests.faults.progress import Progress
from tests.faults.tally import Tally


def one_killed(one):
    one.trials += 1
    one.killed += 1


def counted(folder, sources, cases, carry_out):
    """The row and the lines of a campaign with these cases."""
    said, row = [], Tally("killed", "ensemble")
    progress = Progress("calls", said.append, Journal(folder, sources))
    progress.start(len(cases))
    for case in cases:
        progress.trial(row, case, carry_out)
    return row, said


def must_not_run(one):
    raise AssertionError("this trial is recorded")


def test_recorded_trials_are_counted_and_not_repeated(tmp_path):
    counted(tmp_path, "s", ["write 1", "write 2"], one_killed)
    row, _ = counted(tmp_path, "s", ["write 1", "write 2"], must_not_run)
    assert row == Tally("killed", "ensemble", trials=2, killed=2)


def test_a_recorded_wrong_trial_stays_wrong(tmp_path):
    counted(tmp_path, "s", ["write 1"], lambda one: one.fail("write 1", "lost"))
    row, said = counted(tmp_path, "s", ["write 1"], must_not_run)
    assert row.wrong == ["write 1: lost"]
    assert "WRONG killed, ensemble: write 1: lost" in said


def test_trials_of_other_sources_do_not_count(tmp_path):
    counted(tmp_path, "before", ["write 1"], one_killed)
    journal = Journal(tmp_path, "after")
    assert (len(journal), journal.others) == (0, 1)


def test_a_line_that_was_cut_off_is_repeated_and_the_next_is_whole(tmp_path):
    counted(tmp_path, "s", ["write 1", "write 2"], one_killed)
    path = tmp_path / "trials.jsonl"
    path.write_text(path.read_text()[:-20])
    row, _ = counted(tmp_path, "s", ["write 1", "write 2"], one_killed)
    assert row.trials == 2
    assert [json.loads(line)["case"] for line in path.read_text().splitlines()[2:]] == ["write 2"]
    assert len(Journal(tmp_path, "s")) == 2


def test_a_finished_run_is_followed_by_a_new_one(tmp_path):
    counted(tmp_path, "s", ["write 1"], one_killed)
    Journal(tmp_path, "s").finish()
    assert len(Journal(tmp_path, "s")) == 0
    assert (tmp_path / "trials-finished.jsonl").is_file()


def test_the_sources_have_one_hash():
    assert hash_of_sources() == hash_of_sources()
