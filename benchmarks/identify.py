"""How well pictures are identified: kind, model, parameters, none; and Gray–Scott by an independent solver.

    python -m benchmarks.identify RUNS [--photographs 2] [--out numbers.json] [--parts photographs none spectral]

RUNS: a folder for the ensembles of test, one a model, at points of another Sobol sequence than those of the training
(seed 77, in the same ranges); they are simulated unless they are there. Each pattern is photographed ``--photographs``
times with other seeds: cropped, turned, 200 to 2000 pixels, unevenly lit, blurred, noisy, JPEG, either polarity.
Each photograph takes the whole way of `morphoscope identify`: prepared, brought to its wavelength, read. With
``--processed 1`` each is changed first as cameras and programs do, see `photographed.processed`; with
``--retouched 1`` in other ways, which nothing was trained or calibrated on, see retouched.py.

"none" is asked about the 303 pictures of no_patterns.py; nothing was trained or calibrated on them. Noise, ramps,
shapes and checkerboards are like kinds of the training, though made by another generator; photographs and text are not.

The spectral solver is ETDRK4 in NumPy's FFT, float64, in The Well's setting of Gray–Scott: Du = 2·10⁻⁵, Dv = 10⁻⁵ on
[−1, 1]² with 128² points; it shares no line with the package.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))
from no_patterns import no_patterns
from retouched import retouched
from tools.encoder import REGIONS, plan_of

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.identifying.identification import Identification
from morphoscope.learning.identifying.identifier import Identifier
from morphoscope.learning.identifying.pattern_bank import PatternBank, bank_of
from morphoscope.learning.identifying.photographed import photographed
from morphoscope.learning.prediction import LEAST_KNOWN

SEED = 77
POINTS = {"gray-scott": 48, "barkley": 32, "gierer-meinhardt": 32}  # 24 of the others
WELL = ((0.014, 0.054), (0.098, 0.057), (0.029, 0.057), (0.058, 0.065), (0.018, 0.051), (0.03, 0.062))
HOLES = ((0.098, 0.057),)  # its bubbles lie in the other steady state
SPOTS = 25  # of v at the start, about as wide as a spot of the pattern
HOMOGENEOUS = ("H", "L")
PARTS = ("photographs", "none", "spectral")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--photographs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="photograph only every so many-th pattern")
    parser.add_argument("--processed", type=float, default=0.0, help="share of the photographs that are processed")
    parser.add_argument("--retouched", type=float, default=0.0, help="share that is processed in unknown ways")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--identifier", default="shipped")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    identifier = Identifier.open(options.identifier)
    morphoscope.identify(np.random.default_rng(0).random((64, 64)), identifier=identifier)  # imports, for the times
    found: dict[str, Any] = {}
    if "photographs" in options.parts:
        banks = [test_bank(name, options.runs) for name in sorted(REGIONS)]
        share, process = (options.retouched, retouched) if options.retouched else (options.processed, None)
        found["photographs"] = [
            photographs(identifier, banks, seed, options.every, share, process) for seed in range(options.photographs)
        ]
        print_photographs(found["photographs"])
    if "none" in options.parts:
        found["none"] = none(identifier)
        print_none(found["none"])
    if "spectral" in options.parts:
        found["spectral"] = spectral(identifier)
        print_spectral(found["spectral"])
    if options.out:
        options.out.write_text(json.dumps(found, indent=1))


def test_bank(name: str, folder: Path) -> PatternBank:
    """Patterns at unseen points; those of Gray–Scott with the class that the shipped classifier gives the whole run."""
    plan = plan_of(name, POINTS.get(name, 24), seed=SEED, replicates=1)
    ensemble = morphoscope.ensemble(plan, folder / name, storage="float16", workers=1)
    bank = bank_of(ensemble, tuple(REGIONS[name].ranges))
    if name != "gray-scott":
        return bank
    labels = np.array(classes_of(bank.frames))
    return dataclasses.replace(bank, labels=labels)


def classes_of(frames: NDArray[Any]) -> list[str]:
    """The class of runs of Gray–Scott by the shipped classifier; "" if it is unknown or homogeneous."""
    classifier = Classifier.load("gray-scott-second-pass")
    outputs = classifier.outputs(frames.astype(np.float32))
    assert outputs.known is not None
    names = [classifier.classes[i] for i in outputs.probabilities.argmax(axis=1)]
    known = outputs.known >= LEAST_KNOWN
    return [n if k and n not in HOMOGENEOUS else "" for n, k in zip(names, known, strict=True)]


# --- photographs --------------------------------------------------------------------------------------------------


def photographs(
    identifier: Identifier,
    banks: list[PatternBank],
    seed: int,
    every: int = 1,
    share: float = 0.0,
    process: Callable[..., NDArray[np.float64]] | None = None,
) -> dict[str, Any]:
    """Counts by model for one photograph of each pattern, a share of them changed by ``process``."""
    seconds: list[float] = []
    processor: list[float] = []
    rows = {}
    confused: dict[str, dict[str, int]] = {}
    for number, bank in enumerate(banks):
        random = np.random.default_rng([seed, number])
        row: dict[str, int] = dict.fromkeys(COUNTS, 0)
        for i in range(0, len(bank.frames), every):
            picture, scale = photographed(
                bank.frames[i, -1].astype(np.float32), random, share_processed=share, process=process
            )
            begin, used = time.perf_counter(), time.process_time()
            told = morphoscope.identify(picture, identifier=identifier)
            seconds.append(time.perf_counter() - begin)
            processor.append(time.process_time() - used)
            _count(row, told, bank, i, scale)
            best = confused.setdefault(bank.model, {})
            best[told.verdict] = best.get(told.verdict, 0) + 1
        rows[bank.model] = row
        print(bank.model, row, file=sys.stderr, flush=True)
    return {
        "models": rows,
        "seconds": {"median": float(np.median(seconds)), "most": max(seconds)},
        "processor": {"median": float(np.median(processor)), "most": max(processor)},
        "confused": confused,
    }


COUNTS = (
    "pictures", "first", "three", "none", "probability", "kinds", "kind_read", "kind_right", "classes", "class_read",
    "class_right", "wavelength", "posteriors", "intervals", "covered", "compatible", "models_compatible",
)  # fmt: skip


def _count(row: dict[str, Any], told: Identification, bank: PatternBank, i: int, scale: float) -> None:
    row["pictures"] += 1
    row["first"] += told.models[0] == bank.model and told.verdict != "none"
    row["three"] += bank.model in told.models[:3] and told.verdict != "none"
    row["none"] += told.verdict == "none"
    row["probability"] += told.probabilities[bank.model]
    if bank.kinds[i]:
        row["kinds"] += 1
        row["kind_read"] += bool(told.kind)
        row["kind_right"] += told.kind == bank.kinds[i]
    if bank.labels[i]:
        row["classes"] += 1
        row["class_read"] += bool(told.gray_scott)
        row["class_right"] += told.gray_scott == bank.labels[i]
    row["compatible"] += bank.model in told.compatible
    row["models_compatible"] += len(told.compatible)
    row["wavelength"] += int(abs(told.wavelength / (bank.wavelengths[i] / bank.spacing * scale) - 1) < 0.05)
    for one in told.posteriors:
        if one.model == bank.model:
            row["posteriors"] += 1
            for j, name in enumerate(bank.parameters):
                low, high = one.quantiles((0.05, 0.95))[name]
                row["intervals"] += 1
                row["covered"] += int(low <= bank.points[i, j] <= high)


def print_photographs(found: list[dict[str, Any]]) -> None:
    head = (
        "model",
        "pictures",
        "model first",
        "among three",
        "taken for none",
        "kind right",
        "kind abstained",
        "covered",
        "compatible with it",
        "compatible models",
    )
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for model in found[0]["models"]:
        rows = [each["models"][model] for each in found]
        print(f"| {model} | {rows[0]['pictures']} | " + " | ".join(_shares(rows)) + " |")
    total = [{k: sum(row[k] for row in each["models"].values()) for k in COUNTS} for each in found]
    print(f"| **all pictures** | {total[0]['pictures']} | " + " | ".join(_shares(total)) + " |")
    for title, key in (("first", "first"), ("among three", "three")):
        means = [np.mean([row[key] / row["pictures"] for row in each["models"].values()]) for each in found]
        print(f"mean over models, {title}: " + _spread(means))
    right = [_share(t["class_right"], t["class_read"]) for t in total]
    abstained = [1 - _share(t["class_read"], t["classes"]) for t in total]
    print(f"Gray–Scott's class: right {_spread(right)}, abstained {_spread(abstained)} of {total[0]['classes']}")
    print("wavelength within 5 %:", _spread([t["wavelength"] / t["pictures"] for t in total]))
    for title, key in (("seconds", "seconds"), ("seconds of a processor", "processor")):
        times = [each[key] for each in found]
        print(f"{title} a picture: median {times[0]['median']:.2f}, most {max(t['most'] for t in times):.2f}")
    print("read as:", json.dumps(found[0]["confused"]))


def _shares(rows: list[dict[str, int]]) -> list[str]:
    pairs = (("first", "pictures"), ("three", "pictures"), ("none", "pictures"), ("kind_right", "kind_read"))
    cells = [_spread([_share(row[a], row[b]) for row in rows]) for a, b in pairs]
    cells.append(_spread([1 - _share(row["kind_read"], row["kinds"]) for row in rows]))
    cells.append(_spread([_share(row["covered"], row["intervals"]) for row in rows]))
    cells.append(_spread([_share(row["compatible"], row["pictures"]) for row in rows]))
    return [*cells, f"{np.mean([row['models_compatible'] / row['pictures'] for row in rows]):.1f}"]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _spread(values: list[float]) -> str:
    shown = [v for v in values if np.isfinite(v)]
    if not shown:
        return "–"
    return f"{np.mean(shown):.1%}" + (f" ± {100 * np.std(shown, ddof=1):.1f}" if len(shown) > 1 else "")


# --- none ---------------------------------------------------------------------------------------------------------


def none(identifier: Identifier) -> dict[str, Any]:
    """By kind of picture: how many are none of the models, how many compatible with none; those that are models'."""
    groups: dict[str, list[int]] = {}
    missed = []
    compatible: list[int] = []
    for each in no_patterns():
        picture = each.frames[-1]
        try:
            found = morphoscope.identify(picture, identifier=identifier)
            told = found.verdict
            compatible.append(len(found.compatible))
        except UsageError:  # uniform
            told = "none"
            compatible.append(0)
        right = told == "none"
        groups.setdefault(each.kind, [0, 0])
        groups[each.kind][0] += right
        groups[each.kind][1] += 1
        if not right:
            missed.append(f"{each.source}: {told}")
    return {"groups": groups, "missed": missed, "compatible": compatible}


