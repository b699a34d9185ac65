"""Publish the results of a finished study, both passes, in the package and its documentation.

    python tools/publish.py results/paper
    python tools/publish.py --atlas ATLAS
    python tools/publish.py --complete
    python tools/publish.py --features

The first copies both class maps into docs/pictures, both classifiers into the package with model cards made from their
numbers, and the second pass's atlas, without the runs that it was read from.

The second replaces the atlas alone, by one of the same scan that the shipped second-pass classifier has read.

The third adds to the classifiers that are in the package what later versions of their format contain: model, cell size
and diffusion of their training runs, and their homogeneous classes, found from one run for each row of their training
sets, simulated again. It changes no weights. The atlas then names them by their present hash.

The fourth stores the features of the atlas's patterns again, by the shipped encoder and classifier, and simulates the
patterns for it. It is to be done when either has other weights; the first two do it from the runs of the study.
"""

import argparse
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "morphoscope"
PICTURES = ROOT / "docs" / "pictures"
CLASSIFIERS = PACKAGE / "learning" / "shipped"
ATLAS = PACKAGE / "atlas" / "shipped" / "gray-scott"
LARGEST_ATLAS = 8_000_000  # bytes
STUDY = "morphoscope reproduce scholz2022 --second-pass"


@dataclasses.dataclass(frozen=True)
class Shipped:
    """A pass of the study as a shipped classifier. ``key``: of its values in numbers.json; None: top level."""

    name: str
    folder: str
    key: str | None
    read: str
    trained_at: str
    unknown: str


FIRST = Shipped(
    name="gray-scott-first-pass",
    folder="classifier",
    key=None,
    read="the 15 classes of the first pass of C. Scholz & S. Scholz",
    trained_at="one pair (f, k) per class",
    unknown="It was trained on one pair (f, k) per class. At other parameters it extrapolates, and its "
    "probabilities are too high.\nIt has no class π and reads such patterns as ι or another neighbour; "
    "`gray-scott-second-pass` has it.",
)
SECOND = Shipped(
    name="gray-scott-second-pass",
    folder="classifier-second",
    key="second_pass",
    read="the 16 classes of the second pass of C. Scholz & S. Scholz",
    trained_at="148 pairs (f, k), eleven for most classes, half of the runs at one of them",
    unknown="Classes merge into each other without sharp boundaries, and the labels of the paper's second training set "
    "place some\nboundaries differently from those of its test set: ε at (0.02, 0.055) is close to patterns that are ζ "
    "in training, and is\nread as ζ. L and H were trained on one pair each.",
)

CARD = """# {name}

Reads Gray–Scott patterns as {read}, "Exploring
complex pattern formation with convolutional neural networks" (Am. J. Phys., 2022): {letters}, and
the homogeneous states L (low u) and H (high u).

- **Network** `{network}`, float32, weights as safetensors; epoch {kept} of {epochs}, seed {seed}.
- **Input** {frames} frames of u, {apart:g} time units apart, on {width} × {height} cells of size 1,
  Du = 0.2, Dv = 0.1.
- **Trained on** {train_runs} runs of `{train}`: {trained_at}. Epoch and temperature
  ({temperature:.2f}) were chosen on {validation_runs} runs of `{validation}`. The test set was not used.
- **Made by** `{command}`, Morphoscope {version}, torch {torch}.

| set | runs | accuracy | 95 % interval | at pairs seen in training | at unseen pairs | calibration error |
|---|---|---|---|---|---|---|
{rows}

Most frequent confusions in the test set: {confused}.
{further}
## Limitations

{unknown}
It has no class for other patterns than the {classes}; it reads them as one of these, possibly with a large margin.
Most of them are reported as unknown, see docs/unknown.md.
It relies on wavelengths and movements, which depend on grid, cell size, diffusion coefficients and time between frames.
"""


def main(study: Path) -> None:
    """Copy maps, classifiers and the atlas; write the model cards."""
    numbers = json.loads((study / "numbers.json").read_text())
    if numbers["second_pass"] is None:
        raise SystemExit(f"{study} has no second pass; run it with --second-pass")
    PICTURES.mkdir(parents=True, exist_ok=True)
    shutil.copy(study / "figures" / "class_map.png", PICTURES / "first_pass_map.png")
    shutil.copy(study / "figures" / "class_map-second.png", PICTURES / "class_map.png")
    for shipped in (FIRST, SECOND):
        _publish_classifier(study, shipped, numbers)
    _publish_atlas(study / "atlas-second")
    for place in (PICTURES, CLASSIFIERS, ATLAS):
        print(f"wrote {place.relative_to(ROOT)}")


