"""How well classifiers tell what they do not know.

    python benchmarks/unknown.py SETS FOLDER [--epochs 10] [--aside] [--out numbers.json]

SETS is a folder with the ensembles train, validation and test, as `morphoscope reproduce scholz2022 --profile paper`
writes them. For each of the 13 patterned classes of the first pass, a classifier is trained without it (seed 0) and
kept in FOLDER with what its layers say of the sets; both are found there the next time. The known score and its rivals
are compared by AUROC: test patterns of the class left out against those of all others. The score was chosen with the
classes of CHOICE alone; the others report.

The shipped classifiers are then asked about the test set, and about 303 pictures that are no patterns (no_patterns.py);
those kept aside are left out unless --aside. The coverage of the conformal sets is that of the network's readings.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from no_patterns import NoPattern, no_patterns

from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import METADATA_FILE, Classifier, shipped_names
from morphoscope.learning.datasets import DataSet, load_labelled, seen_in_training
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.known import KnownScore
from morphoscope.learning.prediction import LEAST_KNOWN
from morphoscope.learning.training import train_classifier

HOMOGENEOUS = ("H", "L")
CHOICE = ("alpha", "gamma", "epsilon", "eta", "iota", "lambda", "nu")
REPORT = ("beta", "delta", "zeta", "theta", "kappa", "mu")
COVERAGES = (0.8, 0.9, 0.95, 0.99)
NEIGHBOUR = 5
DIMENSIONS = 64  # of the principal space of ViM

Floats = NDArray[np.float64]


class Layers(NamedTuple):
    """What the last layers of a network, and an encoder, compute of n patterns."""

    pooled: NDArray[np.float32]
    hidden: NDArray[np.float32]
    logits: NDArray[np.float32]
    encoded: NDArray[np.float32]


Score = Callable[[Layers], Floats]


@dataclasses.dataclass(frozen=True)
class Sets:
    """The sets for training, validation and test, and the encoder's features of each."""

    train: DataSet
    validation: DataSet
    test: DataSet
    encoded: dict[str, NDArray[np.float32]]


def main() -> None:
    options = _options()
    pictures = [each for each in no_patterns() if options.aside or not each.aside]
    found = {
        "left out": left_out(options.sets, options.folder, options.epochs),
        "shipped": {
            name: shipped(name, load_labelled(Ensemble(options.sets / "test")), pictures) for name in CLASSIFIERS
        },
    }
    print_left_out(found["left out"])
    print_shipped(found["shipped"])
    if options.out:
        options.out.write_text(json.dumps(found, indent=1))


CLASSIFIERS = [name for name in shipped_names() if name.startswith("gray-scott")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--aside", action="store_true", help="also the pictures that are kept aside")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


# --- classes left out ---------------------------------------------------------------------------------------------


def left_out(folder: Path, kept: Path, epochs: int) -> dict[str, dict[str, dict[str, float]]]:
    """By class and score: AUROC, and by the known score the shares that are unknown."""
    train, validation, test = (load_labelled(Ensemble(folder / name)) for name in ("train", "validation", "test"))
    sets = Sets(train, validation, test, {})
    table = {}
    for name in (*CHOICE, *REPORT):
        classifier = _without(sets, name, kept / f"without-{name}", epochs)
        table[name] = _compared(classifier, sets, name, kept / "layers")
        print(name, {score: round(values["auroc"], 3) for score, values in table[name].items()}, file=sys.stderr)
    return table


def _without(sets: Sets, name: str, folder: Path, epochs: int) -> Classifier:
    if not (folder / METADATA_FILE).exists():
        made = train_classifier(_only(sets.train, name), _only(sets.validation, name), epochs=epochs, seed=0)
        made.save(folder)
    return Classifier.load(folder)


def _only(data: DataSet, without: str) -> DataSet:
    kept = [place for place, label in enumerate(data.labels) if label != without]
    return dataclasses.replace(
        data, frames=data.frames[kept], labels=[data.labels[i] for i in kept], points=[data.points[i] for i in kept]
    )


def _compared(classifier: Classifier, sets: Sets, name: str, kept: Path) -> dict[str, dict[str, float]]:
    from sklearn.metrics import roc_auc_score

    train, validation, test = (
        _layers(classifier, sets, which, kept / f"{name}-{which}.npz") for which in ("train", "validation", "test")
    )
    train_labels, labels = np.array(sets.train.labels), np.array(sets.validation.labels)
    seen, judged = train_labels != name, ~np.isin(labels, (*HOMOGENEOUS, name))
    targets = _indices(train_labels[seen], classifier)
    train, validation = _at(train, seen), _at(validation, judged)
    scores = rivals(classifier, train, targets)
    known = KnownScore.of(train.pooled, targets, validation.pooled)
    scores["known score"] = lambda layers: -known.distance(layers.pooled)
    test_labels = np.array(sets.test.labels)
    new, others = test_labels == name, ~np.isin(test_labels, (*HOMOGENEOUS, name))
    found = {}
    for title, score in scores.items():
        values = score(test)
        area = roc_auc_score(others[new | others], values[new | others])
        low = np.quantile(score(validation), 0.025)
        found[title] = {"auroc": float(area), "unknown": float((values[new] < low).mean())}
    unknown = known.score(test.pooled) < LEAST_KNOWN
    found["known score"] |= {"unknown": float(unknown[new].mean()), "others": float(unknown[others].mean())}
    return found


def _layers(classifier: Classifier, sets: Sets, name: str, kept: Path) -> Layers:
    """The layers of a set; the encoder, which is the same for all classifiers, reads it once."""
    frames = getattr(sets, name).frames
    if name not in sets.encoded:
        sets.encoded[name] = Encoder.shipped().features(frames)
    if not kept.exists():
        layers = classifier.layers(frames)
        assert layers is not None
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, pooled=layers.pooled, hidden=layers.hidden, logits=layers.logits)
    with np.load(kept) as arrays:
        return Layers(arrays["pooled"], arrays["hidden"], arrays["logits"], sets.encoded[name])


