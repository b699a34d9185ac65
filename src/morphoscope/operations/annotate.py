"""Annotate runs of an atlas. The command line, the explorer and Python users all call these functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble

PathLike = str | Path


def annotate(
    atlas: PathLike | Ensemble | Atlas,
    class_name: str | None,
    runs: Sequence[int],
    *,
    who: str,
    why: str = "",
    create: bool = True,
) -> int:
    """Record which class runs of an atlas belong to.

    All runs of one call form one batch, which one ``undo`` reverts.

    Parameters
    ----------
    atlas : str, Path or Atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    class_name : str or None
        The class. ``"ambiguous"`` rejects the runs: no training uses them. None confirms the present class of each run;
        runs that were rejected before can't be confirmed and are left out.
    runs : sequence of int
        Numbers of the runs in the atlas's plan.
    who : str
        The annotator.
    why : str, optional
        A reason, for the log.
    create : bool, optional
        Whether a class that the atlas does not know is created, with a symbol and a colour derived from its name.

    Returns
    -------
    int
        The number of runs that were annotated.

    Raises
    ------
    UsageError
        For no runs, runs that the atlas does not have, an invalid class name, or an unknown class if ``create`` is
        false.

    Examples
    --------
    >>> import shutil, tempfile
    >>> import morphoscope
    >>> folder = tempfile.TemporaryDirectory()
    >>> shipped = morphoscope.open_atlas("gray-scott")
    >>> atlas = morphoscope.open_atlas(shutil.copytree(shipped.folder, f"{folder.name}/atlas"))
    >>> morphoscope.annotate(atlas, "kappa", [10, 11, 12], who="ada", why="labyrinths")
    3
    >>> atlas.labels()[10]
    'kappa'
    >>> len(atlas.annotations.undo("ada"))
    3
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.annotation import AMBIGUOUS, REJECTED

    opened = open_atlas(atlas)
    if class_name is not None and not class_name.strip():
        raise UsageError(
            f"class {class_name!r}; expected a name, or {AMBIGUOUS!r} to reject the runs", parameter="class_name"
        )
    if not len(runs):
        raise UsageError("no run was given; give at least one")
    labels = dict(zip(opened.runs.tolist(), opened.labels(), strict=True))
    if missing := [run for run in runs if run not in labels]:
        raise UsageError(f"run {missing[0]} is not in {opened.folder}; it has {len(labels)} runs, 0 … {max(labels)}")
    if class_name is None:
        runs = [run for run in runs if labels[run] != REJECTED]
        if not runs:
            return 0
    elif create and class_name not in (AMBIGUOUS, *opened.all_classes()):
        create_class(opened, class_name, who=who)
    old = [labels[run] for run in runs]
    new = old if class_name is None else REJECTED if class_name == AMBIGUOUS else class_name
    opened.annotations.add(runs, new, old=old, who=who, why=why, allowed=opened.classes)
    return len(runs)


def create_class(atlas: Atlas, name: str, *, who: str, symbol: str = "", colour: str = "") -> None:
    """Create a class; by default, symbol and colour are derived from the name.

    Raises UsageError for a name that is invalid or exists already.
    """
    from morphoscope.atlas import symbol as symbol_of
    from morphoscope.atlas.annotation import AMBIGUOUS
    from morphoscope.atlas.classes import free_colour

    letter = symbol or symbol_of(name)[:3]
    taken = (*atlas.classes, AMBIGUOUS)
    colour = colour or free_colour(name, [used for _, used in atlas.class_styles().values()])
    atlas.annotations.make_class(name, letter, colour, who, taken=taken)


def export_annotations(atlas: PathLike | Ensemble | Atlas, path: PathLike) -> Path:
    """Write the log of annotations as CSV, one row per annotation.

    Each row also has the run's parameters, its seed, and ``class_now``, the class of the run after all annotations
    (``ambiguous`` for rejected runs).

    Parameters
    ----------
    atlas : str, Path or Atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    path : str or Path
        The file to write.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If there is no such atlas, or the file can't be written.

    Examples
    --------
    >>> import shutil, tempfile
    >>> import morphoscope
    >>> folder = tempfile.TemporaryDirectory()
    >>> shipped = morphoscope.open_atlas("gray-scott")
    >>> atlas = morphoscope.open_atlas(shutil.copytree(shipped.folder, f"{folder.name}/atlas"))
    >>> _ = morphoscope.annotate(atlas, "kappa", [10], who="ada")
    >>> print(morphoscope.export_annotations(atlas, f"{folder.name}/log.csv").read_text().splitlines()[0])
    id,batch,run,f,k,seed,class_now,who,at,action,old,new,why,undone
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.annotation import AMBIGUOUS

    opened = open_atlas(atlas)
    labels = dict(zip(opened.runs.tolist(), opened.labels(), strict=True))
    plan = opened.plan

    def parameter(name: str) -> Callable[[int], object]:
        column = plan.values(name)
        return lambda run: float(column[run])

    columns = {name: parameter(name) for name in plan.parameter_names}
    columns["seed"] = lambda run: plan.runs[run].seed
    columns["class_now"] = lambda run: labels.get(run, "") or AMBIGUOUS
    return opened.annotations.export(Path(path), columns)
