"""Shared small things: the model, a tiny labelled ensemble, a tiny trained classifier, an atlas, a browser."""

from __future__ import annotations

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


_without_browser: list[str] = []  # tests that were skipped because there is no Chromium


@pytest.fixture(scope="session")
def browser_program() -> str | None:
    """The path of a Chromium, or None."""
    return browser.find_chromium()


@pytest.fixture
def needs_browser(request: pytest.FixtureRequest, browser_program: str | None) -> None:
    """Skip a test where there is no Chromium, and remember it; fail on an integration machine."""
    if browser_program is None:
        if browser.required():
            pytest.fail(browser.MISSING)
        _without_browser.append(request.node.nodeid)
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


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line says which tests a person should not believe to have passed."""
    if _without_browser:
        print(f"not tested: {len(_without_browser)} tests in a browser: {browser.MISSING}")
