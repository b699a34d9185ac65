"""The docstrings of the public names are reference pages: complete numpydoc, with examples that run."""

import dataclasses
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import morphoscope

ROOT = Path(__file__).parent.parent

# What every page needs. Types stand in the signature, so numpydoc's PR04 and RT02 are not asked for.
REQUIRED = {
    "GL06": "unknown section",
    "GL07": "sections in the wrong order",
    "GL08": "no docstring",
    "SS01": "no summary",
    "SS03": "summary without a period",
    "PR01": "parameters missing",
    "PR02": "parameters that do not exist",
    "PR03": "parameters in the wrong order",
    "PR07": "parameter without a description",
    "RT01": "no Returns",
    "RT03": "return value without a description",
    "EX01": "no Examples",
}


def public():
    """Functions and classes of the packages in the reference, by the name under which they are reached."""
    packages = re.findall(r"public-names:: (\S+)", (ROOT / "docs" / "reference" / "python.rst").read_text())
    things = {}
    for package in map(importlib.import_module, packages):
        room = package.__name__.removeprefix("morphoscope").removeprefix(".")
        things |= {f"{room}.{name}".lstrip("."): getattr(package, name) for name in package.__all__}
    return {name: thing for name, thing in things.items() if callable(thing)}


def excused(thing, name):
    """Codes that are not asked of a thing: classes that are results describe their fields, errors are no example."""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return {"EX01"}
    if not dataclasses.is_dataclass(thing):
        return set()
    described = [entry.name for entry in NumpyDocString(inspect.getdoc(thing))["Attributes"]]
    fields = [field.name for field in dataclasses.fields(thing)]
    return {"PR01", "EX01"} if described == fields or not fields else set()


def missing(name):
    thing = public()[name]
    codes = REQUIRED.keys() - excused(thing, name)
    found = {f"{REQUIRED[code]}: {text}" for code, text in validate(f"morphoscope.{name}")["errors"] if code in codes}
    if inspect.isfunction(thing) and "." not in name and "\nRaises\n" not in inspect.cleandoc(thing.__doc__ or ""):
        found.add("no Raises")
    return found


@pytest.mark.parametrize("name", sorted(public()))
def test_docstring_is_complete(name):
    assert missing(name) == set()


def test_the_check_sees_what_is_missing(monkeypatch):
    def train(data, out):
        """Train a network.

        Parameters
        ----------
        data
            An ensemble.
        """
        return data, out

    monkeypatch.setattr(morphoscope, "train", train)
    found = " ".join(sorted(missing("train")))
    for words in ("parameters missing", "'out'", "no Returns", "no Raises", "no Examples"):
        assert words in found


@pytest.mark.parametrize("name", sorted(public()))
def test_examples_run(name, tmp_path, monkeypatch):
    """As a reader would type them: in an empty folder, with nothing imported."""
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report = []
    for test in doctest.DocTestFinder().find(public()[name], name, globs={}):
        runner.run(test, out=report.append)
    assert not report, "".join(report)
