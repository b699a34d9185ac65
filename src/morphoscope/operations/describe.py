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
    """Measure the physical descriptors of the runs of an ensemble or an atlas.

    They are kept with the runs: what was measured before is not measured again, and an interrupted call continues.

    Parameters
    ----------
    data
        An ensemble or an atlas, its folder, or the name of a shipped atlas.
    csv
        File to write as well: a table with one row for each run.
    workers
        Number of threads; by default one for each core.
    progress
        Where progress is reported; by default a bar in notebooks.

    Returns
    -------
    DescriptorTable
        ``columns``: the descriptors by name, one number for each run, NaN where undefined. What each one means is in
        :data:`morphoscope.descriptors.DESCRIPTORS`.

    Raises
    ------
    UsageError
        If ``csv`` is not named .csv, or ``workers`` is below 1.
    DataError
        If ``data`` is neither an ensemble nor an atlas, or can't be written.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 3)}, size=(48, 48), until=60)
    >>> ensemble = morphoscope.ensemble(plan, "scan")
    >>> table = morphoscope.describe(ensemble, csv="descriptors.csv")
    >>> table.columns["mean"].shape
    (3,)
    """
    from morphoscope.atlas.descriptor_table import check_table_path, describe_any

    if csv is not None:
        check_table_path(Path(csv))
    found = describe_any(data, workers=workers, progress=progress)
    if csv is not None:
        found.save(Path(csv))
    return found
