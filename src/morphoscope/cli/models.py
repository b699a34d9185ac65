"""The commands for models: list, show, check, and create."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, app, application, example
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.models import Model

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A built-in model's name, or a model file (.toml).")]


class _Group(TyperGroup):
    """``models NAME`` is short for ``models show NAME``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and len([word for word in args if not word.startswith("-")]) == 1:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


models = application(cls=_Group, invoke_without_command=True, epilog=example("morphoscope models show gray-scott"))
app.add_typer(models, name="models")


@models.callback()
def list_models(context: typer.Context, json: Json = False) -> None:
    """List the built-in models, or show or check one, or create a file for a new one.

    `models MODEL` is short for `models show MODEL`.
    """
    if context.invoked_subcommand is not None:
        if json:
            raise UsageError("--json comes before the subcommand; put it at the end of the line")
        return
    found = morphoscope.list_models()
    if json:
        show.as_json([model.to_dict() for model in found])
    else:
        rows = [(m.name, ", ".join(m.species), ", ".join(m.parameters), m.source) for m in found]
        show.table(("model", "species", "parameters", "source"), rows)


@models.command("show", epilog=example("morphoscope models show gray-scott"))
def show_model(name: ModelName, json: Json = False) -> None:
    """Show a model: its equations, parameters, time step and source."""
    (model,) = morphoscope.list_models(name)
    if json:
        show.as_json([model.to_dict()])
    else:
        _print(model)


@models.command(epilog=example("morphoscope models check my.toml"))
def check(name: ModelName, json: Json = False) -> None:
    """Check a model against the reference engine.

    The check compiles the model's kernel, runs it for some steps, and compares it with the reference engine.
    """
    checks = morphoscope.check_model(name)
    if json:
        show.as_json([dataclasses.asdict(check) for check in checks])
    else:
        rows = [(check.name, "passed" if check.passed else "failed", check.detail) for check in checks]
        show.table(("check", "", "result"), rows)
    if failed := [check.name for check in checks if not check.passed]:
        raise UsageError(f"{name} fails {len(failed)} of {len(checks)} checks: {', '.join(failed)}")


@models.command(epilog=example("morphoscope models new my"))
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new model's name.")],
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default="NAME.toml")] = None,
    json: Json = False,
) -> None:
    """Write a commented model file, a template for a model of your own."""
    written = morphoscope.new_model(name, out)
    if json:
        show.as_json({"file": str(written)})
    else:
        show.line(f"wrote {written}, an example to edit; then run: morphoscope models check {written}")


def _print(model: Model) -> None:
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
