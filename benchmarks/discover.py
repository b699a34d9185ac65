"""Does `discover` find a class that was left out?

    python benchmarks/discover.py STUDY FOLDER [--seeds 3] [--epochs 10] [--out numbers.json]

STUDY is the folder that `morphoscope reproduce scholz2022 --profile paper` writes. For each of the 13 patterned classes
of the first pass, a classifier is trained without it (10 epochs, seed 0) and kept in FOLDER, where it is found the next
time; benchmarks/unknown.py uses the same ones. It reads the scan, and `discover` proposes classes. The class is found
by the first proposal that is mostly that class, as the full first pass reads it, and holds a third of its runs.
π, which the first pass does not know, is found in the same way in the first pass's atlas; the second pass tells which
runs are π.

The method was chosen with the classes of CHOICE alone; those of REPORT were first looked at when it was fixed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.atlas import Atlas
from morphoscope.atlas.discovery import gather, patterned, propose
from morphoscope.atlas.views import copied
from morphoscope.core.progress import SILENT
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import METADATA_FILE, Classifier
from morphoscope.learning.datasets import DataSet, load_labelled
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.known import KnownScore, Layers
from morphoscope.learning.prediction import NETWORK, Prediction
from morphoscope.learning.training import train_classifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHOICE = ("alpha", "gamma", "epsilon", "eta", "iota", "lambda", "nu")
REPORT = ("beta", "delta", "zeta", "theta", "kappa", "mu")
PI = "pi"
HOMOGENEOUS = ("H", "L")
COUNT = 40  # proposals that are looked at
HELD = 1 / 3  # of the class, at least, in the proposal that finds it


@dataclasses.dataclass(frozen=True)
class Data:
    """The scan and its readings, the sets, their patterns, and the encoder's features of the scan, computed once."""

    atlas: Atlas
    second: Atlas
    frames: dict[str, NDArray[np.float32]]
    encoded: NDArray[np.float32]
    train: DataSet
    validation: DataSet

    @classmethod
    def of(cls, study: Path) -> Data:
        """Read everything."""
        atlas = Atlas(study / "atlas")
        train, validation = (load_labelled(Ensemble(study / name)) for name in ("train", "validation"))
        chosen, _ = patterned(atlas, 0)
        frames = {"scan": atlas.frames(chosen), "train": train.frames, "validation": validation.frames}
        encoded = Encoder.shipped().features(frames["scan"])
        return cls(atlas, Atlas(study / "atlas-second"), frames, encoded, train, validation)

    def layers(self, classifier: Classifier, name: str) -> Layers:
        """What a classifier computes of the scan or of a set."""
        found = classifier.layers(self.frames[name])
        assert found is not None
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3, help="clusterings for each class")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--only", help="classes, as in alpha,pi")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    data, table = Data.of(options.study), {}
    full = np.array(data.atlas.reading.names)
    names = (*CHOICE, *REPORT, PI) if options.only is None else tuple(options.only.split(","))
    for name in names:
        if name == PI:
            classifier, wanted = (
                Classifier.load(options.study / "classifier"),
                np.array(data.second.reading.names) == PI,
            )
        else:
            classifier = left_out(data, name, options.folder / f"without-{name}", options.epochs)
            wanted = full == name
        table[name] = ranks(data, classifier, wanted, options.seeds)
        print(name, table[name], file=sys.stderr, flush=True)
    show(table)
    if options.out:
        options.out.write_text(json.dumps(table, indent=1))


def without(data: DataSet, name: str) -> DataSet:
    """A labelled set without a class."""
    kept = [place for place, label in enumerate(data.labels) if label != name]
    points, labels = [data.points[i] for i in kept], [data.labels[i] for i in kept]
    return dataclasses.replace(data, frames=data.frames[kept], labels=labels, points=points)


def left_out(data: Data, name: str, folder: Path, epochs: int) -> Classifier:
    """The classifier in a folder, trained first if there is none."""
    if not (folder / METADATA_FILE).exists():
        sets = without(data.train, name), without(data.validation, name)
        train_classifier(*sets, epochs=epochs, seed=0).save(folder)
    return Classifier.load(folder)


