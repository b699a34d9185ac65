"""Give the shipped classifiers their known score and conformal scores, without changing their weights.

    python tools/known.py [--sets results/paper]

Both are computed from the sets that the classifiers were trained and validated on, which are opened in the folder or
simulated into it.
"""

import argparse
import json
from pathlib import Path

import morphoscope
from morphoscope.core.checksums import FILES, record_files
from morphoscope.ensembles import Ensemble, recipe
from morphoscope.learning.classifier import METADATA_FILE, WEIGHTS_FILE, Classifier, shipped_folder, shipped_names
from morphoscope.learning.datasets import DataSet, load_labelled
from morphoscope.learning.known_files import KNOWN_FILE, save_known
from morphoscope.learning.recognition import add_recognition


def main() -> None:
    """Write known.safetensors and its entry in classifier.json for each shipped classifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=Path("results/paper"))
    sets = parser.parse_args().sets
    for name in shipped_names():
        classifier, place = Classifier.load(name), shipped_folder() / name
        training, validation = (_set(sets, classifier.provenance[kind]["name"]) for kind in ("training", "validation"))
        if training.rows() != classifier.provenance["training_rows"]:
            raise SystemExit(f"{name} was not trained on the points of {training.name}")
        before = classifier.hash
        add_recognition(classifier, training, validation)
        assert classifier.hash == before, "the weights have changed"
        save_known(place, classifier.known, classifier.conformal)
        files = record_files(place, [WEIGHTS_FILE, KNOWN_FILE])
        text = json.dumps({**classifier.metadata(), FILES: files}, indent=1, ensure_ascii=False)
        (place / METADATA_FILE).write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {sum(path.stat().st_size for path in place.iterdir())} bytes")


def _ensemble(folder: Path, name: str) -> Ensemble:
    """An ensemble of the study, simulated if it is not there."""
    place = folder / name.removeprefix("scholz2022-")
    return Ensemble(place) if place.exists() else morphoscope.ensemble(name, place)


def _set(folder: Path, name: str) -> DataSet:
    data = load_labelled(_ensemble(folder, name))
    if data.plan_hash != recipe(name).hash:
        raise SystemExit(f"{folder} has another set {name}")
    return data


if __name__ == "__main__":
    main()
