"""Verification: do runs of an atlas keep their class with other numerics, twice the time, or another seed?"""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.shares import Share
from morphoscope.core.storage import read_json, write_json
from morphoscope.ensembles.execution import carry_out
from morphoscope.ensembles.variants import VARIANTS
from morphoscope.learning.patterns import of_ensemble
from morphoscope.learning.reading import read

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.ensembles import Plan
    from morphoscope.learning.classifier import Classifier

FILE = "verification.json"
FOLDER = "verification-runs"  # ensembles of the checks until all are read
FAILED = "failed"  # a run that ended with numbers that are not finite
_FORMAT = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Verification:
    """The classes of some runs of an atlas, and of the same runs with one thing changed.

    :func:`morphoscope.verify` returns one.

    Parameters
    ----------
    runs
        Numbers of the runs, (n,).
    read
        Their classes in the atlas.
    found
        By check, the class of each run with the change, or ``failed``.
    skipped
        Checks that could not be done, with the reason.
    weights
        By class, the number of runs of the atlas that have it.
    """

    runs: NDArray[np.intp]
    read: tuple[str, ...]
    found: dict[str, tuple[str, ...]]
    skipped: dict[str, str]
    weights: dict[str, int]

    def __repr__(self) -> str:
        return f"Verification({self._count}, {int(self.kept_by_all.sum())} with the same class in {self._checks})"

    @property
    def _count(self) -> str:
        return f"{len(self.runs)} run{'s' if len(self.runs) > 1 else ''}"

    @property
    def _checks(self) -> str:
        """As in "all 6 checks" or "the check half-step"."""
        return f"the check {next(iter(self.found))}" if len(self.found) == 1 else f"all {len(self.found)} checks"

    @functools.cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Whether a run keeps its class, (checks, n)."""
        return np.array([[new == old for new, old in zip(row, self.read, strict=True)] for row in self.found.values()])

    @functools.cached_property
    def survives(self) -> NDArray[np.intp]:
        """The number of checks in which each run keeps its class."""
        return np.asarray(self.kept.sum(axis=0))

    @property
    def kept_by_all(self) -> NDArray[np.bool_]:
        """Whether a run keeps its class in every check, (n,)."""
        return np.asarray(self.kept.all(axis=0))

    def changed(self, index: int) -> list[str]:
        """The checks in which a run gets another class."""
        return [name for name, row in zip(self.found, self.kept, strict=True) if not row[index]]

    def columns(self, runs: NDArray[np.intp]) -> dict[str, list[Any]]:
        """For some runs, ``survives`` and the checks in which the class changes; None for runs that were not drawn."""
        place = {run: index for index, run in enumerate(self.runs.tolist())}
        indices = [place.get(run) for run in runs.tolist()]
        return {
            "survives": [None if i is None else int(self.survives[i]) for i in indices],
            "changed_by": [None if i is None else " ".join(self.changed(i)) for i in indices],
        }

    def survival(self, runs: NDArray[np.intp]) -> NDArray[np.float64]:
        """``survives`` for some runs as numbers, NaN for runs that were not drawn."""
        return np.array([np.nan if value is None else value for value in self.columns(runs)["survives"]], dtype=float)

    def all_kept(self) -> float:
        """The estimated share of the atlas's runs that keep their class in every check: the mean over classes, each
        weighted by its number of runs in the atlas.
        """
        read, kept = np.array(self.read), self.kept_by_all
        names = sorted(set(self.read))
        return float(np.average([kept[read == n].mean() for n in names], weights=[self.weights[n] for n in names]))

    def rows(self) -> list[dict[str, Any]]:
        """One row for each class, most frequent in the atlas first, and one for all: the shares that keep the class."""
        read = np.array(self.read)
        names = sorted(set(self.read), key=lambda name: -self.weights[name])
        groups = [(name, read == name) for name in names] + [("all", np.ones(len(read), dtype=bool))]
        return [
            {
                "class": name,
                "points": int(members.sum()),
                "all": Share.of(self.kept_by_all[members]),
                **{check: Share.of(self.kept[i, members]) for i, check in enumerate(self.found)},
            }
            for name, members in groups
        ]

    def sentence(self) -> str:
        """What a paper would say about it."""
        shares = {name: float(row.mean()) for name, row in zip(self.found, self.kept, strict=True)}
        said = ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda pair: pair[1]))
        overall, classes = Share.of(self.kept_by_all), set(self.read)
        drawn = f"from each of {len(classes)} classes" if len(classes) > 1 else f"from the class {self.read[0]}"
        return (
            f"Of {self._count}, drawn at random {drawn}, "
            f"{overall.value:.0%} (95 % interval {overall.low:.0%} to {overall.high:.0%}) keep their class in "
            f"{self._checks}{f' ({said})' if len(self.found) > 1 else ''}; "
            f"weighted by the frequency of the classes in the map, {self.all_kept():.0%}."
        )

    def save(self, folder: Path, plan_hash: str) -> None:
        """Write it beside the annotations of an atlas."""
        values = dataclasses.asdict(self)
        write_json(folder / FILE, {"format": _FORMAT, "plan_hash": plan_hash, **values, "runs": self.runs.tolist()})


def load_verification(folder: Path, plan_hash: str, reading: dict[int, str]) -> Verification | None:
    """The verification in a folder; None if there is none, or if it is of other runs or of another reading.

    ``reading``: the class of each run of the atlas. Raises DataError for a damaged file.
    """
    path = folder / FILE
    if not path.exists():
        return None
    values = read_json(path, "a verification")
    try:
        runs, read_as = np.array(values["runs"], dtype=np.intp), tuple(values["read"])
        found = {str(name): tuple(row) for name, row in values["found"].items()}
        made = Verification(runs, read_as, found, dict(values["skipped"]), dict(values["weights"]))
        current = values["plan_hash"] == plan_hash
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); verify the atlas again") from None
    same = all(reading.get(run) == name for run, name in zip(runs.tolist(), read_as, strict=True))
    return made if current and same else None


def choose_runs(names: Sequence[str], count: int, seed: int) -> NDArray[np.intp]:
    """Positions of ``count`` readings, drawn at random, as equally from all classes as their sizes allow."""
    random = np.random.default_rng(seed)
    members = {name: random.permutation(np.flatnonzero(np.array(names) == name)) for name in sorted(set(names))}
    chosen: list[int] = []
    for rank in range(max(map(len, members.values()))):
        row = [int(places[rank]) for places in members.values() if rank < len(places)]
        left = count - len(chosen)
        chosen += row if len(row) <= left else random.permutation(row)[:left].tolist()
        if len(chosen) == count:
            break
    return np.sort(np.array(chosen, dtype=np.intp))


def verify_readings(
    atlas: Atlas,
    classifier: Classifier,
    positions: NDArray[np.intp],
    checks: Sequence[str],
    folder: Path,
    *,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Verification:
    """Simulate runs of an atlas again, once for each check, read them, and write the result into ``folder``.

    The ensembles of the checks are kept in ``folder`` until all are read, so that another call continues. Raises
    UsageError if no check can be done.
    """
    runs = atlas.runs[positions]
    plan = dataclasses.replace(atlas.plan, name="verification", runs=atlas.plan.table.take(runs))
    found: dict[str, tuple[str, ...]] = {}
    skipped: dict[str, str] = {}
    for name, varied in _varied(plan, checks, skipped):
        place = folder / FOLDER / f"{name}-{varied.hash[:12]}"
        ensemble = carry_out(dataclasses.replace(varied, name=name), place, workers=workers, progress=progress)
        usable = ensemble.usable()
        classes = np.full(len(runs), FAILED, dtype=object)
        if len(usable):
            classes[usable] = read(classifier, of_ensemble(classifier, ensemble, usable)).names
        found[name] = tuple(classes.tolist())
    if not found:
        raise UsageError(f"no check can be done: {'; '.join(f'{name}: {why}' for name, why in skipped.items())}")
    reading = atlas.reading.names
    made = Verification(runs, tuple(reading[position] for position in positions), found, skipped, atlas.counts())
    made.save(folder, atlas.plan.hash)
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    return made


def _varied(plan: Plan, checks: Sequence[str], skipped: dict[str, str]) -> Iterator[tuple[str, Plan]]:
    """The plans of the checks; those that can't be done are noted in ``skipped``."""
    for name in checks:
        try:
            varied = VARIANTS[name](plan)
        except UsageError as error:
            skipped[name] = str(error)
        else:
            yield name, varied
