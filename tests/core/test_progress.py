"""Progress is shown in notebooks and not in scripts; what the reporters print."""

import inspect
import sys
import types

import pytest

import morphoscope
from morphoscope.core import reporters
from morphoscope.core.progress import AUTO, SILENT, in_notebook
from morphoscope.core.reporters import NotebookReporter, PlainReporter
from tests.conftest import tiny_plan


class Cell:
    """An output of a notebook that remembers every state it was in."""

    def __init__(self, shown):
        self.states = [shown]

    def update(self, shown):
        self.states.append(shown)


@pytest.fixture
def cells(monkeypatch):
    """A fake notebook; the outputs that its frontend would show."""
    made = []

    def show(thing, display_id):
        assert display_id is True
        made.append(Cell(thing))
        return made[-1]

    python = types.ModuleType("IPython")
    python.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    python.display = types.SimpleNamespace(HTML=str, display=show)
    monkeypatch.setitem(sys.modules, "IPython", python)
    return made


def work(reporter, total=10, done=0):
    with reporter.task("simulate <a>", total, "runs", done) as task:
        for _ in range(total - done):
            task.advance(note="it grows")


def test_a_terminal_of_ipython_is_no_notebook(cells, monkeypatch):
    assert in_notebook()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: object())
    assert not in_notebook()


def test_automatic_is_silent_in_a_script(capfd, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    work(AUTO)
    AUTO.message("a stage")
    assert capfd.readouterr() == ("", "")


def test_automatic_shows_a_bar_in_a_notebook(cells, capfd):
    work(AUTO, done=4)
    (cell,) = cells
    first, last = cell.states[0], cell.states[-1]
    assert '<progress value="4" max="10">' in first
    assert "simulate &lt;a&gt;: 4/10 runs" in first
    assert '<progress value="10" max="10">' in last
    assert "10/10 runs, " in last
    assert "(it grows)" in last
    AUTO.message("a stage")
    assert capfd.readouterr().out == "a stage\n"


def test_a_notebook_is_not_flooded_and_shows_where_work_stopped(cells, monkeypatch):
    clock = iter(range(10**9))
    monkeypatch.setattr(reporters.time, "monotonic", lambda: next(clock) / 1000)

    def interrupted():
        with NotebookReporter().task("simulate", 10_000, "runs") as task:
            for _ in range(7_000):
                task.advance()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (cell,) = cells
    assert 5 < len(cell.states) < 200
    assert 'value="7000"' in cell.states[-1]
    assert " left" in cell.states[-1]


def test_simulating_in_a_notebook_shows_a_bar_without_being_asked(cells, tmp_path):
    morphoscope.ensemble(tiny_plan(runs=1, size=48), tmp_path / "e", limit=1)
    assert any("1/1 runs" in cell.states[-1] for cell in cells)


@pytest.mark.parametrize(("total", "value"), [(0, 0), (3, 3)])
def test_tasks_without_units_are_shown_too(cells, total, value):
    work(NotebookReporter(), total)
    assert f'<progress value="{value}" max="{max(total, 1)}">' in cells[0].states[-1]


def test_lines_of_a_log(capfd):
    work(PlainReporter(), total=3, done=1)
    assert capfd.readouterr().err.startswith("simulate <a>: 3/3 runs, ")


def public_functions():
    things = {name: getattr(morphoscope, name) for name in morphoscope.__all__}
    return {name: thing for name, thing in things.items() if inspect.isfunction(thing)}


def test_all_public_functions_choose_the_reporter_themselves():
    defaults = {
        name: inspect.signature(function).parameters["progress"].default
        for name, function in public_functions().items()
        if "progress" in inspect.signature(function).parameters
    }
    assert defaults.keys() >= {"describe", "ensemble", "refine", "reproduce", "scan", "train"}
    assert all(default is AUTO for default in defaults.values()), defaults
    assert (repr(AUTO), repr(SILENT)) == ("AUTO", "SILENT")


def test_a_fast_rate_has_no_exponent(monkeypatch, capfd):
    clock = iter([0.0, *[1.0] * 99])
    monkeypatch.setattr(reporters, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    with PlainReporter().task("read", 2830, "runs") as task:
        task.advance(2830)
    assert "2830/2830 runs, 2830 runs/s" in "".join(capfd.readouterr())
