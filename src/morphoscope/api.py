"""The public functions: one a command, of the same name and with the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.errors import UsageError, nearest
from morphoscope.operations import (
    agree,
    classify,
    evaluate,
    explain,
    map,
    montage,
    open_atlas,
    scan,
    train,
)
from morphoscope.passes import annotate, refine
from morphoscope.progress import SILENT, Reporter
from morphoscope.simulations import check_model, describe, ensemble, models, new_model, scan_plan, simulate, theory

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.reproduction import Reproduction

__all__ = [
    "agree",
    "annotate",
    "check_model",
    "classify",
    "describe",
    "ensemble",
    "evaluate",
    "explain",
    "explore",
    "export",
    "map",
    "models",
    "montage",
    "new_model",
    "open_atlas",
    "refine",
    "reproduce",
    "scan",
    "scan_plan",
    "simulate",
    "theory",
    "train",
]


def reproduce(
    study: str,
    out: str | Path,
    *,
    profile: str = "quick",
    network: str = "periodic-2d",
    seed: int = 0,
    second_pass: bool = False,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Reproduction:
    """Repeat a published study stage by stage and write its report; continues where it was interrupted.

    ``second_pass`` goes on with the paper's second training set, which has π, and reads the same scan again; the folder
    may hold the first pass already.
    """
    from morphoscope.reproduction import reproduce as run
    from morphoscope.reproduction import study_names

    if study not in study_names():
        raise UsageError(f"unknown study {study!r}; {nearest(study, study_names())}")
    return run(
        study,
        Path(out),
        profile=profile,
        network=network,
        seed=seed,
        second_pass=second_pass,
        workers=workers,
        progress=progress,
    )


def explore(
    atlas: str | Path | Atlas = "gray-scott",
    *,
    beside: str | Path | Atlas | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    who: str = "anonymous",
    browser: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the explorer of an atlas until interrupted; ``say`` is told where it is.

    The page is for whoever has the link, which carries a token. ``host`` other than 127.0.0.1 lets other machines in.
    ``beside`` is a second atlas to compare with. In a notebook, ``atlas.explore()`` shows the same as a widget.
    """
    from morphoscope.web.explorer import serve_explorer

    second = None if beside is None else open_atlas(beside)
    serve_explorer(open_atlas(atlas), second, host=host, port=port, who=who, browser=browser, say=say)


def export(atlas: str | Path | Atlas, out: str | Path, *, overwrite: bool = False) -> Path:
    """Write an atlas as a folder of web pages that works without Python; returns its index.html."""
    from morphoscope.web.static import export_atlas

    return export_atlas(open_atlas(atlas), Path(out), overwrite=overwrite)
