"""Everything imported is declared in the right place; without an extra the package says what to install."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from morphoscope.core.extras import EXTRAS, MissingPackageError, require

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "morphoscope"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOMS = {
    "ensembles": ("cluster", "import", "objects"),
    "learning": ("learn", "timm"),
    "web": ("explore",),
}  # which extras may be imported where


def imported(path):
    """Top-level names of what a file imports, without the standard library."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        yield from (name.split(".")[0] for name in names if name.split(".")[0] not in sys.stdlib_module_names)


def files(folder):
    return sorted(folder.rglob("*.py"))


def declared(requirements):
    """Names of distributions, as they are compared."""
    return {normal(re.match(r"[\w.-]+", text).group()) for text in requirements} - {"morphoscope"}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


DISTRIBUTIONS = {"pde": ["py-pde"], **importlib.metadata.packages_distributions()}  # make bench installs py-pde


def distributions(modules):
    """The distributions of modules; modules of the project's own are left out."""
    own = {"morphoscope", "tests", "tools", "benchmarks", *(path.stem for path in files(ROOT / "benchmarks"))}
    return {normal(DISTRIBUTIONS.get(name, [name])[0]) for name in modules if name not in own}


BASE = declared(PROJECT["dependencies"])
EXTRA = {name: declared(texts) for name, texts in PROJECT["optional-dependencies"].items()}


def test_what_the_package_imports_is_what_it_declares():
    modules = {name for path in files(PACKAGE) for name in imported(path)} | set(imported(PACKAGE / "__init__.py"))
    used = distributions(modules) | {"bokeh"}  # which Dask's dashboard imports
    assert used == BASE.union(*(EXTRA[name] for name in EXTRAS))


def test_extras_are_what_the_helper_says():
    assert {name: distributions(modules) for name, modules in EXTRAS.items()} == {n: EXTRA[n] for n in EXTRAS}
    texts = PROJECT["optional-dependencies"]
    assert texts["all"] == [f"morphoscope[{','.join(EXTRAS)}]"]
    assert "morphoscope[all]" in texts["dev"]


def test_tests_and_tools_import_only_what_is_declared():
    known = BASE.union(*EXTRA.values())
    for folder in ("tests", "tools", "benchmarks"):
        for path in files(ROOT / folder):
            assert distributions(imported(path)) <= known, path


@pytest.mark.parametrize("path", files(PACKAGE), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_packages_of_an_extra_are_imported_in_its_rooms_only(path):
    room = path.relative_to(PACKAGE).parts[0]
    allowed = [name for extra in ROOMS.get(room, ()) for name in EXTRAS[extra]]
    others = {name for modules in EXTRAS.values() for name in modules} - set(allowed)
    assert not set(imported(path)) & others


# The interpreter of a person who has installed no extra.
BARE = f"""
from importlib.machinery import PathFinder
absent, find = {sorted(name for names in EXTRAS.values() for name in names)}, PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.split(".")[0] in absent else find(name, path, target)
PathFinder.find_spec = find_spec
"""


def bare(code, cwd):
    return subprocess.run([sys.executable, "-c", BARE + code], capture_output=True, text=True, cwd=cwd)


def bare_command(*arguments, cwd):
    return bare(f"from morphoscope.cli import main; main({[str(a) for a in arguments]!r})", cwd)


def test_without_extras_every_name_and_every_module_of_the_base_is_there(tmp_path):
    code = """
import importlib, pkgutil, morphoscope
for name in morphoscope.__all__:
    getattr(morphoscope, name)
rooms = [name for name in dir(morphoscope) if hasattr(getattr(morphoscope, name), "__path__")]
for room in set(rooms) - {"web"}:
    for module in pkgutil.walk_packages(getattr(morphoscope, room).__path__, f"morphoscope.{room}."):
        if not module.name.startswith("morphoscope.learning.networks."):
            importlib.import_module(module.name)
print(len(rooms))
"""
    done = bare(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 13


def test_without_extras_one_simulates_draws_and_does_theory(tmp_path):
    small = ("--size", "48x48", "--until", 20)
    for arguments, words in (
        (("simulate", "gray-scott", *small, "--video", "run.mp4"), "run.mp4"),
        (("theory", "gray-scott", "--out", "theory.png"), "theory.png"),
        (("models", "check", "gray-scott"), "agrees with reference"),
        (("ensemble", "--model", "gray-scott", "--grid", "f=0.02:0.04:2", *small, "--out", "scan"), "2 runs done"),
        (("describe", "scan"), "wavelength"),
        (("map", "gray-scott", "--out", "map.png"), "map.png"),
        (("montage", "gray-scott", "--class", "pi", "--out", "pi.png"), "pi.png"),
        (("agree", "gray-scott", "gray-scott"), "100.00%"),
        (("annotate", "gray-scott"), "runs are annotated"),
    ):
        done = bare_command(*arguments, cwd=tmp_path)
        assert done.returncode == 0, (arguments, done.stderr)
        assert words in done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("classify", "run"), "learn"),
        (("ensemble", "gray-scott", "--cluster", "local:2", "--out", "a"), "cluster"),
        (("ensemble", "gray-scott", "--store", "s3://bucket/b", "--out", "a"), "objects"),
        (("train", "a", "--validation", "b", "--out", "c"), "learn"),
        (("evaluate", "gray-scott-first-pass", "a"), "learn"),
        (("explain", "gray-scott-first-pass", "a", "--out", "b"), "learn"),
        (("scan", "gray-scott-first-pass", "a", "--out", "b"), "learn"),
        (("reproduce", "scholz2022", "--out", "a"), "learn"),
        (("refine", "gray-scott", "--out", "a"), "learn"),
        (("explore", "--no-browser"), "explore"),
        (("export", "gray-scott", "--out", "page"), "explore"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_without_its_extra_a_command_says_what_to_install(tmp_path, arguments, extra):
    done = bare_command(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.rstrip().endswith(f"run pip install 'morphoscope[{extra}]'")
    assert list(tmp_path.iterdir()) == []


def test_the_error_is_one_that_python_users_expect(monkeypatch):
    monkeypatch.setitem(EXTRAS, "learn", ("torch", "no_such_package"))
    with pytest.raises(ImportError, match="this needs no_such_package, which is not installed") as caught:
        require("learn")
    assert isinstance(caught.value, MissingPackageError)
    monkeypatch.setitem(EXTRAS, "learn", ("json",))
    require("learn")
