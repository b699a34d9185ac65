"""The page and the lines of progress of the campaigns."""

from tests.faults import report
from tests.faults.progress import Progress
from tests.faults.tally import Tally


def test_repeated_rows_replace_those_of_the_page_and_others_stay(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")
    report.write(page, [Tally("a", "x", trials=3, refused=3, wrong=["lost"]), Tally("b", "y", trials=2, killed=2)])
    report.write(page, [Tally("a", "x", trials=5, refused=5), Tally("c", "z", trials=1)], keep=True)
    rows = page.read_text().splitlines()
    assert rows[0] == "before"
    assert rows[-1] == "after"
    assert "| a | x | 5 | 0 | 5 | 0 | 0 | 0 |" in rows
    assert "| b | y | 2 | 0 | 0 | 2 | 0 | 0 |" in rows
    assert "| all |  | 8 | 0 | 5 | 2 | 0 | 0 |" in rows
    report.write(page, [Tally("c", "z", trials=1)])
    assert "| b | y |" not in page.read_text()


def test_progress_tells_rate_and_time_left_every_ten_seconds():
    now, said = [0.0], []
    progress = Progress("calls", said.append, clock=lambda: now[0])
    progress.start(200)
    row = Tally("a", "x")

    def carry_out(one):
        now[0] += 2.0
        one.trials += 1

    for trial in range(20):
        progress.trial(row, f"trial {trial}", carry_out)
    assert row.trials == 20
    assert said[0] == "calls: 200 trials"
    assert said[1:] == [
        f"calls: {done} of 200 trials, 0.50 a second, {left} left"
        for done, left in ((5, "6:30"), (10, "6:20"), (15, "6:10"), (20, "6:00"))
    ]


def test_a_wrong_trial_is_named_at_once():
    said = []
    progress, row = Progress("calls", said.append), Tally("a", "x")
    progress.trial(row, "write 3", lambda one: one.fail("write 3", "lost"))
    progress.row(row)
    assert said == ["WRONG a, x: write 3: lost", "a, x: 0 trials, 1 wrong"]
