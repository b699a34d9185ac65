"""What a page asks about a photograph: it is sent in parts, prepared, measured and identified.

Photographs come over the websocket, so the server still takes no request with a body. They are kept in a temporary
folder that goes when the server ends.
"""

from __future__ import annotations

import base64
import binascii
import collections
import dataclasses
import functools
import io
import math
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import DataError, UsageError
from morphoscope.web.server.actions import text_of
from morphoscope.web.server.site import Body

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.similar_pictures import PictureIndex
    from morphoscope.ensembles.photographs.chain import PreparedField
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.learning.identification import Identification

LONG = ("photograph", "similar", "alike")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".npy", ".mat")
MOST_BYTES = 32 * 2**20  # of a file
MOST_PIXELS = 16_000_000
_LONGEST_PART = 2**20  # characters of base64
_LONGEST_NAME = 255
_MOST_FILES = 4  # the oldest goes
_MOST_FIGURES = 8
_DRAWS = 200
_NEAREST = 12  # patterns of the atlas
_ALIKE = 24
_MEASURES = (
    "hexagonality", "spot_count", "spot_diameter", "circularity", "lattice_defects", "disclinations", "stripe_ends",
    "orientation_length", "coherence", "anisotropy", "area_share",
)  # fmt: skip
_SETTINGS = ("channel", "region", "rotation", "invert")  # that a page may change


@dataclasses.dataclass
class _File:
    """A file that a page has sent, or sends."""

    name: str
    path: Path
    size: int
    arrived: int = 0


class PhotographActions:
    """The actions for photographs by name, see :attr:`by_name`. The model of the atlas gets a posterior."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas, self.model = atlas, atlas.plan.model.name
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: collections.OrderedDict[int, _File] = collections.OrderedDict()
        self._figures: collections.OrderedDict[int, bytes] = collections.OrderedDict()
        self._number = 0
        self._lock = threading.Lock()  # of what is above
        self._reading = threading.Lock()  # one photograph is read at a time

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {
            "upload": self.upload,
            "part": self.part,
            "photograph": self.photograph,
            "similar": self.similar,
            "alike": self.alike,
        }

    def close(self) -> None:
        """Remove all photographs."""
        with self._lock:
            self._files.clear()
            self._figures.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def upload(self, name: Any, size: Any) -> int:
        """Begin to send a file of ``size`` bytes. Returns its number."""
        stem = Path(text_of(name, _LONGEST_NAME).replace("\\", "/")).name
        suffix = Path(stem).suffix.lower()
        if suffix not in SUFFIXES:
            raise UsageError(f"{stem!r:.60} is no picture that can be read; expected {', '.join(SUFFIXES)}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise UsageError(f"{stem!r:.60} is empty; expected a picture")
        if size > MOST_BYTES:
            raise UsageError(f"{stem!r:.60} has {size / 2**20:.0f} MiB; at most {MOST_BYTES // 2**20} MiB are taken")
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="morphoscope-photographs-")
            self._number += 1
            path = Path(self._folder.name) / f"{self._number}{suffix}"
            path.touch(mode=0o600)
            self._files[self._number] = _File(stem, path, size)
            while len(self._files) > _MOST_FILES:
                self._files.popitem(last=False)[1].path.unlink(missing_ok=True)
            return self._number

    def part(self, number: Any, text: Any) -> int:
        """Take the next bytes of a file, base64. Returns how many have arrived."""
        packed = text_of(text, _LONGEST_PART)
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raise UsageError("a part of the photograph is malformed; send it again") from None
        with self._lock:
            file = self._file(number)
            if file.arrived + len(content) > file.size:
                raise UsageError(f"{file.name!r:.60}: more bytes than were announced; send it again")
            with file.path.open("ab") as out:
                out.write(content)
            file.arrived += len(content)
            return file.arrived

    def photograph(self, number: Any, settings: Any = None, scale: Any = "", size: Any = None) -> dict[str, Any]:
        """Prepare, measure and identify a photograph that has arrived; see ``Photograph`` in views/photograph.tsx."""
        from morphoscope.operations.prepare import prepare

        with self._lock:
            file = self._file(number)
        if file.arrived != file.size:
            raise UsageError(f"{file.name!r:.60} has not arrived completely; send it again")
        chosen, cell, shape = _preparation(settings), text_of(scale, 40).strip() or None, _shape(size)
        with self._reading:
            try:
                _check_pixels(file)
                field = prepare(file.path, chosen, scale=cell, size=shape)
                reading = self._reading_of(file, chosen, cell, shape)
            except (UsageError, DataError) as error:
                raise UsageError(
                    str(error).replace(str(file.path), file.name).replace(file.path.name, file.name)
                ) from None
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
        from morphoscope.learning.canonical import canonical_views
        from morphoscope.learning.identifier import Identifier
        from morphoscope.operations.prepare import prepare

        with self._lock:
            file = self._file(number)
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
        from morphoscope.learning.identifier import Identifier

        return PictureIndex.of(self.atlas, Identifier.shipped())

    def figure(self, number: int) -> Body | None:
        """The picture after every step of a preparation."""
        with self._lock:
            content = self._figures.get(number)
        return None if content is None else Body(content, "image/png")

    def _file(self, number: Any) -> _File:
        found = self._files.get(number) if isinstance(number, int) else None
        if found is None:
            raise UsageError("this photograph is no longer there; send it again")
        return found

    def _keep(self, content: bytes) -> int:
        with self._lock:
            self._number += 1
            self._figures[self._number] = content
            while len(self._figures) > _MOST_FIGURES:
                self._figures.popitem(last=False)
            return self._number

    def _reading_of(self, file: _File, chosen: Preparation, scale: str | None, size: Any) -> dict[str, Any]:
        """What the identifier says, or why it says nothing."""
        from morphoscope.learning.identifier import Identifier
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


def _check_pixels(file: _File) -> None:
    """Refuse large pictures before they are decoded; other kinds of files have limits of their own."""
    from morphoscope.core.outside_arrays import open_image

    if file.path.suffix in (".npy", ".mat"):
        return
    with open_image(file.path, file.name) as image:
        if image.width * image.height > MOST_PIXELS:
            raise DataError(f"{file.name} has {image.width}x{image.height} pixels; at most {MOST_PIXELS:,} are taken")


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


def _read(found: Identification, model: str) -> dict[str, Any]:
    from morphoscope.learning.resimulated import parameters_of

    posterior = next((one for one in found.posteriors if one.model == model), None)
    draws: dict[str, list[float]] = {}
    if posterior is not None:
        points = [parameters_of(posterior, index) for index in posterior.draws(_DRAWS).tolist()]
        draws = {name: [point[name] for point in points] for name in points[0]}
    return {
        "kind": found.words,
        "abstains": not found.kind,
        "grayScott": found.gray_scott,
        "verdict": found.verdict,
        "ranking": [[name, found.probabilities[name]] for name in found.models[:5]],
        "none": found.none,
        "draws": draws,
    }
