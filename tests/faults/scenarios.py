"""What the campaigns disturb: a command on a prepared folder, how it is continued, what must be there then."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.faults.children import Work, command

SIZE = ("--size", "16x16", "--initial", "noise")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One way of writing to disk.

    ``prepare`` makes what is there before, ``work`` is disturbed, ``again`` continues it, ``inspect`` reads all the
    data that a user would read and returns it as plain values; ``kept`` names what no fault may take away.
    """

    name: str
    prepare: Callable[[Path], Any]
    work: Callable[[Path], Work]
    inspect: Callable[[Path], Any]
    again: Callable[[Path], Work] | None = None
    kept: Callable[[Path], Any] | None = None

    def continued(self, folder: Path) -> Work:
        """The work that continues a disturbed one."""
        return (self.again or self.work)(folder)


def ensemble_command(folder: Path, *, until: int = 20, workers: int = 2, low: float = 0.02) -> Work:
    """Simulate eight small runs into ``ensemble``."""
    axes = ("--grid", f"f={low}:0.05:2", "--grid", "k=0.05:0.065:4")
    end = ("--until", str(until), "--workers", str(workers), "--out", str(folder / "ensemble"))
    return command("ensemble", "gray-scott", *axes, *SIZE, *end)


def digest(array: Any) -> str:
    """The hash of an array's shape and bytes."""
    return hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()


def inspect_ensemble(folder: Path) -> Any:
    """The state and the numbers of every run of ``ensemble``."""
    import numpy as np

    from morphoscope.ensembles import Ensemble

    opened = Ensemble(folder / "ensemble")
    done = opened.usable()
    frames = opened.frames(done)
    runs = {int(run): digest(np.asarray(frames[i])) for i, run in enumerate(done)}
    return {"plan": opened.plan.hash, "status": list(opened.status()), "runs": runs}


def inspect_atlas(folder: Path) -> Any:
    """Everything that people see of ``atlas``: reading, descriptors, thumbnails, table, annotations."""
    import numpy as np

    from morphoscope.atlas import open_atlas

    atlas = open_atlas(folder / "atlas")
    sheets = itertools.takewhile(lambda sheet: sheet is not None, map(atlas.thumbnails, itertools.count()))
    return {
        "classes": list(atlas.classes),
        "probabilities": digest(np.asarray(atlas.reading.probabilities)),
        "labels": atlas.labels(),
        "descriptors": {name: digest(np.asarray(values)) for name, values in sorted(atlas.descriptors.items())},
        "points": repr(atlas.points()),
        "pictures": [digest(_pixels(sheet)) for sheet in sheets],
        "annotations": inspect_annotations(folder),
    }


def _pixels(sheet: bytes) -> Any:
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(sheet)) as picture:
        return np.asarray(picture)


def inspect_annotations(folder: Path) -> Any:
    """Who said what about which run of ``atlas``, without the times."""
    from morphoscope.atlas import open_atlas

    log = open_atlas(folder / "atlas").annotations.log()
    return [[a.run, a.who, a.new, a.undone is not None] for a in log]


def inspect_classifier(folder: Path) -> Any:
    """What ``classifier`` is and what it reads in two fixed patterns."""
    import numpy as np

    from morphoscope.learning.classifier import Classifier

    opened = Classifier.load(folder / "classifier")
    frames = np.random.default_rng(0).random((2, opened.input.frames, 16, 16), dtype=np.float32)
    return {"classes": list(opened.classes), "input": repr(opened.input), "reads": digest(opened.logits(frames))}


def inspect_run(folder: Path) -> Any:
    """The numbers of ``run``."""
    import morphoscope

    simulation = morphoscope.open_run(folder / "run")
    return [digest(simulation.initial), digest(simulation.states)]


def make_ensemble(folder: Path) -> None:
    """Eight finished runs."""
    ensemble_command(folder)()


def make_classifier(folder: Path) -> None:
    """A classifier of the runs that guesses, always the same."""
    from morphoscope.ensembles import Ensemble
    from tests.small import untrained

    untrained(Ensemble(folder / "ensemble").plan, ("H", "kappa", "lambda")).save(folder / "classifier")


def scan_command(folder: Path, *more: str) -> Work:
    """Read ``ensemble`` into ``atlas``."""
    names = [str(folder / name) for name in ("classifier", "ensemble", "atlas")]
    return command("scan", names[0], names[1], "--out", names[2], *more)


def annotate_command(folder: Path, label: str, run: int, who: str = "ada") -> Work:
    """Give a run of ``atlas`` a class."""
    return command("annotate", str(folder / "atlas"), "--class", label, "--run", str(run), "--who", who)


def simulate_command(folder: Path, *more: str) -> Work:
    """Simulate one run into ``run``."""
    return command("simulate", "gray-scott", *SIZE, "--until", "20", "--out", str(folder / "run"), *more)


def steps(*works: Work) -> Work:
    """Several pieces of work, one after another; commands that end well go on."""

    def work() -> None:
        for one in works:
            try:
                one()
            except SystemExit as end:
                if end.code not in (0, None):
                    raise

    return work


def _before_scan(folder: Path) -> None:
    steps(lambda: make_ensemble(folder), lambda: make_classifier(folder))()


def make_atlas(folder: Path) -> None:
    """An annotated atlas with its ensemble and its classifier."""
    notes = [annotate_command(folder, "kappa", 0), annotate_command(folder, "spots", 1, "grace")]
    steps(lambda: _before_scan(folder), scan_command(folder), *notes)()


def copy_classifier(folder: Path, *, overwrite: bool) -> Work:
    def work() -> None:
        from morphoscope.learning.classifier import Classifier

        Classifier.load(folder / "source").save(folder / "classifier", overwrite=overwrite)

    return work


def _classifier_source(folder: Path) -> None:
    steps(lambda: _before_scan(folder))()
    (folder / "classifier").rename(folder / "source")


def _classifier_twice(folder: Path) -> None:
    _classifier_source(folder)
    copy_classifier(folder, overwrite=False)()


def _nothing(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


#: One scenario a kind of folder and way of writing.
SCENARIOS: Sequence[Scenario] = (
    Scenario("ensemble", _nothing, ensemble_command, inspect_ensemble),
    Scenario("run", _nothing, simulate_command, inspect_run),
    Scenario(
        "run, overwritten",
        lambda folder: simulate_command(folder)(),
        lambda folder: simulate_command(folder, "--overwrite"),
        inspect_run,
        kept=inspect_run,
    ),
    Scenario("classifier", _classifier_source, lambda f: copy_classifier(f, overwrite=False), inspect_classifier),
    Scenario(
        "classifier, overwritten",
        _classifier_twice,
        lambda folder: copy_classifier(folder, overwrite=True),
        inspect_classifier,
        kept=inspect_classifier,
    ),
    Scenario("atlas", _before_scan, scan_command, inspect_atlas),
    Scenario(
        "atlas, overwritten",
        make_atlas,
        lambda folder: scan_command(folder, "--overwrite"),
        inspect_atlas,
        kept=inspect_annotations,
    ),
    Scenario(
        "annotation",
        make_atlas,
        lambda folder: annotate_command(folder, "lambda", 2),
        inspect_atlas,
        kept=lambda folder: inspect_annotations(folder)[:2],
    ),
)
