"""How well the map of patterns by similarity keeps neighbours, on the shipped atlas: in the plane, and by class.

    python benchmarks/similarity.py

Trustworthiness of the 12 nearest neighbours, the share of them that have the same class (which the layout does not
know), and seconds of the processor, for the two largest principal components, for t-SNE of all patterns, and for t-SNE
of some of them with the others placed between their neighbours (five draws: lowest and highest). It simulates 848 runs
first, in about three minutes on one core.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from morphoscope.atlas import Atlas
from morphoscope.atlas.similarity import patterned_rows
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.layout import Layout

NEIGHBOURS = 12
CHUNK = 128
PARTS, DRAWS = (212, 424), 5


def features_of(atlas: Atlas, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """The features of the shipped encoder, (rows, 256)."""
    encoder = Encoder.shipped()
    parts = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    return np.concatenate([encoder.features(atlas.frames(part)) for part in parts])


def same_class(places: NDArray[np.floating], classes: NDArray[np.intp]) -> float:
    """The share of the nearest neighbours that have the class of a pattern."""
    found = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(places).kneighbors(places)[1][:, 1:]
    return float((classes[found] == classes[:, None]).mean())


def main() -> None:
    """Print the table."""
    atlas = Atlas("gray-scott")
    rows = patterned_rows(atlas)
    features, classes = features_of(atlas, rows), atlas.reading.index[rows]
    began = time.process_time()
    layout = Layout.of(features)
    seconds = time.process_time() - began
    reduced = layout.reduced(features)

    def line(name: str, layouts: list[NDArray[np.floating]], note: str = "") -> None:
        trust = [trustworthiness(reduced, places, n_neighbors=NEIGHBOURS) for places in layouts]
        same = [same_class(places, classes) for places in layouts]
        ends = [f"{min(v):.3f} … {max(v):.3f}" if len(v) > 1 else f"{v[0]:.3f}" for v in (trust, same)]
        print(f"| {name} | {ends[0]} | {ends[1]} | {note} |")

    print("| places | trustworthiness | neighbours of the same class | seconds |\n|---|---|---|---|")
    line(f"all {reduced.shape[1]} components", [reduced])
    line("2 components", [reduced[:, :2]])
    line(f"t-SNE of {len(rows)}", [layout.coordinates], f"{seconds:.1f}")
    for count in PARTS:
        line(f"t-SNE of {count}, the others placed", [_placed(features, count, seed) for seed in range(DRAWS)])


def _placed(features: NDArray[np.float32], count: int, seed: int) -> NDArray[np.float32]:
    drawn = np.zeros(len(features), dtype=bool)
    drawn[np.random.default_rng(seed).permutation(len(features))[:count]] = True
    layout, places = Layout.of(features[drawn]), np.zeros((len(features), 2), np.float32)
    places[drawn], places[~drawn] = layout.coordinates, layout.place(features[~drawn])
    return places


if __name__ == "__main__":
    main()
