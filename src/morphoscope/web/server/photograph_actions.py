"""What a page asks about a photograph that it has sent: it is prepared, measured and identified."""

from __future__ import annotations

import collections
import dataclasses
import functools
import io
import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import DataError, UsageError
from morphoscope.web.server.actions import text_of
from morphoscope.web.server.site import Body
from morphoscope.web.server.uploads import Uploaded, Uploads, check_pixels

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.similar_pictures import PictureIndex
    from morphoscope.ensembles.photographs.chain import PreparedField
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.learning.identifying.identification import Identification

LONG = ("photograph", "similar", "alike")
_MOST_FIGURES = 8
_DRAWS = 200
_RANKED = 5  # models that are listed in any case
_NEAREST = 12  # patterns of the atlas
_ALIKE = 24
_MEASURES = (
    "hexagonality", "spot_count", "spot_diameter", "circularity", "lattice_defects", "disclinations", "stripe_ends",
    "orientation_length", "coherence", "anisotropy", "area_share",
)  # fmt: skip
_SETTINGS = ("channel", "region", "rotation", "invert")  # that a page may change


class PhotographActions:
    """The actions for photographs by name, see :attr:`by_name`. The model of the atlas gets a posterior."""

    def __init__(self, atlas: Atlas, uploads: Uploads) -> None:
        self.atlas, self.model, self.uploads = atlas, atlas.plan.model.name, uploads
        self._figures: collections.OrderedDict[int, bytes] = collections.OrderedDict()
        self._number = 0
        self._lock = threading.Lock()  # of what is above
        self._reading = threading.Lock()  # one photograph is read at a time

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {
            "photograph": self.photograph,
            "similar": self.similar,
            "alike": self.alike,
        }

    def close(self) -> None:
        """Remove all figures."""
        with self._lock:
            self._figures.clear()

    def photograph(self, number: Any, settings: Any = None, scale: Any = "", size: Any = None) -> dict[str, Any]:
        """Prepare, measure and identify a photograph that has arrived; see ``Photograph`` in views/photograph.tsx."""
        from morphoscope.operations.prepare import prepare

        file = self.uploads.whole(number)
        chosen, cell, shape = _preparation(settings), text_of(scale, 40).strip() or None, _shape(size)
        with self._reading:
            try:
                check_pixels(file)
                field = prepare(file.path, chosen, scale=cell, size=shape)
                reading = self._reading_of(file, chosen, cell, shape)
            except (UsageError, DataError) as error:
                raise UsageError(file.renamed(str(error))) from None
            return {
                "name": file.name,
                "figure": self._keep(_figure(field)),
                "steps": [[step.name, step.words] for step in field.steps],
                "measures": _measures(field),
                **reading,
            }

    def similar(self, number: Any, settings: Any = None, scale: Any = "", size: Any = None) -> list[list[float]]:
        """The rows of the atlas whose patterns look most like a photograph that has been prepared, with cosines.

        At equal wavelength, without contrast and sign. The first call embeds the thumbnails of the atlas.
        """
        from morphoscope.learning.identifying.canonical import canonical_views
        from morphoscope.learning.identifying.identifier import Identifier
        from morphoscope.operations.prepare import prepare

        file = self.uploads.whole(number)
        plain = _plain(_preparation(settings))
        with self._reading:
            field = prepare(file.path, plain, scale=text_of(scale, 40).strip() or None, size=_shape(size))
            embedding = Identifier.shipped().embedding(canonical_views(field.values))
            return [[row, round(cosine, 3)] for row, cosine in self._index.nearest(embedding, _NEAREST)]

    def alike(self, row: Any) -> list[int]:
        """The rows of the atlas whose patterns look most like that of a row, which is the first of them."""
        if type(row) is not int or not 0 <= row < len(self.atlas.runs):
            raise UsageError(f"expected a row from 0 to {len(self.atlas.runs) - 1}")
        with self._reading:
            embedding = self._index.of_row(row)
            if embedding is None:
                raise UsageError("this run has no pattern, so none is like it")
            return [found for found, _ in self._index.nearest(embedding, _ALIKE)]

    @functools.cached_property
    def _index(self) -> PictureIndex:
        from morphoscope.atlas.similar_pictures import PictureIndex
        from morphoscope.learning.identifying.identifier import Identifier

        return PictureIndex.of(self.atlas, Identifier.shipped())

    def figure(self, number: int) -> Body | None:
        """The picture after every step of a preparation."""
        with self._lock:
            content = self._figures.get(number)
        return None if content is None else Body(content, "image/png")

    def _keep(self, content: bytes) -> int:
        with self._lock:
            self._number += 1
            self._figures[self._number] = content
            while len(self._figures) > _MOST_FIGURES:
                self._figures.popitem(last=False)
            return self._number

    def _reading_of(self, file: Uploaded, chosen: Preparation, scale: str | None, size: Any) -> dict[str, Any]:
        """What the identifier says, or why it says nothing."""
        from morphoscope.learning.identifying.identifier import Identifier
        from morphoscope.operations.identify import identify

        plain = _plain(chosen)
        try:
            trained = Identifier.shipped()
            models = [self.model] if self.model in trained.models.models else []
            found = identify(file.path, models=models, settings=plain, scale=scale, size=size, identifier=trained)
        except UsageError as error:
            return {"reading": None, "problem": str(error)}
        return {"reading": _read(found, self.model), "problem": ""}


