"""Make the shipped encoder: simulate runs of all built-in models without labels, and train on them.

python tools/encoder.py RUNS [--epochs 60] [--seed 0]

RUNS: a folder that gets one ensemble a model, with two seeds at each point of a Sobol sequence; ensembles that are
there are not simulated again. The ranges are those in which the model has patterns; training leaves out the points
without one.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.stats import qmc

import morphoscope
from morphoscope.cli.progress import reporter
from morphoscope.ensembles import Plan

SEED = 2026
SHIPPED = Path(__file__).parent.parent / "src" / "morphoscope" / "learning" / "shipped" / "encoder"
#: Points of the models that have more than the others.
POINTS = {"gray-scott": 384, "brusselator": 192, "cahn-hilliard": 192}


@dataclasses.dataclass(frozen=True)
class Region:
    """Where and how a model is sampled: ranges of its parameters, times of the frames, initial condition."""

    ranges: dict[str, tuple[float, float]]
    times: tuple[float, float, float]
    initial: str | None = None
    dt: float | None = None


REGIONS = {
    "allen-cahn": Region({"h": (-0.06, 0.06), "D": (0.5, 4.5)}, (10, 20, 30)),
    "barkley": Region({"a": (0.35, 1.2), "b": (0.002, 0.06)}, (39, 39.5, 40), "spiral-seeds"),
    "brusselator": Region({"A": (1.5, 4.5), "B": (3.0, 11.0), "Dv": (5.0, 18.0)}, (192, 195, 200)),
    "cahn-hilliard": Region({"m": (-0.55, 0.55), "gamma": (0.5, 3.0)}, (200, 400, 600), dt=0.0125),
    "complex-ginzburg-landau": Region({"alpha": (-3.0, 3.0), "beta": (-3.0, 3.0)}, (198, 199, 200)),
    "fitzhugh-nagumo": Region({"a0": (-0.25, 0.25), "epsilon": (0.01, 0.15), "a1": (1.2, 3.0)}, (960, 980, 1000)),
    "gierer-meinhardt": Region({"kappa": (0.0, 0.7), "mu": (1.0, 3.0), "Dv": (12.0, 30.0)}, (240, 260, 280)),
    "gray-scott": Region({"f": (0.005, 0.085), "beyond": (-0.004, 0.0085)}, (14940, 14970, 15000)),
    "klausmeier": Region({"a": (1.0, 3.5), "m": (0.25, 0.8), "nu": (0.0, 190.0)}, (114, 117, 120)),
    "lengyel-epstein": Region({"a": (9.0, 18.0), "b": (0.1, 0.6)}, (80, 90, 100)),
    "may-leonard": Region({"alpha": (0.0, 0.95), "beta": (1.1, 4.0)}, (580, 590, 600)),
    "oregonator": Region({"f": (0.9, 2.4), "epsilon": (0.01, 0.06)}, (14.6, 14.8, 15), "spiral-seeds"),
    "schnakenberg": Region({"a": (0.01, 0.35), "b": (0.5, 2.0), "Dv": (20.0, 60.0)}, (180, 190, 200)),
    "swift-hohenberg": Region({"r": (0.03, 0.9), "g": (-1.6, 1.6)}, (240, 270, 300)),
}


def plan_of(name: str, points: int = 64, *, seed: int = SEED, replicates: int = 2) -> Plan:
    """Some seeds at each point of a Sobol sequence in a region; another ``seed`` has other points."""
    region = REGIONS[name]
    sequence = qmc.Sobol(len(region.ranges), scramble=True, rng=np.random.default_rng(seed))
    low, high = np.array(list(region.ranges.values())).T
    drawn = low + (high - low) * sequence.random_base2((points - 1).bit_length())[:points]
    rows = [parameters_at(dict(zip(region.ranges, map(float, row), strict=True))) for row in drawn]
    return morphoscope.scan_plan(
        name,
        points=rows,
        replicates=replicates,
        until=region.times[-1],
        times=region.times,
        dt=region.dt,
        initial=region.initial,
        seed=seed,
    )


def parameters_at(place: Mapping[str, float]) -> dict[str, float]:
    """A model's parameters at a place of its region."""
    found = dict(place)
    if "beyond" in found:  # Gray–Scott's patterns are near its saddle-node line (f + k)² = f/4
        found["k"] = math.sqrt(found["f"]) / 2 - found["f"] + found.pop("beyond")
    return found


def main() -> None:
    """Simulate, train, and replace the shipped encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in REGIONS:
        plan = plan_of(name, POINTS.get(name, 64))
        morphoscope.ensemble(plan, options.runs / name, storage="float16", progress=reporter())
    folders = [options.runs / name for name in sorted(REGIONS)]
    encoder = morphoscope.train_encoder(folders, epochs=options.epochs, seed=options.seed, progress=reporter())
    encoder.save(SHIPPED, overwrite=True)
    for name, share in encoder.provenance["retrieval"].items():
        print(f"{name}: {share:.1%}")


if __name__ == "__main__":
    main()
