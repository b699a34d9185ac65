"""Fit the readers of the shipped identifier again, to pictures of points that nothing was trained on.

python tools/identifier_readers.py RUNS --start IDENTIFIER

RUNS: a folder for ensembles (Sobol seeds 101, 103 and 105, in the ranges of tools/encoder.py, and Gray–Scott's bubbles)
and for the embeddings of their pictures, which are made unless they are there. Models with patterns of one wavelength
are also started from hexagons, at the same points: the patterns of experiments are often better ordered than those that
grow from noise. IDENTIFIER: the folder of one as
tools/identifier.py makes it, whose network, kinds and posteriors stay. Replaces the shipped identifier.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from encoder import REGIONS, parameters_at, plan_of
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import qmc

import morphoscope
from morphoscope.cli.progress import reporter
from morphoscope.core.progress import SILENT
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.learning.identifying.canonical import canonical_views
from morphoscope.learning.identifying.identifier import Identifier, shipped_identifier_folder
from morphoscope.learning.identifying.pattern_bank import PatternBank, bank_of
from morphoscope.learning.identifying.photographed import SHOWN, TRAINING_SIDES, photographed, processed, unit_range
from morphoscope.learning.identifying.recalibration import Pictures, measured, recalibrated
from morphoscope.learning.identifying.rough import processed_or_rough, rough
from morphoscope.learning.identifying.unpatterned import broad_noise, grains, single_pixels, unpatterned
from morphoscope.models import get_model

NAMES = sorted(REGIONS)
BUBBLES = "bubbles"  # of Gray–Scott, at larger f, from holes in its other steady state
BUBBLES_F, BUBBLES_BEYOND = (0.085, 0.11), (-0.004, -0.0001)
Picture = NDArray[np.float64]
Process = Callable[[Picture, np.random.Generator, float], Picture]


def filtered(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    """One or two of: a median filter, an unsharp mask, few grey levels, blur along one direction."""
    for kind in random.choice(4, int(random.integers(1, 3)), replace=False):
        if kind == 0:
            picture = ndimage.median_filter(picture, size=2 * max(1, round(random.uniform(0.4, 1.2) * scale)) + 1)
        elif kind == 1:
            much = random.uniform(0.5, 3)
            fine = picture - ndimage.gaussian_filter(picture, random.uniform(0.5, 2.5) * scale)
            picture = np.clip(picture + much * fine, -0.3, 1.3)
        elif kind == 2:
            levels = int(random.integers(3, 9))
            picture = np.round(levels * np.clip(picture, 0, 1)) / levels
        else:
            length = max(2, round(random.uniform(1, 4) * scale))
            picture = ndimage.uniform_filter1d(picture, length, axis=int(random.integers(2)))
        picture = unit_range(picture)
    return picture


#: By name: the seed of the points, points (of Gray–Scott, of others), pictures of a model, their seed, at most so many
#: windows, and by which each is changed, in turn.
SETS: dict[str, tuple[int, tuple[int, int], int, int, int, tuple[Process | None, ...]]] = {
    "training": (103, (128, 64), 180, 601, 1, (None, processed, rough)),
    "calibration": (101, (96, 48), 90, 501, 4, (None, processed, filtered)),
    "rough-calibration": (105, (128, 64), 36, 701, 2, (rough, rough, None)),
}
FEWER = {"may-leonard": 40, "oregonator": 40, "schnakenberg": 40, "swift-hohenberg": 40}  # points of seed 105
#: Models that are started from hexagons, too; pictures of a model, their seed, and by which each is changed, in turn.
ORDERED = (
    "brusselator", "gierer-meinhardt", "gray-scott", "klausmeier", "lengyel-epstein", "schnakenberg", "swift-hohenberg",
)  # fmt: skip
ORDERED_SETS: dict[str, tuple[int, int, tuple[Process | None, ...]]] = {
    "training": (120, 903, (None, processed, rough)),
    "calibration": (100, 904, (None, processed, rough, filtered)),
}
STRETCH, AMPLITUDE = (0.9, 1.1), (0.1, 0.5)  # of the wavelength that noise leads to; of the waves at the start
FEWEST_WAVES = 4  # across a picture of ordered patterns
FAINT = 0.05  # of the median standard deviation
NONE = (("training", 120, 1), ("calibration", 40, 2))  # pictures of a part, windows
NONE_PARTS = tuple((801, number) for number in range(4))  # their seeds


def main() -> None:
    """Simulate, photograph, fit, measure; replaces the shipped identifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=shipped_identifier_folder())
    options = parser.parse_args()
    start = Identifier.open(options.start)
    made = {name: _pictures(options.runs, name, start) for name in SETS}
    ordered = {name: _ordered_pictures(options.runs, name, start) for name in ORDERED_SETS}
    none = _none_pictures(options.runs, start)
    training = Pictures.joined([made["training"], ordered["training"], none["training"]])
    judged = Pictures.joined(
        [made["calibration"], made["rough-calibration"], ordered["calibration"], none["calibration"]]
    )
    # where the method was chosen: points of one half calibrate, the others judge
    rows = np.where(judged.patterns < 0, np.arange(len(judged.patterns)), judged.patterns)
    odd = rows % 2 == 1
    halves = [judged.at(~odd), judged.at(odd)]
    half = recalibrated(start, training, halves[0])
    for title, pictures in (
        ("all but ordered", halves[1].at(~halves[1].ordered)),
        ("ordered", halves[1].at(halves[1].ordered)),
    ):
        print(title, "| before:", measured(start, pictures), "| half calibrated:", measured(half, pictures))
    identifier = recalibrated(start, training, judged)
    identifier.provenance["readers"] = measured(identifier, judged)
    identifier.save(options.out, overwrite=True)