def print_none(found: dict[str, Any]) -> None:
    print("| pictures | are none |\n|---|---|")
    for kind, (told, count) in found["groups"].items():
        print(f"| {kind} | {told} of {count} |")
    told, count = np.sum(list(found["groups"].values()), axis=0)
    print(f"| **all** | {told} of {count} ({told / count:.1%}) |")
    print(f"compatible with no model: {found['compatible'].count(0)} of {count}")
    print("taken for patterns: " + ", ".join(found["missed"]))


# --- Gray–Scott by another solver ---------------------------------------------------------------------------------


def spectral(identifier: Identifier) -> list[dict[str, Any]]:
    """What is read in fields of the spectral solver, and in our own runs at the same points."""
    own = np.stack([_own_run(f, k) for f, k in WELL])
    theirs = np.stack([gray_scott(f, k, np.random.default_rng(number)) for number, (f, k) in enumerate(WELL)])
    labels = {"classifier": classes_of(own), "classifier_spectral": classes_of(_in_our_cells(theirs))}
    found = []
    for number, (f, k) in enumerate(WELL):
        told = [_told(identifier, frames[number, -1]) for frames in (theirs, own)]
        read = {name: classes[number] for name, classes in labels.items()}
        found.append({"f": f, "k": k, "spectral": told[0], "own": told[1], **read})
        print(found[-1], file=sys.stderr, flush=True)
    return found


