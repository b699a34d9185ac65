"""What the command line adds to the library's errors, and that the library leaves it to it."""

import ast
import re
from pathlib import Path

import pytest

import morphoscope
from morphoscope.cli.advice import COMMAND_NAMES, OPTION_NAMES, advice
from morphoscope.cli.app import command_line
from morphoscope.core.errors import UsageError

PACKAGE = Path(morphoscope.__file__).parent
EDGES = ("cli", "web")  # these may name commands and options
# These write commands that repeat a result.
COMMANDS_ARE_THEIR_PRODUCT = {
    "ensembles/settings.py",
    "reports/chart_page.py",  # what to do next with a chart
    "workflows/scholz2022/study.py",
}
NAMES_A_COMMAND = re.compile(r"(?<![\w-])--[a-z]|`morphoscope |(?<!\w)-p ")


def texts(tree):
    """String literals that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def library():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.split("/")[0] not in EDGES:
            yield name, ast.parse(path.read_text())


def test_the_library_names_no_options_and_no_commands():
    found = {name: text for name, tree in library() for text in texts(tree) if NAMES_A_COMMAND.search(text)}
    assert found.keys() <= COMMANDS_ARE_THEIR_PRODUCT, found


def keyword_values(name):
    """All literal values of a keyword of errors in the library."""
    for _, tree in library():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("UsageError", "DataError"):
                yield from (k.value.value for k in node.keywords if k.arg == name and isinstance(k.value, ast.Constant))


def options(command):
    yield from (p for p in command.params if p.param_type_name == "option")
    for name in getattr(command, "commands", {}):
        yield from options(command.commands[name])


def test_every_operation_that_is_advised_is_a_function_and_a_command():
    root = command_line()
    advised = set(keyword_values("operation"))
    assert advised
    for name in advised | COMMAND_NAMES.keys():
        assert callable(getattr(morphoscope, name))
        command = root
        for word in COMMAND_NAMES.get(name, name).split():
            command = command.commands[word]


def test_every_parameter_that_is_advised_is_an_option_of_some_command():
    known = {option.name for option in options(command_line())}
    advised = set(keyword_values("parameter"))
    assert advised
    assert {OPTION_NAMES.get(name, name) for name in advised} - known <= set()


@pytest.mark.parametrize(
    ("arguments", "error", "added"),
    [
        (["simulate", "gray-scott"], UsageError("x", parameter="overwrite"), " (option --overwrite)"),
        (["simulate", "gray-scott"], UsageError("x", parameter="parameters"), " (option --parameter)"),
        (["models", "new", "my"], UsageError("x", parameter="out"), " (option --out)"),
        (["classify", "a"], UsageError("x", parameter="data"), ""),  # an argument, no option
        (["theory", "a"], UsageError("x", parameter="overwrite"), ""),
        (["simulate", "a"], UsageError("unknown parameter 'F' of a; did you mean 'f'?", parameter="parameters"), ""),
        (["simulate", "a"], UsageError("unknown parameter 'z' of a; known: f, k", parameter="parameters"), ""),
        (["map", "a"], UsageError("x", operation="scan"), " (command `morphoscope scan`)"),
        (["map", "a"], UsageError("x", operation="new_model"), " (command `morphoscope models new`)"),
        (["map", "a"], UsageError("x"), ""),
    ],
)
def test_advice(arguments, error, added):
    assert advice(command_line(), arguments, error) == added