def _pictures(folder: Path, name: str, identifier: Identifier) -> Pictures:
    """Pictures of all models, each as the identifier reads it."""
    path = folder / f"{name}.npz"
    if path.exists():
        return Pictures.load(path)
    points, counts, each, seed, windows, processes = SETS[name]
    parts = []
    with reporter().task(name, len(NAMES), "models") as task:
        for number, model in enumerate(NAMES):
            bubbles = model == "gray-scott" and name != "calibration"
            bank = _bank(folder / name, model, points, counts, bubbles=bubbles)
            random = np.random.default_rng([seed, number])
            count = each * (2 if model == "gray-scott" else 1)
            repeats = count // len(bank.frames) + 1
            chosen = np.concatenate([random.permutation(len(bank.frames)) for _ in range(repeats)])[:count]
            places = np.unique(bank.points, axis=0, return_inverse=True)[1].reshape(-1)
            shown = [
                _photograph(bank.frames[row, -1], random, processes[turn % len(processes)])
                for turn, row in enumerate(chosen.tolist())
            ]
            found = np.stack([identifier.embedding(canonical_views(picture, windows)) for picture in shown])
            parts.append(Pictures(found, np.full(count, number), places[chosen], np.zeros(count, bool)))
            task.advance(1, model)
    made = Pictures.joined(parts)
    made.save(path)
    return made


def _ordered_pictures(folder: Path, name: str, identifier: Identifier) -> Pictures:
    """Pictures of patterns that grow from hexagons at the points of a set where noise leads to a pattern."""
    path = folder / f"ordered-{name}.npz"
    if path.exists():
        return Pictures.load(path)
    points, counts, _, _, windows, _ = SETS[name]
    count, seed, processes = ORDERED_SETS[name]
    parts = []
    with reporter().task(f"ordered {name}", len(ORDERED), "models") as task:
        for number, model in ((NAMES.index(model), model) for model in ORDERED):
            bank = _bank(folder / name, model, points, counts)
            random = np.random.default_rng([seed, number])
            grown = _grown_from_hexagons(model, bank, random)
            repeats = count // len(grown) + 1
            chosen = np.concatenate([random.permutation(len(grown)) for _ in range(repeats)])[:count]
            found = []
            for turn, row in enumerate(chosen.tolist()):
                field, shown, _ = grown[row]
                process = processes[turn % len(processes)]
                picture = _photograph(field, random, process, (min(0.5, shown), 1.0))
                found.append(identifier.embedding(canonical_views(picture, windows)))
            patterns = np.array([place for *_, place in grown])[chosen]
            parts.append(Pictures(np.stack(found), np.full(count, number), patterns, np.ones(count, bool)))
            task.advance(1, model)
    made = Pictures.joined(parts)
    made.save(path)
    return made


