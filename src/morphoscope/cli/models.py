"""The command about models: list, show, check, begin a new one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, app, example
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.models import Model


@app.command(epilog=example("morphoscope models gray-scott"))
def models(
    name: Annotated[
        str | None, typer.Argument(help="A model's name or file (.toml), for its equations; or the word check or new.")
    ] = None,
    which: Annotated[
        str | None, typer.Argument(help="After check: the model's name or file. After new: the new model's name.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="After new: file to write.", show_default="NAME.toml")] = None,
    json: Json = False,
) -> None:
    """List the built-in models, show one, check one (`models check my.toml`), or begin one (`models new my`).

    A check builds the model's kernel, steps it, and compares it with the reference. `new` writes a commented model file
    to be changed.
    """
    if name not in ("check", "new"):
        if which is not None or out is not None:
            raise UsageError("give one model; a second word or --out goes after check or new only")
        _show_models(name, json=json)
    elif which is None:
        raise UsageError(f"models {name} needs a model's name{' or file' if name == 'check' else ''} after it")
    elif name == "new":
        written = morphoscope.new_model(which, out)
        if json:
            show.as_json({"file": str(written)})
        else:
            show.line(f"{written} is an example to change; then: morphoscope models check {written}")
    else:
        if out is not None:
            raise UsageError("--out goes after new only; models check writes nothing")
        _check_model(which, json=json)


def _show_models(name: str | None, *, json: bool) -> None:
    found = morphoscope.list_models(name)
    if json:
        show.as_json([model.to_dict() for model in found])
    elif name is None:
        rows = [(m.name, ", ".join(m.species), ", ".join(m.parameters), m.source) for m in found]
        show.table(("model", "species", "parameters", "source"), rows)
    else:
        _show_model(found[0])


def _show_model(model: Model) -> None:
    from morphoscope.models.model import UNLIMITED

    show.line(f"{model.title} ({model.name})\n")
    for equation in model.equations():
        show.line(f"  {equation}")
    rows = [
        (
            p,
            f"{model.defaults[p]:g}",
            "any" if model.ranges[p] == UNLIMITED else "{:g} … {:g}".format(*model.ranges[p]),
            model.meanings[p],
        )
        for p in model.parameters
    ]
    show.table(("parameter", "default", "range", "meaning"), rows, title="")
    step = "automatic" if model.dt is None else f"{model.dt:g}"
    show.line(f"time step {step}, cell size {model.spacing:g}, end {model.until:g} (dimensionless)")
    show.line(f"source: {model.source or 'none given'}")


def _check_model(name: str, *, json: bool) -> None:
    checks = morphoscope.check_model(name)
    if json:
        show.as_json([dataclasses.asdict(check) for check in checks])
    else:
        rows = [(check.name, "passed" if check.passed else "failed", check.detail) for check in checks]
        show.table(("check", "", "what was seen"), rows)
    if failed := [check.name for check in checks if not check.passed]:
        raise UsageError(f"{name} fails {len(failed)} of {len(checks)} checks: {', '.join(failed)}")
