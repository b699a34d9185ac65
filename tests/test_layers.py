"""The rooms of the package and which way imports between them may point."""

import ast
import graphlib
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "morphoscope"

#: A room may import rooms on lower floors, and itself.
FLOORS = {
    "core": 0,
    "models": 1,
    "descriptors": 1,
    "rendering": 1,
    "theory": 2,
    "engines": 3,
    "ensembles": 4,
    "learning": 5,
    "atlas": 6,
    "reports": 7,
    "operations": 8,
    "workflows": 9,
    "web": 10,
    "cli": 11,
}
PLACE = re.compile(r"morphoscope(\.\w+)+(:\w+)?")
FACE = ("__init__.py", "__init__.pyi", "__main__.py")  # at the root: may name every room


def imported_names(tree):
    """Dotted names of what a module imports: also inside functions, by ``import_module``, by a registry."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the room; write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("add_code", "add_package"):  # of a registry, which imports it when it is asked for
                yield from (a.value for a in node.args if PLACE.fullmatch(str(getattr(a, "value", ""))))
            if called in ("import_module", "__import__") and node.args:
                text = node.args[0]
                yield text.value if isinstance(text, ast.Constant) else "dynamic"


def rooms_of(tree):
    """The rooms that a module imports."""
    for name in imported_names(tree):
        parts = name.split(".")
        if parts[0] == "morphoscope" and len(parts) > 1 and parts[1] in FLOORS:
            yield parts[1]


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix() not in FACE)


def test_every_room_has_a_floor():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == FLOORS.keys()
    assert sorted(path.name for path in PACKAGE.iterdir() if path.suffix in (".py", ".pyi")) == sorted(FACE)


def test_folders_of_tests_are_rooms():
    tests = Path(__file__).parent
    across = {Path(), Path("faults")}  # what concerns several rooms
    for folder in {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")} - across:
        assert (PACKAGE / folder).is_dir(), f"tests/{folder} mirrors no folder of the package"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path):
    own = path.relative_to(PACKAGE).parts[0]
    for room in rooms_of(ast.parse(path.read_text())):
        assert room == own or FLOORS[room] < FLOORS[own], f"{own} imports {room}"


def test_dynamic_imports_are_in_the_registry_only():
    """A name that is computed could point anywhere."""
    dynamic = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        if "dynamic" in imported_names(ast.parse(path.read_text()))
    }
    assert dynamic <= {"core/registry.py", "cli/app.py"}


def test_the_test_sees_hidden_imports():
    hidden = "import importlib\ndef f():\n    importlib.import_module('morphoscope.web.explorer')\n"
    assert set(rooms_of(ast.parse(hidden))) == {"web"}
    assert set(rooms_of(ast.parse("THINGS.add_code('x', 'morphoscope.web.explorer:explore')"))) == {"web"}
    assert list(rooms_of(ast.parse("def f():\n    from morphoscope import cli\n"))) == ["cli"]


#: Pairs of modules inside a room that import each other, each once at a call: for a method that calls what is built on
#: its class. This list only shrinks.
KNOWN_CIRCLES = {
    ("core.progress", "core.reporters"),
    ("ensembles.simulation", "ensembles.pictures"),
    ("ensembles.simulation", "ensembles.run_folder"),
}


def without_type_checking(tree):
    """A module without the imports that only a type checker follows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


def module_graph():
    """Which modules each module imports, by dotted names without the package's."""
    dotted = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in modules()}
    names = {name.removesuffix(".__init__"): path for name, path in dotted.items()}
    graph = {}
    for name, path in names.items():
        tree = without_type_checking(ast.parse(path.read_text()))
        imported = (full.removeprefix("morphoscope.") for full in imported_names(tree))
        found = {full if full in names else full.rpartition(".")[0] for full in imported}
        graph[name] = (found & names.keys()) - {name}
    return graph


def test_no_module_imports_itself_over_others():
    graph = module_graph()
    for one, other in KNOWN_CIRCLES:
        assert other in graph[one], f"{one} does not import {other}; remove the pair from KNOWN_CIRCLES"
        graph[one] = graph[one] - {other}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the modules of a circle


def test_circles_are_seen():
    graph = module_graph()
    graph["core.errors"] = {"core.storage"}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph).prepare()
