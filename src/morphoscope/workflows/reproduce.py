"""Repeat a published study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.core.registry import Registry

if TYPE_CHECKING:
    from morphoscope.workflows.scholz2022 import Reproduction

#: The function that repeats each published study.
STUDIES: Registry[Callable[..., Reproduction]] = Registry("study")
STUDIES.add_code("scholz2022", "morphoscope.workflows.scholz2022:reproduce_scholz2022")


def reproduce(
    study: str,
    out: str | Path,
    *,
    profile: str = "quick",
    network: str = "periodic-2d",
    seed: int = 0,
    second_pass: bool = False,
    workers: int | None = None,
    progress: Reporter = AUTO,
) -> Reproduction:
    """Repeat a published study stage by stage and write its report; continues where it was interrupted.

    ``second_pass`` goes on with the paper's second training set, which has π, and reads the same scan again; the folder
    may hold the first pass already.
    """
    require("learn")
    return STUDIES.get(study)(
        Path(out),
        profile=profile,
        network=network,
        seed=seed,
        second_pass=second_pass,
        workers=workers,
        progress=progress,
    )