def _publish_classifier(study: Path, shipped: Shipped, numbers: dict[str, Any]) -> None:
    place = CLASSIFIERS / shipped.name
    place.mkdir(parents=True, exist_ok=True)
    for name in ("classifier.json", "weights.safetensors", "known.safetensors"):
        shutil.copy(study / shipped.folder / name, place / name)
    (place / "CARD.md").write_text(_card(study, shipped, numbers), encoding="utf-8")


def _publish_atlas(atlas: Path) -> None:
    """Copy the files of the atlas, with descriptors, but without the path of its ensemble."""
    from morphoscope.atlas import Atlas

    Atlas(atlas).describe()
    files = [path for path in sorted(atlas.iterdir()) if path.is_file() and path.suffix != ".sqlite"]
    size = sum(path.stat().st_size for path in files)
    if size > LARGEST_ATLAS:
        raise SystemExit(f"{atlas} has {size} bytes; at most {LARGEST_ATLAS} are allowed in the package")
    shutil.rmtree(ATLAS, ignore_errors=True)
    ATLAS.mkdir(parents=True)
    for path in files:
        shutil.copy(path, ATLAS / path.name)
    _change_atlas(ensemble=None)
    _name_classifier()
    _store_features(Atlas(atlas))


def _change_atlas(**values: Any) -> None:
    from morphoscope.core.checksums import FILES, record_files
    from morphoscope.core.storage import read_json, write_json

    described = ATLAS / "atlas.json"
    others = [path.name for path in ATLAS.iterdir() if path != described]
    changed = {**read_json(described, "an atlas"), **values, FILES: record_files(ATLAS, others)}
    write_json(described, changed)


def _name_classifier() -> None:
    """In the package the atlas's classifier has another name and is found by it."""
    from morphoscope.atlas.reader import identity
    from morphoscope.learning.classifier import Classifier

    kept = json.loads((ATLAS / "atlas.json").read_text())["classifier"]
    _change_atlas(classifier={**kept, **identity(Classifier.load(SECOND.name), ATLAS)})


def _store_features(source: Any) -> None:
    """Store the features of the patterns, computed from the runs of ``source``, an atlas with the same readings."""
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.discovery import patterned
    from morphoscope.atlas.pattern_features import compute_features
    from morphoscope.atlas.reader import find_classifier
    from morphoscope.atlas.stored_features import features_file, write_features
    from morphoscope.learning.encoder import Encoder

    for former in ATLAS.glob("features-*.npz"):
        former.unlink()
    atlas, encoder = Atlas(ATLAS), Encoder.shipped()
    classifier, (positions, _) = find_classifier(atlas), patterned(atlas, 0)
    found = compute_features(source, positions, encoder, classifier)
    path = ATLAS / features_file(atlas, encoder, classifier)
    write_features(path, atlas.runs[positions], found)
    _change_atlas()
    print(f"wrote {path.relative_to(ROOT)}")


def complete() -> None:
    """Bring what is in the package to the present formats; the module's docstring says how."""
    for shipped in (FIRST, SECOND):
        _complete_classifier(shipped.name)
    _name_classifier()


def _complete_classifier(name: str) -> None:
    from morphoscope.ensembles import recipe
    from morphoscope.ensembles.execution import repeat_runs
    from morphoscope.learning.classifier import METADATA_FILE, Classifier
    from morphoscope.learning.datasets import DataSet, input_of
    from morphoscope.learning.homogeneous import homogeneous_classes
    from morphoscope.learning.training_runs import TrainingRuns

    classifier = Classifier.load(name)
    plan = recipe(classifier.provenance["training"]["name"])
    rows_of_plan = [(tuple(run.parameters.given.items()), run.label) for run in plan.runs]
    first = {row: i for i, row in reversed(list(enumerate(rows_of_plan)))}
    runs = sorted(first.values())
    rows = {(tuple(row["parameters"].items()), row["class"]) for row in classifier.provenance["training_rows"]}
    if rows != set(first):
        raise SystemExit(f"{name} was not trained on the rows of {plan.name}")
    data = DataSet(
        name=plan.name,
        plan_hash=plan.hash,
        frames=repeat_runs(plan, runs),
        labels=[str(plan.runs[i].label) for i in runs],
        points=[rows_of_plan[i][0] for i in runs],
        input=input_of(plan),
        runs=TrainingRuns.of(plan),
        times=plan.times,
    )
    classifier.input = data.input
    classifier.provenance["training_times"] = list(plan.times)
    classifier.trained_on, classifier.homogeneous = data.runs, homogeneous_classes(data)
    text = json.dumps(classifier.metadata(), indent=1, ensure_ascii=False)
    (CLASSIFIERS / name / METADATA_FILE).write_text(text + "\n", encoding="utf-8")
    print(f"{name}: homogeneous classes {', '.join(c.name for c in classifier.homogeneous)}")


