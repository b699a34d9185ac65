"""Groups without labels of the paper's scan, compared with the reading of its second pass.

python benchmarks/chart.py SCAN ATLAS [--seeds 5] [--encoder FOLDER|shipped]

SCAN: the ensemble of the recipe scholz2022-scan. ATLAS: its reading by the shipped second-pass classifier, with which
the groups are compared over the runs that it reads as a pattern; no label is used to find them.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from morphoscope import Ensemble
from morphoscope.atlas import open_atlas
from morphoscope.atlas.charting import components, textures
from morphoscope.core.progress import SILENT
from morphoscope.descriptors.spectrum import is_homogeneous
from morphoscope.learning.encoder import open_encoder
from morphoscope.learning.groups import STABLE, find_groups
from morphoscope.learning.lattice import Lattice

HOMOGENEOUS = ("L", "H", "homogeneous", "homogeneous-unsteady")


def main() -> None:
    """Print one row for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scan")
    parser.add_argument("atlas")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--groups", type=int)
    parser.add_argument("--encoder")
    options = parser.parse_args()
    ensemble, atlas = Ensemble(options.scan), open_atlas(options.atlas)
    frames = ensemble.frames(atlas.runs)
    patterned = np.array([i for i, run in enumerate(frames) if not is_homogeneous(run[-1])])
    classes = np.array(atlas.reading.names)[patterned]
    compared = ~np.isin(classes, HOMOGENEOUS)
    start = time.perf_counter()
    features = textures(frames, patterned, None, SILENT)
    if options.encoder:
        features = np.hstack([features, components(open_encoder(options.encoder).features(frames[patterned]))])
    seconds = time.perf_counter() - start
    columns = [atlas.values(name) for name in atlas.plan.parameter_names]
    points = np.stack(columns, axis=1)
    lattice = Lattice.of(points)
    print(f"{len(patterned)} patterns, {compared.sum()} compared; features in {seconds:.0f} s")
    print("| seed | groups | of them stable | agreement of halves | AMI with the second pass | seconds |")
    print("|---|---|---|---|---|---|")
    scores = []
    for seed in range(options.seeds):
        start = time.perf_counter()
        found = find_groups(features, points[patterned], lattice, count=options.groups, seed=seed)
        score = adjusted_mutual_info_score(classes[compared], found.labels[compared])
        scores.append(score)
        stable = int((found.stability >= STABLE).sum())
        print(
            f"| {seed} | {found.count} | {stable} | {found.agreement:.2f} | {score:.3f} "
            f"| {time.perf_counter() - start:.0f} |",
            flush=True,
        )
    print(f"AMI {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f}, {min(scores):.3f} … {max(scores):.3f}")


if __name__ == "__main__":
    main()
