"""The public functions: one a command, of the same name and with the same arguments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.errors import UsageError, nearest
from morphoscope.operations import (
    agree,
    classify,
    ensemble,
    evaluate,
    explain,
    map,
    models,
    montage,
    scan,
    simulate,
    train,
)
from morphoscope.progress import SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.reproduction import Reproduction

__all__ = [
    "agree",
    "classify",
    "ensemble",
    "evaluate",
    "explain",
    "map",
    "models",
    "montage",
    "reproduce",
    "scan",
    "simulate",
    "train",
]


def reproduce(
    study: str,
    out: str | Path,
    *,
    profile: str = "quick",
    network: str = "periodic-2d",
    seed: int = 0,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Reproduction:
    """Repeat a published study stage by stage and write its report; continues where it was interrupted."""
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
        workers=workers,
        progress=progress,
    )
