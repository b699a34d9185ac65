"""Check a folder: is what is in it what was written?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import DataError
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import cluster_runner

if TYPE_CHECKING:
    from morphoscope.core.checksums import Finding
    from morphoscope.ensembles.runners.base import Cluster
    from morphoscope.ensembles.runners.clusters import Client

PathLike = str | Path
_STUDY_FILE = "study.json"  # of workflows.stages, which is above this room
_Inspection = Callable[[Path, bool, "Cluster | None"], "list[Finding]"]


def check(
    folder: PathLike,
    *,
    repair: bool = False,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> list[Finding]:
    """Read everything in a folder and compare it with its checksums; find what is damaged.

    Parameters
    ----------
    folder : str or Path
        An ensemble, a classifier, an estimator, an encoder, an atlas, a run, an evaluation, or a study with such
        folders in it.
    repair : bool, optional
        Whether to repair what can be repaired: damaged runs of an ensemble become pending, so that simulating it again
        repeats them, and files that a killed process left are removed.
    cluster : str or distributed.Client, optional
        Let the workers of a Dask cluster read the runs of ensembles, see :func:`morphoscope.ensemble`. This process
        reads all other files, and alone repairs.
    progress : Reporter, optional
        Shows the link to the dashboard of the cluster and what happens to the connection. Default: in notebooks only.

    Returns
    -------
    list of Finding
        What is wrong: ``file``, ``problem``, ``remedy``. Empty if all is well. With ``repair``, what had been wrong.

    Raises
    ------
    DataError
        If the folder is of none of these kinds.
    UsageError
        If another process writes the folder, or it can't be repaired because it can't be written; and if the cluster is
        lost.

    Notes
    -----
    Folders of versions before checksums were introduced can be checked only as far as their formats tell damage.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=48, until=10)
    >>> made = morphoscope.ensemble(plan, "scan")
    >>> morphoscope.check("scan")
    []
    """
    with cluster_runner(cluster, progress) as runner:
        return _inspected(Path(folder), repair, runner)


def _inspected(place: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.core.storage import recover

    recover(place)
    kinds = _kinds()
    for marker, inspection in kinds.items():
        if (place / marker).is_file():
            return inspection(place, repair, cluster)
    raise DataError(f"{place} is not a folder that can be checked; expected one with {', '.join(kinds)} in it")


def _atlas(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.atlas.scan import inspect_atlas

    return inspect_atlas(folder)


def _classifier(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.core.extras import require

    require("learn")
    from morphoscope.learning.classifier import inspect_classifier

    return inspect_classifier(folder)


def _estimator(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.core.extras import require

    require("learn")
    from morphoscope.learning.estimating.estimator import inspect_estimator

    return inspect_estimator(folder)


def _encoder(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.core.extras import require

    require("learn")
    from morphoscope.learning.encoder import inspect_encoder

    return inspect_encoder(folder)


def _run(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.ensembles.run_folder import inspect_run

    return inspect_run(folder)


def _evaluation(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.reports.evaluations import inspect_evaluation

    return inspect_evaluation(folder)


def _over_time(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.reports.over_time import inspect_over_time

    return inspect_over_time(folder)


def _ensemble(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    from morphoscope.ensembles.verification import check_ensemble

    return check_ensemble(folder, repair=repair, cluster=cluster)


def _study(folder: Path, repair: bool, cluster: Cluster | None) -> list[Finding]:
    """What is wrong in the folders of a study; files are named as seen from the study."""
    from morphoscope.core.checksums import Finding
    from morphoscope.core.errors import UsageError
    from morphoscope.core.storage import read_json

    found = []
    try:
        read_json(folder / _STUDY_FILE, "a study")
    except UsageError as error:
        found.append(Finding(_STUDY_FILE, str(error), "begin the study again in another folder"))
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        if any((inner / marker).is_file() for marker in _kinds()):
            found += [part._replace(file=f"{inner.name}/{part.file}") for part in _inspected(inner, repair, cluster)]
    return found


def _kinds() -> dict[str, _Inspection]:
    """The file that marks a kind of folder → how it is checked.

    An atlas and a study have a plan, too: ensembles come last.
    """
    from morphoscope.atlas.files import ATLAS_FILE
    from morphoscope.ensembles.run_folder import MARKER
    from morphoscope.ensembles.store import PLAN_FILE
    from morphoscope.learning.classifier import METADATA_FILE
    from morphoscope.learning.description import ESTIMATOR_FILE
    from morphoscope.learning.encoder import ENCODER_FILE
    from morphoscope.reports.evaluations import EVALUATION_MARKER
    from morphoscope.reports.over_time import OVER_TIME_MARKER

    return {
        _STUDY_FILE: _study,
        ATLAS_FILE: _atlas,
        METADATA_FILE: _classifier,
        ESTIMATOR_FILE: _estimator,
        ENCODER_FILE: _encoder,
        EVALUATION_MARKER: _evaluation,
        OVER_TIME_MARKER: _over_time,
        MARKER: _run,
        PLAN_FILE: _ensemble,
    }
