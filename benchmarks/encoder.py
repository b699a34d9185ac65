"""How well clusters of an encoder's features agree with the classes of a classifier, over a scan.

    python -m benchmarks.encoder SCAN ATLAS [--encoders shipped FOLDER ...]

SCAN is an ensemble and ATLAS its reading, as `morphoscope reproduce scholz2022 --second-pass` makes them. Runs that are
homogeneous or read as H or L are left out. The features, each in units of its standard deviation, are reduced to 20
principal components and grouped by Ward's method. The figure is the adjusted mutual information of groups and classes.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.homogeneous import homogeneous_runs

GROUPS = (10, 14, 20)


def main() -> None:
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_mutual_info_score
    from sklearn.preprocessing import StandardScaler

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scan", type=Path)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--encoders", nargs="+", default=["shipped"])
    options = parser.parse_args()
    scan = Ensemble(options.scan)
    frames = scan.frames(scan.usable())
    with (options.atlas / "points.csv").open(newline="") as file:
        read = np.array([row["class"] for row in csv.DictReader(file)])
    kept = ~homogeneous_runs(frames, homogeneity_scale(scan.plan)) & ~np.isin(read, ["H", "L"])
    frames, read = frames[kept], read[kept]
    print(f"{len(read)} patterned runs, {len(set(read))} classes\n")
    print(f"| encoder | {' | '.join(f'{n} groups' for n in GROUPS)} |\n|---{'|---' * len(GROUPS)}|")
    for name in options.encoders:
        features = StandardScaler().fit_transform(Encoder.open(name).features(frames))
        reduced = PCA(20, random_state=0).fit_transform(features)
        cells = [adjusted_mutual_info_score(read, AgglomerativeClustering(n).fit_predict(reduced)) for n in GROUPS]
        print(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")


if __name__ == "__main__":
    main()
