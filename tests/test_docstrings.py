"""Docstrings of public names: every argument is documented, and the examples run."""

import dataclasses
import doctest
import inspect
import re

import pytest

import morphoscope.theory

MODULES = (morphoscope.theory,)
PUBLIC = [
    pytest.param(getattr(module, name), id=f"{module.__name__.removeprefix('morphoscope.')}.{name}")
    for module in MODULES
    for name in module.__all__
]


def sections(thing):
    """The lines of each numpydoc section, by its title."""
    parts = re.split(r"^([A-Z][a-z]+)\n-+$", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section):
    """The names that a section describes: what stands before the colon of lines without indentation."""
    lines = [line for line in section.splitlines() if re.match(r"\S.* : ", line)]
    return {name.strip(" *") for line in lines for name in line.split(" : ")[0].split(",")}


@pytest.mark.parametrize("thing", PUBLIC)
def test_every_argument_is_documented(thing):
    found = sections(thing)
    if dataclasses.is_dataclass(thing):
        title, names = "Attributes", {field.name for field in dataclasses.fields(thing)}
    else:
        title, names = "Parameters", set(inspect.signature(thing).parameters)
        assert "Returns" in found
        assert "Examples" in found
    if names:
        assert documented(found.get(title, found.get("Parameters", ""))) == names


@pytest.mark.parametrize("thing", PUBLIC)
def test_examples_run(thing):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in doctest.DocTestFinder(recurse=True).find(thing, globs={}):
        runner.run(test)
    assert runner.failures == 0
