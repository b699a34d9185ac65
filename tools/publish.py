"""Put the results of a finished study where users meet them.

    python tools/publish.py results/paper

Copies the class map into docs/pictures, and the classifier into the package with a model card made of its numbers.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NAME = "gray-scott-first-pass"
SHIPPED = ROOT / "src" / "morphoscope" / "learning" / "shipped" / NAME
STUDY = "morphoscope reproduce scholz2022"

CARD = """# {name}

Reads Gray–Scott patterns as the {classes} classes of the first pass of C. Scholz & S. Scholz, "Exploring
complex pattern formation with convolutional neural networks" (Am. J. Phys., 2022): Pearson's α β γ δ ε ζ
η θ ι κ λ μ, ν, and the homogeneous states L (low u) and H (high u).

- **Network** `{network}`, float32, weights as safetensors; epoch {kept} of {epochs}, seed {seed}.
- **Input** {frames} frames of u, {apart:g} time units apart, on {width} × {height} cells of size 1,
  Du = 0.2, Dv = 0.1.
- **Trained on** {train_runs} runs of `{train}`, one pair (f, k) a class; epoch and temperature
  ({temperature:.2f}) chosen on {validation_runs} runs of `{validation}`. The test set took no part.
- **Made by** `{command}`, Morphoscope {version}, torch {torch}.

| set | runs | accuracy | 95 % interval | at pairs seen in training | at unseen pairs | calibration error |
|---|---|---|---|---|---|---|
{rows}

Most frequent confusions in the test set: {confused}.

## What it does not know

It has seen one pair (f, k) a class. At other parameters it extrapolates, and there its probabilities are too confident.
It has no class for patterns that are none of the {classes}; it reads them as the nearest one with whatever
margin. Other grids, cell sizes, diffusion coefficients and time spacings change the wavelengths and the movements
that it goes by.
"""


def main(study: Path) -> None:
    """Copy map and classifier, write the card."""
    pictures = ROOT / "docs" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    shutil.copy(study / "figures" / "class_map.png", pictures / "class_map.png")
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for name in ("classifier.json", "weights.safetensors"):
        shutil.copy(study / "classifier" / name, SHIPPED / name)
    (SHIPPED / "CARD.md").write_text(_card(study), encoding="utf-8")
    print(f"{SHIPPED.relative_to(ROOT)} and {pictures.relative_to(ROOT)} are written")


def _card(study: Path) -> str:
    numbers = json.loads((study / "numbers.json").read_text())
    made = json.loads((study / "classifier" / "classifier.json").read_text())
    provenance, seen = made["provenance"], made["input"]
    options = numbers["options"]
    evaluations = numbers["evaluations"]
    return CARD.format(
        name=NAME,
        classes=len(made["classes"]),
        network=made["network"],
        kept=provenance["kept_epoch"],
        epochs=len(provenance["history"]),
        seed=provenance["seed"],
        **{key: seen[key] for key in ("frames", "apart", "width", "height")},
        train_runs=provenance["training"]["runs"],
        train=provenance["training"]["name"],
        validation_runs=provenance["validation"]["runs"],
        validation=provenance["validation"]["name"],
        temperature=made["temperature"],
        command=f"{STUDY} --profile {options['profile']} --seed {options['seed']} --out results/paper",
        version=provenance["versions"]["morphoscope"],
        torch=provenance["versions"]["torch"],
        rows="\n".join(_row(name, found) for name, found in evaluations.items()),
        confused=_confusions(evaluations["test"]),
    )


def _row(name: str, found: dict[str, Any]) -> str:
    def share(accuracy: dict[str, Any]) -> str:
        return "–" if accuracy["value"] is None else f"{accuracy['value']:.1%}"

    total = found["accuracy"]
    interval = f"{total['low']:.1%} … {total['high']:.1%}"
    error = f"{found['expected_calibration_error']:.3f}"
    cells = (name, str(total["n"]), share(total), interval, share(found["seen"]), share(found["unseen"]), error)
    return f"| {' | '.join(cells)} |"


def _confusions(found: dict[str, Any]) -> str:
    classes, matrix = found["classes"], found["confusion"]
    wrong = [
        (count, classes[i], classes[j])
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return "; ".join(f"{a} read as {b}: {n}" for n, a, b in sorted(wrong, reverse=True)[:5]) or "none"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