def _at(layers: Layers, chosen: NDArray[np.bool_]) -> Layers:
    return Layers(*(values[chosen] for values in layers))


def _indices(labels: NDArray[np.str_], classifier: Classifier) -> NDArray[np.intp]:
    return np.array([classifier.classes.index(str(label)) for label in labels], dtype=np.intp)


def rivals(classifier: Classifier, train: Layers, targets: NDArray[np.intp]) -> dict[str, Score]:
    """Usual scores; larger ones are more known."""
    from scipy.special import logsumexp

    return {
        "highest probability": lambda layers: np.asarray(classifier.probabilities(layers.logits).max(axis=1), float),
        "energy": lambda layers: np.asarray(logsumexp(layers.logits, axis=1), float),
        "nearest neighbours, network": _neighbours(train.pooled, lambda layers: layers.pooled),
        "nearest neighbours, encoder": _neighbours(train.encoded, lambda layers: layers.encoded),
        "similarity, encoder": _similarity(train.encoded, targets),
        "ViM": _vim(classifier, train),
    }


def _unit(values: NDArray[Any]) -> Floats:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12), float)


def _neighbours(train: NDArray[np.float32], of: Callable[[Layers], NDArray[np.float32]]) -> Score:
    """Cosine with the fifth nearest training pattern. Source: Sun et al., ICML (2022)."""
    middle, scale = train.mean(axis=0), train.std(axis=0) + 1e-3
    known = _unit((train - middle) / scale)
    return lambda layers: np.sort(_unit((of(layers) - middle) / scale) @ known.T, axis=1)[:, -NEIGHBOUR]


def _similarity(train: NDArray[np.float32], targets: NDArray[np.intp]) -> Score:
    """The cosine with the mean of the class that the network reads, in the features of the encoder."""
    middle, scale = train.mean(axis=0), train.std(axis=0) + 1e-3
    scaled = (train - middle) / scale
    means = _unit(np.stack([scaled[targets == number].mean(axis=0) for number in range(targets.max() + 1)]))

    def score(layers: Layers) -> Floats:
        return np.asarray((_unit((layers.encoded - middle) / scale) * means[layers.logits.argmax(axis=1)]).sum(axis=1))

    return score


def _vim(classifier: Classifier, train: Layers) -> Score:
    """Source: Wang et al., CVPR (2022)."""
    from scipy.special import logsumexp

    head: Any = classifier.module.head
    last = head[-1]
    weights, bias = last.weight.detach().numpy(), last.bias.detach().numpy()
    origin = -np.linalg.pinv(weights) @ bias
    _, vectors = np.linalg.eigh((train.hidden - origin).T @ (train.hidden - origin))
    residual = vectors[:, :-DIMENSIONS]
    scale = train.logits.max(axis=1).mean() / np.linalg.norm((train.hidden - origin) @ residual, axis=1).mean()
    return lambda layers: (
        logsumexp(layers.logits, axis=1) - scale * np.linalg.norm((layers.hidden - origin) @ residual, axis=1)
    )


