"""The way of ``-p f=0.0321`` from the command to the kernel: few files, and one form once it is checked."""

import sys
from pathlib import Path

import pytest

import morphoscope
from morphoscope.cli import main
from morphoscope.engines.cpu.tracing import StepProgram
from morphoscope.models import Model, Parameters

PACKAGE = Path(morphoscope.__file__).parent
COMMAND = ["simulate", "gray-scott", "-p", "f=0.0321", "--size", "48x48", "--until", "10", "--times", "10"]
#: The files that hand the parameter on, in order, up to the one that writes the kernel's numbers.
WAY = [
    "cli/simulate.py",
    "cli/parsing.py",
    "operations/simulate.py",
    "ensembles/simulation.py",
    "models/model.py",
    "ensembles/jobs.py",
    "engines/cpu/tracing.py",
]
#: These look at the checked parameters and hand nothing on.
READERS = {
    "cli/__init__.py",  # the command's arguments before they are parsed
    "models/parameters.py",
    "models/expressions.py",
    "ensembles/extremes.py",
    "ensembles/plan.py",
    "ensembles/table.py",
    "engines/stability.py",
    "engines/initial.py",
    "engines/base.py",
}


def form(value):
    """The form in which a value holds f, or None."""
    if isinstance(value, list) and any(isinstance(text, str) and text == "f=0.0321" for text in value):
        return "texts"
    if isinstance(value, Parameters):
        return "Parameters"
    f = value.get("f") if type(value) is dict else None
    if isinstance(f, str | float) and str(f) == "0.0321":
        return "mapping of text" if isinstance(f, str) else "mapping of numbers"
    return None


@pytest.fixture
def watched(monkeypatch, tmp_path):
    """Until the kernel has its numbers: (file, form) where the parameter is held, the jobs, the calls of complete."""
    seen, jobs, completed = [], [], []

    def stop(self, job, dtype):
        result = numbers(self, job, dtype)
        sys.setprofile(None)
        jobs.append((job, len(completed)))
        return result

    def profile(frame, event, result):
        file = frame.f_code.co_filename
        if event in ("call", "return") and file.startswith(f"{PACKAGE}/"):
            for value in (*frame.f_locals.values(), result):
                if form(value):
                    seen.append((Path(file).relative_to(PACKAGE).as_posix(), form(value)))

    numbers, complete = StepProgram.numbers, Model.complete
    monkeypatch.setattr(StepProgram, "numbers", stop)
    monkeypatch.setattr(Model, "complete", lambda self, given: completed.append(given) or complete(self, given))
    sys.setprofile(profile)
    try:
        with pytest.raises(SystemExit) as left:
            main([*COMMAND, "--out", str(tmp_path / "run")])
    finally:
        sys.setprofile(None)
    assert left.value.code == 0
    return list(dict.fromkeys(seen)), jobs


def test_few_files_and_forms(watched):
    seen, [(job, completions)] = watched
    files = list(dict.fromkeys(file for file, _ in seen))
    assert set(files) <= {*WAY, *READERS}
    assert len(WAY) <= 7
    on_the_way = [file for file in files if file in WAY]
    assert on_the_way == [file for file in WAY if file in on_the_way]
    before = {form for file, form in seen if file.startswith(("cli/", "operations/"))}
    assert before == {"texts", "mapping of text"}  # then Parameters, then the kernel's array of numbers
    assert completions == 1
    assert isinstance(job.parameters, Parameters)
    assert job.parameters == {"f": 0.0321, "k": 0.055, "Du": 0.2, "Dv": 0.1}


def test_the_plans_parameters_are_the_jobs(monkeypatch):
    """No copy, no other form: the object that the model made is the one that the kernel's numbers are made of."""
    jobs = []
    numbers = StepProgram.numbers
    monkeypatch.setattr(StepProgram, "numbers", lambda self, job, dtype: jobs.append(job) or numbers(self, job, dtype))
    done = morphoscope.simulate("gray-scott", {"f": 0.0321}, size=(48, 48), until=1.0, times=[1.0])
    assert jobs[0].parameters is done.plan.runs[0].parameters
    assert done.plan.runs[0].parameters.given == {"f": 0.0321}