def _grown_from_hexagons(
    model: str, bank: PatternBank, random: np.random.Generator
) -> list[tuple[NDArray[np.float32], float, int]]:
    """Fields that are not faint, the share of the side with the fewest waves to show, and the number of the point."""
    places = np.unique(bank.points, axis=0, return_inverse=True)[1].reshape(-1)
    typical = float(np.median(bank.frames[:, -1].astype(np.float64).std(axis=(1, 2))))
    found = []
    for row in np.unique(places, return_index=True)[1].tolist():
        frame = bank.frames[row, -1].astype(np.float32)
        waves = len(frame) / canonical_views(frame, 1).wavelength
        count = max(3.0, waves * random.uniform(*STRETCH))
        height = random.choice([-1, 1]) * random.uniform(*AMPLITUDE)
        start = f"hexagons:count={count:.4g},angle={random.uniform(0, 60):.4g},amplitude={height:.4g}"
        at = parameters_at(dict(zip(REGIONS[model].ranges, map(float, bank.points[row]), strict=True)))
        end = REGIONS[model].times[-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a pattern is faint, or as sharp as a cell
            run = morphoscope.simulate(
                model, at, initial=start, until=end, times=[end], seed=int(random.integers(2**31)), progress=SILENT
            )
        field = np.asarray(run.dataset()[get_model(model).species[0]].values, dtype=np.float32)[0]
        if np.isfinite(field).all() and field.std() > FAINT * typical:
            found.append((field, FEWEST_WAVES / waves, int(places[row])))
    return found


def _photograph(
    field: NDArray[np.floating],
    random: np.random.Generator,
    process: Process | None,
    shown: tuple[float, float] = SHOWN,
) -> Picture:
    share = 0.0 if process is None else 1.0
    return np.asarray(photographed(field.astype(np.float32), random, TRAINING_SIDES, share, process, shown)[0])


def _bank(folder: Path, model: str, seed: int, counts: tuple[int, int], *, bubbles: bool = False) -> PatternBank:
    def bank(name: str, plan: Plan) -> PatternBank:
        morphoscope.ensemble(plan, folder / name, storage="float16", workers=1)
        return bank_of(Ensemble(folder / name), tuple(REGIONS[model].ranges))

    count = counts[model != "gray-scott"]
    if seed == SETS["rough-calibration"][0]:
        count = FEWER.get(model, count)
    own = bank(model, plan_of(model, count, seed=seed, replicates=1))
    return own.joined([bank(BUBBLES, _bubbles(seed))]) if bubbles else own


def _bubbles(seed: int, points: int = 32) -> Plan:
    """Gray–Scott at larger f, from discs of the trivial steady state in the other one."""
    unit = qmc.Sobol(2, scramble=True, rng=np.random.default_rng(seed)).random(points)
    low, high = np.array([BUBBLES_F, BUBBLES_BEYOND]).T
    rows = [parameters_at({"f": float(f), "beyond": float(b)}) for f, b in low + (high - low) * unit]
    times = REGIONS["gray-scott"].times
    return morphoscope.scan_plan(
        "gray-scott", points=rows, replicates=1, until=times[-1], times=times, initial="inverse:count=25,radius=5",
        seed=seed,
    )  # fmt: skip


def _none_pictures(folder: Path, identifier: Identifier) -> dict[str, Pictures]:
    paths = {name: folder / f"none-{name}.npz" for name, *_ in NONE}
    if not all(path.exists() for path in paths.values()):
        points, counts, *_ = SETS["training"]
        fields = [
            _bank(folder / "training", model, points, counts, bubbles=model == "gray-scott").frames[:, -1]
            for model in NAMES
        ]
        rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in paths}
        for part in NONE_PARTS:
            random = np.random.default_rng(part)
            for name, count, windows in NONE:
                for picture in _without_pattern(count, fields, random):
                    rows[name].append(identifier.embedding(canonical_views(picture, windows)))
        for name, own in rows.items():
            no = np.full(len(own), -1)
            Pictures(np.stack(own), no + 1 + len(NAMES), no, no > 0).save(paths[name])
    return {name: Pictures.load(path) for name, path in paths.items()}


def _without_pattern(count: int, fields: list[NDArray[np.floating]], random: np.random.Generator) -> Iterator[Picture]:
    """Half of them noise in a band or in single pixels and grains, half of any kind; half of all photographed."""
    own = (broad_noise, broad_noise, single_pixels, grains)
    for number in range(count):
        side = int(random.integers(*TRAINING_SIDES)) // 16 * 16
        if number % 2 == 0:
            picture = unit_range(own[number // 2 % 4](random, side))
        else:
            several = fields[int(random.integers(len(fields)))]
            picture = unpatterned(random, side, several[int(random.integers(len(several)))].astype(np.float32))
        if random.random() < 0.5:
            picture = np.asarray(
                photographed(picture.astype(np.float32), random, TRAINING_SIDES, 0.3, processed_or_rough)[0]
            )
        yield picture


if __name__ == "__main__":
    main()