def print_left_out(table: dict[str, dict[str, dict[str, float]]]) -> None:
    titles = list(next(iter(table.values())))
    print("| class left out | " + " | ".join(titles) + " | of it unknown | of others unknown |")
    print("|---" * (len(titles) + 3) + "|")
    for name, scores in table.items():
        cells = [f"{scores[title]['auroc']:.3f}" for title in titles]
        shares = [f"{scores['known score'][which]:.0%}" for which in ("unknown", "others")]
        print(f"| {name} | " + " | ".join([*cells, *shares]) + " |")
    for half, names in (("chosen with", CHOICE), ("reported", REPORT), ("all", (*CHOICE, *REPORT))):
        for word, summary in (("mean", np.mean), ("least", np.min)):
            cells = [f"{summary([table[name][title]['auroc'] for name in names]):.3f}" for title in titles]
            shares = [
                f"{np.mean([table[name]['known score'][which] for name in names]):.0%}" if word == "mean" else ""
                for which in ("unknown", "others")
            ]
            print(f"| {half}, {word} | " + " | ".join([*cells, *shares]) + " |")


# --- shipped classifiers ------------------------------------------------------------------------------------------


def shipped(name: str, test: DataSet, pictures: list[NoPattern]) -> dict[str, Any]:
    """What a shipped classifier says of the test set's patterns, and of pictures that are no patterns."""
    classifier = Classifier.load(name)
    labels = np.array(test.labels)
    patterned = ~np.isin(labels, HOMOGENEOUS)
    frames, labels = test.frames[patterned], labels[patterned]
    points = [dict(point) for point, kept in zip(test.points, patterned, strict=True) if kept]
    seen = seen_in_training(classifier, points)
    found = classifier.outputs(frames)
    assert found.known is not None
    assert classifier.conformal is not None
    known, own = found.known >= LEAST_KNOWN, _indices(labels, classifier)
    coverage = {}
    for wanted in COVERAGES:
        sets = classifier.conformal.sets(found.probabilities, wanted)
        inside, sizes = sets[np.arange(len(own)), own], sets.sum(axis=1)
        coverage[f"{wanted:g}"] = {
            "seen": float(inside[seen].mean()), "unseen": float(inside[~seen].mean()),
            "size": float(sizes.mean()), "empty": float((sizes == 0).mean()),
        }  # fmt: skip
    seeing = classifier.outputs(np.stack([each.frames for each in pictures])).known
    assert seeing is not None
    unknown = seeing < LEAST_KNOWN
    groups: dict[str, list[bool]] = {}
    for each, told in zip(pictures, unknown.tolist(), strict=True):
        for group in (
            f"{each.kind}, {'aside' if each.aside else 'others'}",
            "all, aside" if each.aside else "all, others",
        ):
            groups.setdefault(group, []).append(told)
    return {
        "patterns": {
            "all": float(known.mean()),
            "seen": float(known[seen].mean()),
            "unseen": float(known[~seen].mean()),
        },
        "runs": {"all": len(known), "seen": int(seen.sum())},
        "coverage": coverage,
        "pictures": {group: [sum(told), len(told)] for group, told in sorted(groups.items())},
        "missed": [each.source for each, told in zip(pictures, unknown, strict=True) if not told],
    }


def print_shipped(found: dict[str, dict[str, Any]]) -> None:
    for name, values in found.items():
        patterns, runs = values["patterns"], values["runs"]
        print(f"\n{name}: of the test set's {runs['all']} patterns {patterns['all']:.1%} are known,", end=" ")
        print(f"{patterns['seen']:.1%} of {runs['seen']} at seen pairs and {patterns['unseen']:.1%} at others")
        for group, (told, total) in values["pictures"].items():
            print(f"  {group}: {told} of {total} unknown ({told / total:.1%})")
        print("  known: " + ", ".join(values["missed"]))
        for wanted, each in values["coverage"].items():
            print(f"  coverage {wanted}: {each['seen']:.1%} seen, {each['unseen']:.1%} unseen,", end=" ")
            print(f"{each['size']:.2f} classes a set, {each['empty']:.1%} empty")


if __name__ == "__main__":
    main()
