"""The folder of an identification: a page, JSON, CSV, and the figures of the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.atlas.files import write_rows
from morphoscope.core.checksums import FILES, record_files
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.learning.identifying.candidates import Posterior
from morphoscope.learning.identifying.identification import NONE, Identification
from morphoscope.learning.identifying.identifier import Identifier
from morphoscope.learning.identifying.resimulated import Resimulated, resimulated
from morphoscope.models import get_model, model_names
from morphoscope.rendering.style import save
from morphoscope.reports.html import Picture, Section, Table, write_report
from morphoscope.reports.identification_figures import beside_figure, picture_figure, posterior_figure

if TYPE_CHECKING:
    from morphoscope.ensembles.photographs.chain import PreparedField

IDENTIFICATION_MARKER = "identification.json"
PAGE = "identification.html"
LIMITS = (
    "One picture does not tell an equation. Many models make the same spots and stripes; where they do, the "
    "probabilities are shared among them. They hold for pictures like those of the calibration: one of the models that "
    "are listed, at parameters from the ranges that were simulated, photographed as it usually is.",
    "A model's unit of length follows from the wavelength alone, and the scale of the picture if it has one. Rates and "
    "concentrations can't be read from a picture without units and times.",
)
COMPATIBLE = (
    "The probability asks which model explains the picture best, so that models that look alike share it. Compatible "
    "asks each model alone whether it makes such pictures: p is the share of its own pictures that are less typical of "
    "it; from 0.05 on the picture is compatible, unless it is probably no pattern of any of them.",
)


def save_identification(
    identifier: Identifier,
    field: PreparedField,
    found: Identification,
    folder: Path,
    *,
    draws: int,
    seed: int,
    overwrite: bool,
) -> None:
    """Write identification.html, identification.json, models.csv, posterior.csv and the figures."""
    with staged_folder(folder, IDENTIFICATION_MARKER, overwrite=overwrite) as part:
        runs = {one.model: resimulated(identifier.plans[one.model], one, draws, seed) for one in found.posteriors}
        write_rows(_ranking(found), part / "models.csv")
        write_rows(_points(found), part / "posterior.csv")
        sections = [_looks(field, found, part), _models(found)]
        sections += [_posterior(found, one, runs[one.model], field, part) for one in found.posteriors]
        sections.append(Section("What it can't tell", text=list(LIMITS)))
        write_report(part / PAGE, f"{found.name}: {headline(found)}", _lead(found), sections)
        values = {**found.to_dict(), "preparation": field.settings.to_dict(), "simulated": _simulated(runs)}
        write_json(part / IDENTIFICATION_MARKER, {**values, FILES: record_files(part)})


def headline(found: Identification) -> str:
    """What it probably is, in a few words."""
    if found.verdict == NONE:
        return f"none of the models ({found.none:.0%})"
    equal = [name for name in found.models if found.probabilities[name] >= 0.5 * found.probabilities[found.models[0]]]
    return " or ".join(f"{titled(name)} ({found.probabilities[name]:.0%})" for name in equal[:3])


def titled(name: str) -> str:
    """The title of a built-in model; the name of another."""
    return get_model(name).title if name in model_names() else name


def _lead(found: Identification) -> str:
    text = f"{found.words.capitalize()}; wavelength {found.wavelength:.4g} {found.unit}."
    if found.verdict == NONE:
        text += " Probably no pattern of a model that is known here: what follows is what it resembles most."
    if found.gray_scott_set:
        text += f" As a pattern of Gray–Scott it looks like class {' or '.join(found.gray_scott_set)}."
    return text


def compatible_words(found: Identification) -> str:
    """The models that the picture is compatible with, as a sentence; "" for identifiers of older versions."""
    if not found.compatibility:
        return ""
    if not found.compatible:
        return "Compatible with none of the models."
    return f"Compatible with {', '.join(titled(name) for name in found.compatible)}."


def p_value_words(found: Identification, name: str) -> str:
    """Whether a picture is compatible with a model, and its p-value: "yes (p = 0.42)"; "" where it is not known."""
    p = found.compatibility.get(name)
    if p is None:
        return ""
    return f"{'yes' if name in found.compatible else 'no'} (p {'< 0.01' if p < 0.01 else f'= {p:.2f}'})"


def _ranking(found: Identification) -> list[dict[str, Any]]:
    rows = []
    for name, probability in found.probabilities.items():
        row: dict[str, Any] = {"model": name, "probability": probability}
        if found.compatibility:
            p = found.compatibility.get(name)
            told = "" if p is None else "yes" if name in found.compatible else "no"
            row |= {"compatible": told, "p_value": "" if p is None else p}
        rows.append(row)
    return rows


def _looks(field: PreparedField, found: Identification, folder: Path) -> Section:
    path = save(picture_figure(field, found), folder / "prepared.png")
    kinds = ", ".join(f"{name} {p:.0%}" for name, p in sorted(found.kinds.items(), key=lambda pair: -pair[1]))
    certain = found.kind or "not certain, so that no kind is named"
    text = [
        f"Kind: {certain} ({kinds}). {found.polarity.capitalize()} parts cover less of the picture than the others.",
        f"Distance from the patterns that were learned: {found.distance:.2f} (up to 1 is usual).",
    ]
    return Section("What it looks like", text=text, pictures=[Picture(path, "The picture, and the field made of it.")])


def _models(found: Identification) -> Section:
    apart = (found.models[0], *found.compatible)
    shown = [name for name in found.models if found.probabilities[name] >= 0.0005 or name in apart]
    rows = [[titled(name), f"{found.probabilities[name]:.1%}", *_told(found, name)] for name in shown]
    told = len(rows[0]) - 2
    if len(rows) < len(found.models):
        rest = 1 - found.none - sum(found.probabilities[name] for name in shown)
        rows.append(["all others", f"{max(rest, 0):.1%}", *["no"] * told])
    rows.append(["none of these", f"{found.none:.1%}", *[""] * told])
    head = ["model", "probability", *["compatible"] * told]
    return Section(
        "Which model", text=[compatible_words(found), *COMPATIBLE] if told else [], tables=[Table(head, rows)]
    )


def _told(found: Identification, name: str) -> list[str]:
    return [p_value_words(found, name)] if found.compatibility else []


def _posterior(
    found: Identification, one: Posterior, runs: list[Resimulated], field: PreparedField, folder: Path
) -> Section:
    rows = [
        [_worded(name, found.unit), *(f"{value:.4g}" for value in values)] for name, values in one.quantiles().items()
    ]
    figures = [
        Picture(
            save(posterior_figure(one), folder / f"posterior-{one.model}.png"),
            "The simulated points with a pattern; the larger, the more weight.",
        )
    ]
    share = f"{one.effective:.1f} effective of {len(one.points)} simulated points ({one.acceptance:.0%})"
    text = [f"{share} could have made it."]
    if runs:
        figures.append(
            Picture(
                save(beside_figure(field, found, one, runs), folder / f"simulated-{one.model}.png"),
                "The picture, and new runs at draws from the posterior, at one scale.",
            )
        )
        text.append(agreement(found, runs))
    head = ["", "5 %", "median", "95 %"]
    return Section(f"{titled(one.model)}: parameters", text=text, tables=[Table(head, rows)], pictures=figures)


def agreement(found: Identification, runs: list[Resimulated]) -> str:
    """How well new runs at draws agree with the picture."""
    ratios = [run.wavelength / found.wavelength for run in runs]
    wavelengths, kinds = ", ".join(f"{run.wavelength:.4g}" for run in runs), ", ".join(run.kind for run in runs)
    off = f"{100 * (min(ratios) - 1):+.1f} to {100 * (max(ratios) - 1):+.1f} %"
    return (
        f"New runs at {len(runs)} draws: wavelength {wavelengths} {found.unit}, {off} from the picture's "
        f"{found.wavelength:.4g}; {kinds}."
    )


def _worded(name: str, unit: str) -> str:
    if name == "length_unit":
        return f"unit of length, in {unit or 'units of the picture'}"
    return "k − √f/2 + f" if name == "beyond" else name


def _points(found: Identification) -> list[dict[str, Any]]:
    rows = [row for one in found.posteriors for row in one.rows() if row["weight"] >= 1e-4]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name, "") for name in names} for row in rows]


def _simulated(runs: dict[str, list[Resimulated]]) -> dict[str, Any]:
    return {
        model: [{"parameters": r.parameters, "wavelength": r.wavelength, "kind": r.kind} for r in found]
        for model, found in runs.items()
        if found
    }
