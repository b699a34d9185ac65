"""What a verification found, as a page and as a section of a study's report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.files import annotation_folder
from morphoscope.rendering.style import save
from morphoscope.reports.captions import caption
from morphoscope.reports.classmap import class_map
from morphoscope.reports.html import Picture, Section, Table, write_report

if TYPE_CHECKING:
    from morphoscope.atlas.verification import Verification

PAGE, MAP = "verification.html", "verification.png"
METHOD = (
    "Runs were drawn at random, as equally from all classes as their sizes allow, simulated again with one thing "
    "changed, and read by the same classifier. Shares with 95 % Wilson intervals."
)


def write_verification_page(atlas: Atlas, found: Verification) -> Path:
    """Write verification.html and verification.png beside the annotations of an atlas; returns the page."""
    folder = annotation_folder(atlas.folder)
    title = f"{atlas.plan.model.title}: do the classes depend on the numerics?"
    return write_report(folder / PAGE, title, caption(atlas), [verification_section(atlas, found, folder / MAP)])


def verification_section(atlas: Atlas, found: Verification, picture: Path) -> Section:
    """The sentence for a paper, the shares by class, and the map, which is drawn to ``picture``."""
    save(class_map(atlas, color="survives"), picture)
    checks = list(found.found)
    rows = [[titled(str(row["class"])), str(row["points"]), *_shares(row, checks)] for row in found.rows()]
    return Section(
        "Verification",
        text=[METHOD, found.sentence(), *(f"{name} was not done: {why}" for name, why in found.skipped.items())],
        tables=[Table(["class", "runs", "all checks", *checks], rows, "Share of the runs that keep their class.")],
        pictures=[Picture(picture, _caption(checks))],
    )


def _caption(checks: list[str]) -> str:
    if len(checks) == 1:
        return f"Whether each of the runs keeps its class in the check {checks[0]}."
    return f"In how many of {len(checks)} checks each of the runs keeps its class."


def _shares(row: dict[str, Any], checks: list[str]) -> list[str]:
    shares = [row[name] for name in ("all", *checks)]
    return [f"{share.value:.0%} [{share.low:.0%}, {share.high:.0%}]" for share in shares]
