"""The package as its users see it: typed, complete, and imported at no cost."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import morphoscope
from tests.test_layers import FLOORS

SOURCE = Path(morphoscope.__file__).parent.parent
HEAVY = (
    "numpy",
    "sympy",
    "scipy",
    "torch",
    "xarray",
    "zarr",
    "matplotlib",
    "llvmlite",
    "anywidget",
    "bokeh",
    "typer",
    "rich",
)

# What a user's script looks like. Lines with "# error: CODE" must be refused by mypy, the others accepted.
SCRIPT = """
from pathlib import Path

import morphoscope
import morphoscope.theory
from morphoscope import Classifier, Ensemble, Grid, Model, Ramp, UsageError

done = morphoscope.simulate("gray-scott", {"f": 0.03, "k": Ramp("x", 0.05, 0.06)}, seed=2, out="run")
done = morphoscope.simulate(Path("my.toml"), engine="cpu")
mean: float = done.species("u").mean()
kept: Path = done.save("run")
steps = done.dataset().sizes["time"]
read = morphoscope.classify("gray-scott-second-pass", done.species("u")[None])
names: list[str] = read.names
runs: Ensemble = morphoscope.ensemble("scholz2022-train", "train", limit=10)
network: Classifier = morphoscope.train(runs.folder, "validation", Path("classifier"), epochs=3)
morphoscope.class_map("gray-scott", "map.png", color="margin").savefig("again.png")
models: list[Model] = morphoscope.list_models()
cells: int = Grid(height=64).width
version: str = morphoscope.__version__
kind: str = morphoscope.analyze("gray-scott").kind
rates = morphoscope.theory.dispersion
room = morphoscope.models
try:
    morphoscope.explore("atlas", browser=True)
except UsageError as error:
    print(error)

morphoscope.simulate()  # error: call-arg
morphoscope.train("train", "validation", "out", epoch=3)  # error: call-arg
morphoscope.simulate("gray-scott", sed=1)  # error: call-arg
morphoscope.simulate("gray-scott", seed="one")  # error: arg-type
morphoscope.train("train", "validation", "out", epochs="many")  # error: arg-type
morphoscope.class_map("gray-scott", 7)  # error: arg-type
morphoscope.simulat("gray-scott")  # error: attr-defined
morphoscope.theory.nothing  # error: attr-defined
number: int = morphoscope.list_models()  # error: assignment
version.nothing  # error: attr-defined
"""


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_users_script_is_checked_as_strictly_as_it_wants(tmp_path):
    """With ``mypy --strict``, as in an environment where the package is installed."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.lstrip())
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", str(script)],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "MYPYPATH": str(SOURCE)},
    )  # fmt: skip
    found = re.findall(r"^script\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    expected = [
        (str(number), line.partition("# error: ")[2])
        for number, line in enumerate(script.read_text().splitlines(), 1)
        if "# error: " in line
    ]
    assert found == expected, done.stdout + done.stderr


def test_types_are_in_the_package():
    for name in ("py.typed", "__init__.pyi"):
        assert (SOURCE / "morphoscope" / name).is_file()


def test_importing_the_package_imports_nothing_heavy():
    loaded = json.loads(python("import sys, json, morphoscope; print(json.dumps(sorted(sys.modules)))"))
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
    assert [name for name in loaded if name.startswith("morphoscope")] == ["morphoscope"]


@pytest.mark.parametrize("room", sorted(FLOORS.keys() - {"cli"}))
def test_every_room_is_an_attribute(room):
    assert python(f"import morphoscope; print(morphoscope.{room}.__name__)") == f"morphoscope.{room}\n"


def test_dir_is_complete():
    stub = (SOURCE / "morphoscope" / "__init__.pyi").read_text()
    declared = set(re.findall(r" as (\w+)$", stub, re.MULTILINE))
    assert declared <= set(dir(morphoscope))
    assert declared == set(morphoscope.__all__)
    assert FLOORS.keys() - {"cli"} <= declared
    assert {"simulate", "Model", "UsageError", "__version__"} <= declared


def test_public_functions_name_their_arguments():
    """``help`` and editors show every argument with its default: nothing is swallowed by ``**settings``."""
    functions = [thing for name in morphoscope.__all__ if inspect.isfunction(thing := getattr(morphoscope, name))]
    kinds = {(f.__name__, p.kind.name) for f in functions for p in inspect.signature(f).parameters.values()}
    assert not [name for name, kind in kinds if kind.startswith("VAR_")]


def test_unknown_names_are_errors_of_attributes():
    with pytest.raises(AttributeError, match="nothing"):
        _ = morphoscope.nothing