def _own_run(f: float, k: float) -> NDArray[Any]:
    """The last three frames of u of our own run, (3, y, x), from the same kind of start as the spectral one."""
    from morphoscope.ensembles.execution import repeat_runs

    start = f"inverse:count={SPOTS},radius=5" if (f, k) in HOLES else f"spots:count={SPOTS},radius=5"
    plan = morphoscope.scan_plan(
        "gray-scott", points=[{"f": f, "k": k}], until=15000, times=(14940, 14970, 15000), seed=1, initial=start
    )
    return np.asarray(repeat_runs(plan, range(1))[0])


def _in_our_cells(frames: NDArray[Any]) -> NDArray[Any]:
    """Frames (n, 3, y, x) of the spectral solver on 128 × 128 cells of our runs, whose Du is 0.2 with cells of 1."""
    from scipy import ndimage

    pitch = 128 / 2 * np.sqrt(2e-5 / 0.2)  # in cells of the spectral solver
    pitches, side = np.diag([pitch, pitch]), (128, 128)
    return np.array(
        [[ndimage.affine_transform(field, pitches, 0, side, mode="grid-wrap") for field in run] for run in frames]
    )


def _told(identifier: Identifier, field: NDArray[Any]) -> dict[str, Any]:
    try:
        told = morphoscope.identify(field, identifier=identifier)
        asked = morphoscope.identify(field, identifier=identifier, models=["gray-scott"])
    except UsageError as error:
        return {"kind": str(error), "class": "", "asked": "", "verdict": "", "gray_scott": 0.0, "wavelength": 0.0}
    return {
        "kind": told.kind, "class": " or ".join(told.gray_scott_set), "verdict": told.verdict,
        "asked": " or ".join(asked.gray_scott_set),
        "gray_scott": told.probabilities["gray-scott"], "wavelength": told.wavelength,
    }  # fmt: skip