def _card(study: Path, shipped: Shipped, numbers: dict[str, Any]) -> str:
    made = json.loads((study / shipped.folder / "classifier.json").read_text())
    provenance, seen, options = made["provenance"], made["input"], numbers["options"]
    own = numbers if shipped.key is None else numbers[shipped.key]
    evaluations = own["evaluations"]
    return CARD.format(
        name=shipped.name,
        read=shipped.read,
        letters=_letters(made["classes"]),
        classes=len(made["classes"]),
        network=made["network"],
        kept=provenance["kept_epoch"],
        epochs=len(provenance["history"]),
        seed=provenance["seed"],
        **{key: seen[key] for key in ("frames", "apart", "width", "height")},
        train_runs=provenance["training"]["runs"],
        train=provenance["training"]["name"],
        trained_at=shipped.trained_at,
        validation_runs=provenance["validation"]["runs"],
        validation=provenance["validation"]["name"],
        temperature=made["temperature"],
        command=f"{STUDY} --profile {options['profile']} --seed {options['seed']} --out results/paper",
        version=provenance["versions"]["morphoscope"],
        torch=provenance["versions"]["torch"],
        rows="\n".join(_row(name, found) for name, found in evaluations.items()),
        confused="; ".join(_confusions(evaluations["test"])) or "none",
        further=_found(own["search"]) if "search" in own else "",
        unknown=shipped.unknown,
    )


def _letters(classes: list[str]) -> str:
    from morphoscope.atlas import ordered, symbol

    return " ".join(symbol(name) for name in ordered(classes) if symbol(name) != name)


def _found(search: dict[str, Any]) -> str:
    place = ", ".join(f"{name} = {value:g}" for name, value in search["place"].items())
    return (
        f"\nOf the 5481 runs of the paper's scan it reads {len(search['occurrences'])} as π: {search['found']} of the "
        f"{len(search['nearest'])} nearest to {place}, and {search['far_away']} more than "
        f"{search['far']:g} steps of the scan away from there.\n"
    )


def _row(name: str, found: dict[str, Any]) -> str:
    def share(accuracy: dict[str, Any]) -> str:
        return "–" if accuracy["value"] is None else f"{accuracy['value']:.1%}"

    total = found["accuracy"]
    interval = f"{total['low']:.1%} … {total['high']:.1%}"
    error = f"{found['expected_calibration_error']:.3f}"
    cells = (name, str(total["n"]), share(total), interval, share(found["seen"]), share(found["unseen"]), error)
    return f"| {' | '.join(cells)} |"


def _confusions(found: dict[str, Any]) -> list[str]:
    classes, matrix = found["classes"], found["confusion"]
    wrong = [
        (count, classes[i], classes[j])
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return [f"{a} read as {b}: {n}" for n, a, b in sorted(wrong, reverse=True)[:5]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path, nargs="?", help="folder of a finished study")
    parser.add_argument("--complete", action="store_true", help="bring what is in the package to the present formats")
    parser.add_argument("--atlas", type=Path, help="an atlas of the paper's scan, read by the shipped classifier")
    parser.add_argument("--features", action="store_true", help="store the features of the atlas's patterns again")
    options = parser.parse_args()
    if (options.study is not None) + (options.atlas is not None) + options.complete + options.features != 1:
        parser.error("give the folder of a study, --atlas, --complete or --features")
    if options.atlas:
        _publish_atlas(options.atlas)
    elif options.features:
        from morphoscope.atlas import Atlas

        _store_features(Atlas(ATLAS))
    else:
        complete() if options.complete else main(options.study)
