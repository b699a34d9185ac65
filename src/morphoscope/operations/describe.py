"""Measure the physical descriptors of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.descriptor_table import DescriptorTable
    from morphoscope.ensembles import Ensemble

PathLike = str | Path


def describe(
    data: PathLike | Ensemble | Atlas,
    *,
    csv: PathLike | None = None,
    workers: int | None = None,
    progress: Reporter = AUTO,
) -> DescriptorTable:
    """Measure the physical descriptors of an ensemble's or an atlas's runs, keep them there, and return the table.

    What was measured before is kept. ``csv``: a file for the table, one row a run.
    """
    from morphoscope.atlas.descriptor_table import check_table_path, describe_any

    if csv is not None:
        check_table_path(Path(csv))
    found = describe_any(data, workers=workers, progress=progress)
    if csv is not None:
        found.save(Path(csv))
    return found
