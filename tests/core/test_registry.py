"""Registries find objects by name and load nothing before it is requested."""

import doctest
import subprocess
import sys

import pytest

from morphoscope.core import registry
from morphoscope.core.errors import UsageError
from morphoscope.core.registry import Registry
from morphoscope.engines import ENGINES
from morphoscope.engines.initial import INITIAL_CONDITIONS
from morphoscope.ensembles.recipes import RECIPES
from morphoscope.ensembles.sampling import SAMPLERS
from morphoscope.learning.networks import NETWORKS
from morphoscope.models import MODELS
from morphoscope.workflows.reproduce import STUDIES

REGISTRIES = [MODELS, NETWORKS, ENGINES, INITIAL_CONDITIONS, SAMPLERS, RECIPES, STUDIES]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.kind)
class TestEveryRegistry:
    def test_gets_everything_that_it_lists(self, registry):
        assert registry.names() == sorted(registry.names())
        for name in registry:
            assert name in registry
            assert registry.get(name) is not None

    def test_names_the_nearest(self, registry):
        name = registry.names()[0]
        with pytest.raises(UsageError, match=f"unknown {registry.kind} '{name}x'; did you mean '{name}'"):
            registry.get(f"{name}x")
        assert f"{name}x" not in registry


def test_what_is_far_from_all_names_lists_them():
    with pytest.raises(UsageError, match="unknown engine 'zzz'; known: cpu, reference"):
        ENGINES.get("zzz")


def test_things_are_added_in_four_ways(tmp_path, monkeypatch):
    package = tmp_path / "somewhere"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "two_parts.py").write_text("from tests.core.test_registry import Named\nthing = Named('two-parts')\n")
    (package / "other.py").write_text("from tests.core.test_registry import Named\nthing = Named('misnamed')\n")
    monkeypatch.syspath_prepend(tmp_path)
    things: Registry = Registry("thing")
    things.add("one", 1)
    things.add_code("two", "math:pi")
    things.add_finder(lambda: {"three": lambda: 3})
    things.add_package("somewhere", Named)
    assert things.register("five")(len) is len
    assert things.names() == ["five", "one", "other", "three", "two", "two-parts"]
    assert "somewhere.two_parts" not in sys.modules
    assert things.get("two-parts").name == "two-parts"
    assert things.get("two") == pytest.approx(3.14159, rel=1e-5)
    with pytest.raises(ImportError, match="defines no Named named 'other'"):
        things.get("other")


class Named:
    def __init__(self, name):
        self.name = name


def test_listing_names_loads_nothing_heavy():
    code = """
import sys
from morphoscope.engines import engine_names
from morphoscope.learning.networks import network_names
from morphoscope.models import get_model, model_names
assert engine_names() and network_names() and model_names()
assert get_model("gray-scott").name == "gray-scott"
heavy = {"llvmlite", "torch", "zarr", "morphoscope.models.builtin.brusselator"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_docstring_examples():
    assert doctest.testmod(registry).failed == 0