def read_by(data: Data, classifier: Classifier) -> tuple[Atlas, Layers]:
    """The atlas as another classifier reads it, with its known score; theory has read the homogeneous runs."""
    atlas, classes = data.atlas, classifier.classes
    layers, chosen = data.layers(classifier, "scan"), patterned(data.atlas, 0)[0]
    probabilities = np.zeros((len(atlas.runs), len(classes)), dtype=np.float32)
    for position, name in enumerate(atlas.reading.names):
        if atlas.read_by[position] != NETWORK:
            probabilities[position, classes.index(name)] = 1
    probabilities[chosen] = classifier.probabilities(layers.logits)
    known = np.full(len(atlas.runs), np.nan, dtype=np.float32)
    known[chosen] = known_score(data, classifier).score(layers.pooled)
    made = copied(atlas)
    made.reading = Prediction(classes, probabilities, atlas.read_by, known=known)
    made.metadata = {**atlas.metadata, "training_rows": classifier.provenance["training_rows"]}
    return made, layers


def known_score(data: Data, classifier: Classifier) -> KnownScore:
    """The known score from the sets that a classifier was trained and chosen with."""
    sets = []
    for name, labelled in (("train", data.train), ("validation", data.validation)):
        labels, layers = np.array(labelled.labels), data.layers(classifier, name)
        kept = np.isin(labels, classifier.classes)
        if name == "validation":
            kept &= ~np.isin(labels, HOMOGENEOUS)
        targets = np.array([classifier.classes.index(label) for label in labels[kept].tolist()], dtype=np.intp)
        sets.append((layers.pooled[kept], targets))
    (trained, classes), (judged, _) = sets
    return KnownScore.of(trained, classes, judged)


def ranks(data: Data, classifier: Classifier, wanted: NDArray[np.bool_], seeds: int) -> dict[str, Any]:
    """The rank of the first proposal that finds a class, by seed; None if none of COUNT does."""
    atlas, layers = read_by(data, classifier)
    members = set(atlas.runs[wanted].tolist())
    found: list[int | None] = []
    sizes: list[str] = []
    for seed in range(seeds):
        features = [data.encoded, layers.pooled, layers.hidden]
        evidence = gather(atlas, patterned(atlas, 0)[0], features, seed=seed, progress=SILENT)
        for proposal in propose(atlas, evidence, COUNT):
            own = members.intersection(proposal.runs)
            if 2 * len(own) > len(proposal.runs) and len(own) >= HELD * len(members):
                found.append(proposal.number)
                sizes.append(f"{len(own)} of {len(proposal.runs)}")
                break
        else:
            found.append(None)
            sizes.append("–")
    return {"runs": len(members), "ranks": found, "members": sizes}


def show(table: dict[str, dict[str, Any]]) -> None:
    seeds = len(next(iter(table.values()))["ranks"])
    head = " | ".join(f"rank, seed {seed}" for seed in range(seeds))
    print(f"| class left out | runs of it | {head} | of it, of the proposal's runs |")
    print("|---" * (seeds + 3) + "|")
    for name, row in table.items():
        cells = ["not found" if rank is None else str(rank) for rank in row["ranks"]]
        print(f"| {name} | {row['runs']} | {' | '.join(cells)} | {row['members'][0]} |")
    for half, names in (("chosen with", CHOICE), ("reported", REPORT), ("all 13", (*CHOICE, *REPORT))):
        rows = [table[name]["ranks"] for name in names if name in table]
        if not rows:
            continue
        columns = np.array([[np.inf if rank is None else rank for rank in row] for row in rows])
        words = [f"{np.median(column):g}, {_rank(column.max())}" for column in columns.T]
        print(f"| {half}: median, worst | | {' | '.join(words)} | |")


def _rank(value: float) -> str:
    return "not found" if np.isinf(value) else f"{value:g}"


if __name__ == "__main__":
    main()
