"""The format of a run's folder is known in one place."""

import ast
from pathlib import Path

import morphoscope
from morphoscope.ensembles import run_folder

PACKAGE = Path(morphoscope.__file__).parent
FILES = {run_folder.MARKER, run_folder.RUN_FILE, run_folder.INITIAL_FILE, run_folder.PICTURE_FILE}


def test_only_one_module_names_the_files_of_a_run():
    named = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in FILES
    }
    assert named == {"ensembles/run_folder.py"}
