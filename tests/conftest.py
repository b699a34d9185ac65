"""Shared small things: the model, a tiny labelled ensemble, a tiny trained classifier, an atlas, a browser."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import morphoscope
from morphoscope.engines import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles import Plan, make_runs
from morphoscope.models import Model, get_model
from tests import browser
from tests.small import small_atlas, uniform_atlas

__all__ = ["small_atlas", "uniform_atlas"]  # fixtures

# The networks of the tests are small. PyTorch's threads wait for one another by spinning, which on busy cores took
# eleven times the CPU time: 94 s instead of 8.5 s for the training of `workshop`.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("morphoscope", deadline=None, derandomize=True)  # the same examples every time
settings.load_profile("morphoscope")


@pytest.fixture(scope="session")
def gray_scott() -> Model:
    return get_model("gray-scott")


def tiny_plan(name: str = "tiny", runs: int = 4, seed: int = 1, size: int = 64) -> Plan:
    """Spots, stripes and the homogeneous state on a small square, for a short time."""
    model = get_model("gray-scott")
    rows = [
        ({"f": f, "k": k}, label)
        for label, f, k in (("kappa", 0.046, 0.063), ("lambda", 0.03, 0.062), ("H", 0.005, 0.05))
        for _ in range(runs)
    ]
    return Plan(
        name=name,
        model=model,
        grid=Grid(size, size),
        dt=0.5,
        until=3000.0,
        times=(2940.0, 2970.0, 3000.0),
        initial=InitialCondition("pearson-gamma"),
        record=("u",),
        runs=make_runs(model, rows, seed),
    )


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train, validation, classifier and atlas, all tiny."""
    folder = tmp_path_factory.mktemp("workshop")
    morphoscope.ensemble(tiny_plan("tiny-train", runs=8, seed=1), folder / "train")
    morphoscope.ensemble(tiny_plan("tiny-validation", runs=4, seed=2), folder / "validation")
    morphoscope.train(folder / "train", folder / "validation", folder / "classifier", epochs=40)
    morphoscope.scan(folder / "classifier", folder / "validation", folder / "atlas")
    return folder


class Listening:
    """A reporter that remembers what was said."""

    def __init__(self):
        self.said = []

    def task(self, *_, **__):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def advance(self, *_, **__):
        pass

    def message(self, text):
        self.said.append(text)


@pytest.fixture(scope="session")
def browser_program() -> str | None:
    """The path of a Chromium, or None."""
    return browser.find_chromium()


@pytest.fixture(scope="session")
def needs_browser(browser_program: str | None) -> None:
    """Skip a test where there is no Chromium; fail on an integration machine."""
    if browser_program is None:
        if browser.required():
            pytest.fail(browser.MISSING)
        pytest.skip(browser.MISSING)


@pytest.fixture(scope="session")
def _running_browser(browser_program: str | None) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_program, args=browser.FLAGS)
        yield running
        running.close()


@pytest.fixture
def chromium(needs_browser: None, request: pytest.FixtureRequest) -> Any:
    """A running Chromium, the same one for all tests."""
    return request.getfixturevalue("_running_browser")


def heed_interrupts() -> None:
    """Undo what a shell does to commands in the background, for tests that interrupt processes they start.

    There SIGINT is ignored, and children inherit that.
    """
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    heed_interrupts()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line says which tests a person should not believe to have passed; workers leave it to their head."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    skipped = [report for report in reporter.stats.get("skipped", ()) if browser.MISSING in str(report.longrepr)]
    if skipped:
        print(f"not tested: {len(skipped)} tests in a browser: {browser.MISSING}")