def _preparation(given: Any) -> Preparation:
    from morphoscope.ensembles.photographs.settings import Preparation

    values = {} if given is None else given
    if not isinstance(values, dict) or not set(values) <= set(_SETTINGS):
        raise UsageError(f"expected settings of a preparation: {', '.join(_SETTINGS)}")
    try:
        return Preparation(**values)
    except TypeError:
        raise UsageError("a setting of the preparation is malformed") from None


def _plain(chosen: Preparation) -> Preparation:
    """With dust, noise and light, as the identifier was trained."""
    from morphoscope.ensembles.photographs.settings import NONE

    return dataclasses.replace(chosen, dust=NONE, noise=NONE, light=NONE)


def _shape(given: Any) -> list[int] | None:
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2 or any(type(n) is not int or not 1 <= n <= 10**5 for n in given):
        raise UsageError("expected width and height in pixels, as in 128x128")
    return given


def _figure(field: PreparedField) -> bytes:
    buffer = io.BytesIO()
    field.plot().savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _measures(field: PreparedField) -> dict[str, Any]:
    """The kind, the wavelength with its error, and other measures that are defined, with their units."""
    from morphoscope.descriptors.patterns import MEASURES_BY_NAME, measure_pattern

    found = measure_pattern(field.values, spacing=field.cell)
    rows = []
    for name in _MEASURES:
        value, measure = found.values.get(name, math.nan), MEASURES_BY_NAME.get(name)
        if measure is not None and math.isfinite(value):
            unit = {"length": field.unit, "1/length": f"1/{field.unit}"}.get(measure.unit, "")
            rows.append([measure.meaning, value, unit])
    wavelength, error = found.values["wavelength"], found.values["wavelength_error"]
    return {
        "kind": found.kind,
        "wavelength": wavelength if math.isfinite(wavelength) else None,
        "error": error if math.isfinite(error) else None,
        "unit": field.unit,
        "polarity": field.polarity,
        "rows": rows,
    }


def _listed(found: Identification) -> list[str]:
    """The most probable models, and all that the picture is compatible with."""
    return [name for place, name in enumerate(found.models) if place < _RANKED or name in found.compatible]


def _read(found: Identification, model: str) -> dict[str, Any]:
    from morphoscope.learning.identifying.resimulated import parameters_of
    from morphoscope.reports.identification import titled

    posterior = next((one for one in found.posteriors if one.model == model), None)
    draws: dict[str, list[float]] = {}
    if posterior is not None:
        points = [parameters_of(posterior, index) for index in posterior.draws(_DRAWS).tolist()]
        draws = {name: [point[name] for point in points] for name in points[0]}
    return {
        "kind": found.words,
        "abstains": not found.kind,
        "grayScott": " or ".join(found.gray_scott_set),
        "verdict": titled(found.verdict),
        "ranking": [
            [titled(name), found.probabilities[name], found.compatibility.get(name)] for name in _listed(found)
        ],
        "compatible": [titled(name) for name in found.compatible],
        "none": found.none,
        "draws": draws,
    }
