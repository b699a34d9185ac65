"""An atlas as its page reads it: a manifest, the table of its runs, further columns, theory lines, thumbnails."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas
from morphoscope.atlas.bare import BareAtlas
from morphoscope.atlas.reader import classifier_title
from morphoscope.atlas.starts import DEPENDENCE, dependence, start_numbers
from morphoscope.atlas.thumbnails import COLUMNS, PER_SHEET, SIDE
from morphoscope.atlas.views import with_plane
from morphoscope.core.errors import UsageError
from morphoscope.core.provenance import __version__
from morphoscope.descriptors.table import BY_NAME
from morphoscope.models.model import UNLIMITED
from morphoscope.web.server.binary import packed
from morphoscope.web.server.shades import palette
from morphoscope.web.server.site import Body
from morphoscope.web.workspace import Workspace

STARTS = "depends on start"  # the variable that says where the class depends on the start
TRUST = ("probability", "margin", "entropy", "known", "survives", "settled", "states", "coexistence", STARTS)
_COLOUR_MAP = "cividis"
_COARSE = 48  # points per side of the lattice on which the lines of small maps are looked for
_CERTAIN = 0.95  # probability of the pattern that is shown first
_CONTRAST = 0.8  # quantile of its variance among all certain ones
_TITLES = {
    "probability": "probability of the class",
    "margin": "margin between the two most probable classes",
    "entropy": "entropy of the class probabilities (bits)",
    "known": "known score; below 0.5 a pattern is unknown",
    "survives": "checks of the numerics in which the class is the same",
    "settled": "time from which on the class does not change",
    "states": "classes that coexist at the point",
    STARTS: "does the class depend on the start?",
    "coexistence": "entropy of the shares of classes at the point (bits)",
}


class AtlasData:
    """The data of a workspace's atlas. Every method may be called from any thread."""

    def __init__(self, workspace: Workspace, who: str) -> None:
        self.workspace, self.who = workspace, who
        self._lock = threading.Lock()
        self._kept: tuple[Atlas | None, dict[str, Any]] = (None, {})

    @property
    def atlas(self) -> Atlas:
        """The atlas as it is now: the groups of a chart may change."""
        return self.workspace.atlas

    def warm(self) -> None:
        """Compute what the first visit asks for."""
        self.manifest(), self.table(), self.labels()

    @property
    def variables(self) -> dict[str, NDArray[np.float64]]:
        """What a map can be coloured by, see :meth:`Atlas.variables`."""
        found: dict[str, NDArray[np.float64]] = self._once("variables", self._coloured_by)
        return found

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """What the atlas alone determines, made once for each atlas."""
        if self._kept[0] is not (atlas := self.atlas):
            self._kept = atlas, {}
        kept = self._kept[1]
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def _coloured_by(self) -> dict[str, NDArray[np.float64]]:
        found = self.atlas.variables()
        if isinstance(self.atlas, BareAtlas):  # no classifier has said anything
            found = {n: c for n, c in found.items() if n not in TRUST and not n.startswith("P(")}
        if len(self.atlas.initials) > 1:
            found = {**found, STARTS: dependence(self.atlas)}
        return found

    def manifest(self, number: int = 0) -> Body:
        """What the page needs to know before anything else, see ``Manifest`` in data/source.ts."""
        return Body(json.dumps(self.described()).encode(), "application/json", kept=False)

    def described(self) -> dict[str, Any]:
        """The manifest as values of JSON."""
        atlas, plan = self.atlas, self.atlas.plan
        bare, reader = isinstance(atlas, BareAtlas), classifier_title(atlas)
        variables = self._once("described", lambda: [self._variable(name) for name in self.variables])
        return {
            "name": atlas.folder.name,
            "title": plan.model.title,
            "version": __version__,
            "model": self._model(),
            "grid": {
                "width": plan.grid.width,
                "height": plan.grid.height,
                "spacing": plan.grid.spacing,
                "boundary": plan.grid.boundary,
                "stencil": plan.grid.stencil,
            },
            "dt": plan.dt,
            "until": plan.until,
            "times": list(plan.times),
            "total": len(atlas.runs),
            "inferred": 0 if atlas.inferred is None else len(atlas.inferred[0]),
            "first": self._once("first", self._first),
            "plane": self._plane(),
            "similarity": self.workspace.arrangement.state,
            "classes": self.classes(),
            "read": not bare,
            "classifier": {"name": reader} if atlas.metadata.get("classifier") else None,
            "variables": variables,
            "sheets": {
                "count": -(-len(atlas.runs) // PER_SHEET),
                "side": SIDE,
                "columns": COLUMNS,
                "perSheet": PER_SHEET,
            },
            "colourRange": list(atlas.colour_range),
            "palette": list(palette(_COLOUR_MAP)),
            "initial": str(plan.initial),
            "starts": list(atlas.initials) if len(atlas.initials) > 1 else [],
            "who": self.who,
            "compared": None if self.workspace.compared is None else {"name": self.workspace.compared.folder.name},
            "edition": self.workspace.edition,
            "estimator": None if self.workspace.estimator is None else list(self.workspace.estimator.targets),
            "capabilities": {
                "labels": True,
                "live": plan.imported is None and plan.model.known,
                "train": not bare and plan.imported is None,
                "details": True,
                "export": True,
                "groups": self.workspace.is_chart,
                "proposals": self.workspace.proposals is not None,
            },
            "annotations": str(atlas.annotations.path),
        }

    def _first(self) -> int:
        """The pattern that is shown first: a certain one with much contrast, which tells more than a lone spot."""
        reading, patterned = self.atlas.reading, {c["name"] for c in self.classes() if not c["homogeneous"]}
        shown = np.isin(reading.names, list(patterned)) & (reading.probability >= _CERTAIN) & ~reading.unknown
        rows = np.flatnonzero(shown if shown.any() else np.ones(len(shown), dtype=bool))
        contrast = self.variables.get("variance")
        if contrast is None:
            return int(rows[len(rows) // 2])
        order = rows[np.argsort(np.nan_to_num(contrast[rows]), kind="stable")]
        return int(order[int(_CONTRAST * (len(order) - 1))])

    def _plane(self) -> list[str]:
        names = list(self.atlas.plan.parameter_names)
        if len(self.atlas.plan.model.plane) >= 2:
            return list(self.atlas.plane)
        return [names[0], names[0]] if names else ["", ""]

    def _model(self) -> dict[str, Any]:
        plan, model = self.atlas.plan, self.atlas.plan.model
        varying = set(self.atlas.varying)

        def limits(name: str) -> list[float] | None:
            found = model.ranges.get(name)
            return None if found is None or tuple(found) == UNLIMITED else [float(end) for end in found]

        return {
            "name": model.name,
            "title": model.title,
            "species": list(model.species),
            "recorded": plan.record[0],
            "equations": list(model.equations()) if model.known else [],
            "source": model.source,
            "parameters": [
                {
                    "name": name,
                    "meaning": model.meanings.get(name, ""),
                    "default": float(value),
                    "range": limits(name),
                    "varies": name in varying,
                }
                for name, value in model.defaults.items()
            ],
        }

    def _variable(self, name: str) -> dict[str, Any]:
        ends, ratios = self._ends(name)
        values = {"name": name, "title": _TITLES.get(name, name), "group": "reading", "ends": ends, "ratios": ratios}
        values["levels"] = list(DEPENDENCE) if name == STARTS else None
        if name in BY_NAME:
            return {**values, "title": BY_NAME[name].title, "group": "descriptors"}
        if name in TRUST:
            return {**values, "group": "trust"}
        if name.startswith("P("):
            return {**values, "title": f"probability of {name[2:-1]}", "group": "probabilities"}
        meaning = self.atlas.plan.model.meanings.get(name, "")
        return {**values, "title": f"{name}, {meaning}" if meaning else name, "group": "parameters"}

    def _ends(self, name: str) -> tuple[list[float], bool]:
        """The ends of the colour scale, and whether it is logarithmic."""
        from morphoscope.reports.classmap import colour_range

        values = self.variables[name]
        finite = values[np.isfinite(values)]
        ratios = name in BY_NAME and BY_NAME[name].ratios and bool((finite > 0).any())
        if ratios:
            finite = finite[finite > 0]
        return ([0.0, 1.0] if not len(finite) else list(colour_range(self.atlas, name, finite))), ratios

    def classes(self) -> list[dict[str, Any]]:
        """All classes, those of people last: name, symbol, colour, whether its runs are homogeneous."""
        return class_looks(self.atlas)

    def table(self, number: int = 0) -> Body:
        """The columns that a first picture needs; only the groups of a chart change."""
        found: Body = self._once("table", self._table)
        return found

    def _table(self) -> Body:
        atlas, reading = self.atlas, self.atlas.reading
        index = {row["name"]: i for i, row in enumerate(self.classes())}
        decisions = sorted(set(atlas.read_by.tolist()))
        numbers = np.array([index[name] for name in reading.classes], dtype=np.int16)
        arrays: dict[str, NDArray[Any]] = {
            "run": atlas.runs.astype(np.int32),
            "read": numbers[reading.index],
            "readBy": np.searchsorted(decisions, atlas.read_by).astype(np.uint8),
            "probability": reading.probability.astype(np.float32),
            "unknown": np.asarray(reading.unknown).astype(np.uint8),
        }
        if reading.known is not None:
            arrays["known"] = reading.known.astype(np.float32)
        if len(atlas.initials) > 1:
            arrays["start"] = start_numbers(atlas).astype(np.int16)
        arrays |= {f"p_{name}": atlas.values(name) for name in atlas.plan.parameter_names}
        return Body(packed({"decisions": decisions, "total": len(atlas.runs)}, arrays), kept=self._lasting)

    def inferred(self, number: int = 0) -> Body | None:
        """The points of an adaptive scan that were not simulated, with their inferred classes; None without any."""
        if self.atlas.inferred is None:
            return None
        runs, reading = self.atlas.inferred
        index = {row["name"]: i for i, row in enumerate(self.classes())}
        arrays: dict[str, NDArray[Any]] = {
            "read": np.array([index[name] for name in reading.names], dtype=np.int16),
            "probability": reading.probability.astype(np.float32),
        }
        plan = self.atlas.plan
        arrays |= {f"p_{name}": np.array(plan.values(name), dtype=np.float64)[runs] for name in plan.parameter_names}
        return Body(packed({"total": len(runs)}, arrays))

    def similarity(self, number: int = 0) -> Body | None:
        """The places of the patterns by similarity, as rows and coordinates; None if they were not arranged yet."""
        arrangement = self.workspace.arrangement
        found = arrangement.found
        if found is None:
            return None
        rows = found.positions(arrangement.atlas)
        arrays: dict[str, NDArray[Any]] = {
            "row": rows[rows >= 0].astype(np.int32),
            "x": found.coordinates[rows >= 0, 0],
            "y": found.coordinates[rows >= 0, 1],
        }
        header = {"trustworthiness": found.trustworthiness, "laidOut": found.laid_out}
        return Body(packed(header, arrays), kept=False)

    def labels(self, number: int = 0) -> Body:
        """The class of every run after the latest annotations, and whether a person has said so."""
        now = self.workspace.snapshot()
        arrays: dict[str, NDArray[Any]] = {
            "label": label_numbers(now.labels, now.classes),
            "annotated": np.array(now.annotated, dtype=np.uint8),
        }
        header = {"revision": now.revision, "edition": now.edition, "classes": class_looks(now.atlas)}
        return Body(packed(header, arrays), kept=False)

    def column(self, number: int) -> Body | None:
        """A variable by its number in the manifest."""
        names = list(self.variables)
        if number >= len(names):
            return None
        values = self.variables[names[number]]
        kind = np.float64 if names[number] in self.atlas.plan.parameter_names else np.float32
        return Body(packed({"name": names[number]}, {"values": values.astype(kind)}), kept=self._lasting)

    @property
    def _lasting(self) -> bool:
        """Whether what was read never changes."""
        return not self.workspace.is_chart

    def theory(self, plane: Sequence[str], at: Mapping[str, float], coarse: bool = False) -> list[dict[str, Any]]:
        """The bifurcation lines of a plane, at values of the other parameters; ``coarse``: for a small map."""
        return self._lines(tuple(plane), tuple(sorted(at.items())), bool(coarse))

    @functools.lru_cache(64)  # noqa: B019 – the site lives as long as its process
    def _lines(self, plane: tuple[str, ...], at: tuple[tuple[str, float], ...], coarse: bool) -> list[dict[str, Any]]:
        if len(plane) != 2 or not {*plane, *dict(at)} <= set(self.atlas.plan.parameter_names):
            raise UsageError(f"this atlas has no plane {', '.join(plane)}; reload the page")
        if plane[0] == plane[1]:
            return []
        drawn = with_plane(self.atlas, (plane[0], plane[1]))
        ends = [(float(v.min()), float(v.max())) for v in (drawn.values(n) for n in drawn.plane)]
        with self._lock:
            lines = drawn.theory_lines(*ends, at=dict(at), samples=_COARSE if coarse else None)
        return [{"name": x.name, "kind": x.kind, "pieces": [p.round(9).tolist() for p in x.pieces]} for x in lines]

    def thumbnails(self, number: int) -> Body | None:
        """A sheet of thumbnails."""
        sheet = self.atlas.thumbnails(number)
        return None if sheet is None else Body(sheet, "image/webp")


def class_looks(atlas: Atlas) -> list[dict[str, Any]]:
    """The classes of an atlas as the page shows them. Most runs of a homogeneous class were not read by a network."""
    decided = np.isin(atlas.read_by, ("theory", "variance"))
    of_pattern = np.zeros(len(atlas.classes), dtype=bool)
    if isinstance(atlas, BareAtlas):
        of_pattern[1] = True
    else:
        runs = np.bincount(atlas.reading.index, minlength=len(atlas.classes))
        uniform = np.bincount(atlas.reading.index[decided], minlength=len(atlas.classes))
        of_pattern = 2 * uniform < np.maximum(runs, 1)
    patterned = {name: bool(of) for name, of in zip(atlas.classes, of_pattern, strict=True)}
    return [
        {"name": name, "symbol": symbol, "colour": colour, "homogeneous": not patterned.get(name, True)}
        for name, (symbol, colour) in atlas.class_styles().items()
    ]


def label_numbers(labels: list[str], classes: list[str]) -> NDArray[np.int16]:
    """Labels as positions in the list of classes; −1 for runs that were rejected."""
    index = {"": -1, **{name: i for i, name in enumerate(classes)}}
    return np.array([index[label] for label in labels], dtype=np.int16)
