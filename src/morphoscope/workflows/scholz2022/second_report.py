"""The report's sections about the second pass: both maps, both classifiers, what changed, and where π is found."""

from __future__ import annotations

from pathlib import Path

from morphoscope.atlas import Agreement, symbol, titled
from morphoscope.reports import class_map, montage
from morphoscope.reports.comparison import change_map, two_maps
from morphoscope.reports.html import Picture, Section, Table
from morphoscope.workflows.scholz2022.class_search import Occurrence, Search
from morphoscope.workflows.scholz2022.report_parts import (
    INTERVALS,
    MONTAGE_LIMIT,
    confusion_picture,
    confusions,
    history_picture,
    percent,
    saliency_picture,
    save_figure,
    training_text,
)
from morphoscope.workflows.scholz2022.second_pass import HOMOGENEOUS, Comparison

_MOST_CHANGES = 10


def second_sections(comparison: Comparison, folder: Path) -> list[Section]:
    """Save the figures of the second pass in figures/ and return its sections."""
    figures = folder / "figures"
    return [
        _maps(comparison, figures),
        _classifiers(comparison, folder),
        _search(comparison, figures),
    ]


def _maps(comparison: Comparison, figures: Path) -> Section:
    first, second = comparison.first.atlas, comparison.second.atlas
    place = comparison.search.place
    save_figure(class_map(second), figures / "class_map-second")
    titles = tuple(f"{n} pass, {len(a.classes)} classes" for n, a in (("first", first), ("second", second)))
    both = two_maps(first, second, (titles[0], titles[1]), ring=place, without=HOMOGENEOUS)
    maps = save_figure(both, figures / "both_maps")
    changes = save_figure(change_map(first, second, ring=place), figures / "changes")
    return Section(
        "Second pass: class map",
        [_agreement_text(comparison.agreement)],
        tables=[_change_table(comparison.agreement)],
        pictures=[
            Picture(maps, "The same runs read by both classifiers, without homogeneous ones. Ring: π in the paper."),
            Picture(changes, "Runs whose readings differ, in the colour of the second reading; grey: both are equal."),
        ],
    )


def _agreement_text(agreement: Agreement) -> str:
    kappa = "undefined" if agreement.kappa is None else f"{agreement.kappa:.3f}"
    return (
        "The second classifier was trained on more parameter points per class and on one more class, π. It read the "
        f"same {agreement.n} runs of the scan. Both classifiers agree on {agreement.share:.1%} of them; "
        f"Cohen's κ is {kappa}."
    )


def _change_table(agreement: Agreement) -> Table:
    rows = [[titled(a), titled(b), str(n)] for a, b, n in agreement.differences[:_MOST_CHANGES]]
    return Table(["first pass", "second pass", "runs"], rows, "The most frequent changes.")


def _classifiers(comparison: Comparison, folder: Path) -> Section:
    second, letter = comparison.second, symbol(comparison.search.class_name)
    return Section(
        "Second pass: classifiers",
        [
            training_text(second.classifier),
            f"The test set does not contain {letter}, so a test pattern that is read as {letter} counts as an error. "
            f"Most frequent confusions of the second classifier there: {confusions(second.evaluations['test'])}.",
        ],
        tables=[_accuracy_table(comparison)],
        pictures=[
            confusion_picture(second, folder, "test"),
            confusion_picture(second, folder, second.study_pass.validation),
            history_picture(second, folder / "figures"),
            saliency_picture(second, folder),
        ],
    )


def _accuracy_table(comparison: Comparison) -> Table:
    passes = (("first", comparison.first), ("second", comparison.second))
    rows = [
        [
            f"{number}, {len(results.classifier.classes)} classes",
            name,
            percent(e.accuracy),
            percent(e.seen),
            percent(e.unseen),
            f"{e.expected_calibration_error:.3f}",
        ]
        for number, results in passes
        for name, e in results.evaluations.items()
    ]
    head = ["classifier", "set", "accuracy", "at (f, k) seen in training", "at unseen (f, k)", "calibration error"]
    return Table(head, rows, INTERVALS)


def _search(comparison: Comparison, figures: Path) -> Section:
    search, atlas = comparison.search, comparison.second.atlas
    pictures = []
    if search.occurrences:
        path = save_figure(
            montage(atlas, search.class_name, most=MONTAGE_LIMIT), figures / f"montage-{search.class_name}-second"
        )
        pictures.append(Picture(path, f"Patterns that the second classifier reads as {titled(search.class_name)}."))
    return Section(
        f"Second pass: where {symbol(search.class_name)} is found",
        _search_text(search),
        tables=[
            _occurrence_table(search.nearest, f"The {len(search.nearest)} scan points nearest to the paper's π."),
            _occurrence_table(search.occurrences, f"All scan points that were read as {symbol(search.class_name)}."),
        ],
        pictures=pictures,
    )


def _search_text(search: Search) -> list[str]:
    steps = ", ".join(f"Δ{name} = {value:g}" for name, value in search.steps.items())
    return [f"{search.summary()} Distances are in steps of the paper's scan, {steps}."]


def _occurrence_table(occurrences: list[Occurrence], caption: str) -> Table:
    names = list(occurrences[0].point) if occurrences else []
    rows = [
        [*(f"{s.point[n]:g}" for n in names), f"{s.distance:.1f}", titled(s.read_as), f"{s.probability:.2f}"]
        for s in occurrences
    ]
    return Table([*names, "distance", "read as", "probability"], rows, caption)
