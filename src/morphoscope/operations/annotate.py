"""Annotate runs of an atlas. The command line, the explorer and Python users all call these functions."""

from __future__ import annotations

import csv
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
        raise UsageError("no run was given; give runs by their numbers, or a point near them", parameter="runs")
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


def import_annotations(atlas: PathLike | Ensemble | Atlas, path: PathLike, *, who: str) -> int:
    """Annotate runs as a table says, such as the labels that a page from disk has saved.

    Parameters
    ----------
    atlas : str, Path or Atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    path : str or Path
        A CSV file with the columns ``run`` and ``class`` and optionally ``who`` and ``why``. The class ``ambiguous``
        rejects a run; new classes are created.
    who : str
        The annotator of rows without a ``who``.

    Returns
    -------
    int
        The number of runs that were annotated.

    Raises
    ------
    UsageError
        For a file that can't be read, lacks a column, or names a run that the atlas does not have. Nothing is annotated
        then.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from pathlib import Path
    >>> import morphoscope
    >>> folder = tempfile.TemporaryDirectory()
    >>> shipped = morphoscope.open_atlas("gray-scott")
    >>> atlas = morphoscope.open_atlas(shutil.copytree(shipped.folder, f"{folder.name}/atlas"))
    >>> table = Path(folder.name) / "labels.csv"
    >>> _ = table.write_text("\\n".join(["run,class,who", "10,kappa,ada", "11,kappa,ada", "12,ambiguous,grace"]))
    >>> morphoscope.import_annotations(atlas, table, who="ada"), atlas.labels()[10]
    (3, 'kappa')
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.annotation import check_class

    opened = open_atlas(atlas)
    known, batches = set(opened.runs.tolist()), dict[tuple[str, str, str], list[int]]()
    for number, row in enumerate(_rows(Path(path)), start=2):
        try:
            run = int(row["run"])
        except ValueError:
            raise UsageError(f"{path}, line {number}: run {row['run']!r:.40}; expected a whole number") from None
        if run not in known:
            raise UsageError(f"{path}, line {number}: run {run} is not in {opened.folder}; it has {len(known)} runs")
        if not row["class"]:
            raise UsageError(f"{path}, line {number}: no class; write one, or ambiguous")
        check_class(row["class"], row["class"][:3], "#000000")
        batches.setdefault((row["class"], row["who"] or who, row["why"]), []).append(run)
    return sum(annotate(opened, name, runs, who=by, why=why) for (name, by, why), runs in batches.items())


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table of labels. Raises UsageError if it is none."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in ("run", "class") if name not in (reader.fieldnames or ())]:
                raise UsageError(f"{path} has no column {missing[0]!r}; expected the columns run and class")
            names = ("run", "class", "who", "why")
            return [{name: (row.get(name) or "").strip() for name in names} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} can't be read ({error}); expected a CSV file with the columns run and class"
        ) from None