def gray_scott(f: float, k: float, random: np.random.Generator, until: float = 10000, dt: float = 2.0) -> NDArray[Any]:
    """u of Gray–Scott 60, 30 and 0 before the end, (3, y, x), by ETDRK4 (Cox & Matthews 2002; Kassam & Trefethen 2005).

    From random Gaussian spots of v, or holes in its other steady state, with a standard deviation of 0.04.
    """
    from scipy import fft

    n = 128
    x = 2 * np.arange(n) / n - 1
    inside = np.zeros((n, n))
    for _ in range(SPOTS):
        cy, cx = random.uniform(-1, 1, 2)
        dy, dx = ((x - c + 1) % 2 - 1 for c in (cy, cx))
        inside += np.exp(-312 * (dy[:, None] ** 2 + dx[None, :] ** 2))
    inside = np.minimum(inside, 1)
    if (f, k) in HOLES:
        v0 = (f + np.sqrt(f * f - 4 * f * (f + k) ** 2)) / (2 * (f + k))
        v = v0 * (1 - inside)
        u = 1 - (f + k) / f * v
    else:
        v = 0.5 * inside
        u = 1 - v
    v = v + 0.01 * random.random((n, n))
    state = fft.rfft2(np.stack([u, v]))
    q = 2 * np.pi * np.fft.fftfreq(n, 2 / n)
    squares = q[:, None] ** 2 + np.abs(q[None, : n // 2 + 1]) ** 2
    linear = np.stack([-2e-5 * squares - f, -1e-5 * squares - (f + k)])
    half, full = np.exp(linear * dt / 2), np.exp(linear * dt)
    circle = dt * linear[..., None] + np.exp(1j * np.pi * (np.arange(16) + 0.5) / 16)
    growth = np.exp(circle)
    q2 = dt * np.mean((np.exp(circle / 2) - 1) / circle, axis=-1).real
    first = dt * np.mean((-4 - circle + growth * (4 - 3 * circle + circle**2)) / circle**3, axis=-1).real
    middle = dt * np.mean((2 + circle + growth * (circle - 2)) / circle**3, axis=-1).real
    last = dt * np.mean((-4 - 3 * circle - circle**2 + growth * (4 - circle)) / circle**3, axis=-1).real
    feed = np.zeros_like(state)
    feed[0, 0, 0] = f * n * n

    def reaction(z: NDArray[Any]) -> NDArray[Any]:
        u, w = fft.irfft2(z, s=(n, n))
        rate = fft.rfft2(u * w * w)
        return np.asarray(np.stack([-rate, rate]) + feed)

    frames = []
    for step in range(1, round(until / dt) + 1):
        at = reaction(state)
        a = half * state + q2 * at
        at_a = reaction(a)
        b = half * state + q2 * at_a
        at_b = reaction(b)
        c = half * a + q2 * (2 * at_b - at)
        state = full * state + first * at + 2 * middle * (at_a + at_b) + last * reaction(c)
        if step in [round((until - before) / dt) for before in (60, 30, 0)]:
            frames.append(fft.irfft2(state, s=(n, n))[0])
    return np.stack(frames)


def print_spectral(found: list[dict[str, Any]]) -> None:
    print(
        "| f | k | spectral solver: kind, class [with --model gray-scott], model | own run: the same | "
        "classifier with scale: spectral, own |"
    )
    print("|---" * 5 + "|")
    for row in found:
        cells = [_words(row[which]) for which in ("spectral", "own")]
        print(
            f"| {row['f']} | {row['k']} | {cells[0]} | {cells[1]} | {row['classifier_spectral'] or 'unknown'}, "
            f"{row['classifier'] or 'unknown'} |"
        )


def _words(told: dict[str, Any]) -> str:
    kind, read, asked = (told[name] or "abstains" for name in ("kind", "class", "asked"))
    return f"{kind}, {read} [{asked}], {told['verdict']} ({told['gray_scott']:.0%} Gray–Scott)"


if __name__ == "__main__":
    main()
