"""Pictures and films: PNG, JPEG, BMP, WebP and GIF by Pillow, TIFF stacks by tifffile, MP4 and others by ffmpeg."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import MAX_PIXELS, open_image, reading
from morphoscope.core.outside_files import check_file
from morphoscope.ensembles.imports.source import Fields, Source, Wanted, as_values
from morphoscope.rendering.pictures import picture_note

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
STACKS = (".tif", ".tiff")
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
MAX_FRAMES = 1_000_000  # of a film, before some are taken
_GREY = "colours are read as grey values (ITU-R 601 luma)"
_LEVELS = "the largest grey level is read as 1"
_GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
_SECONDS = 1000.0  # Pillow states milliseconds
_EXPECTED = "a picture"
_FIELD = "u"


def open_picture(path: Path, wanted: Wanted) -> Source:
    """A picture, or the frames of an animated one, with their times in seconds."""
    with open_image(path, path.name) as image:
        total, (width, height) = int(getattr(image, "n_frames", 1)), image.size
        note, colours = picture_note(image), image.mode not in _GREY_MODES
        mode, duration = image.mode, image.info.get("duration")
    if note is not None:
        return _composite(path, note, wanted)
    taken = range(total)[wanted.frames]
    _check_frames(path, total)
    times = None if total < 2 or not duration else tuple(round(k * duration / _SECONDS, 6) for k in taken)

    def read(run: int) -> Fields:
        frames = np.empty((len(taken), height, width), dtype=np.float32)
        with open_image(path, path.name) as image:
            for index, place in enumerate(taken):
                image.seek(place)
                pixels = np.asarray(image if mode in ("I", "I;16", "I;16B", "F") else image.convert("L"))
                if pixels.shape != (height, width):
                    raise ValueError("its frames differ in size")
                frames[index] = as_values(pixels, path.name)
        return {_FIELD: frames}

    notes = tuple(text for text, holds in ((_GREY, colours), (_LEVELS, mode not in ("I", "F"))) if holds)
    return Source(path.name, 1, times, len(taken), (height, width), (_FIELD,), read, notes=notes)


def _composite(path: Path, note: dict[str, Any], wanted: Wanted) -> Source:
    """A picture that this package wrote, whose colours are frames."""
    if note["kind"] != "composite":
        raise DataError(f"{path.name} shows a run in one dimension over time; import the run's array instead")
    low, high = note["low"], note["high"]
    with open_image(path, path.name) as image:
        width, height = image.size
    taken = range(3)[wanted.frames]
    times = tuple(note["times"][k] for k in taken) if len(note["times"]) == 3 else None

    def read(run: int) -> Fields:
        with open_image(path, path.name) as image:
            pixels = np.moveaxis(np.asarray(image.convert("RGB")), 2, 0)[list(taken)]
        return {_FIELD: low + (high - low) * pixels.astype(np.float32) / 255}

    return Source(path.name, 1, times, len(taken), (height, width), (_FIELD,), read)


def open_stack(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The pages of a TIFF file, of any number type, as frames; or as runs, if the axes are ``run,y,x``."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it logs what it then raises
    check_file(path, _EXPECTED)
    try:
        with reading(path.name, _EXPECTED):
            series = stack.enter_context(tifffile.TiffFile(path)).series[0]
            pages, dtype = len(series.pages), series.pages[0].dtype
            shape, samples = series.pages[0].shape, series.pages[0].samplesperpixel
            _ = series.pages[0].asarray() if math.prod(shape) <= MAX_PIXELS else None
    except DataError as error:
        if "imagecodecs" in str(error):  # which tifffile needs for some compressions that Pillow knows
            return open_picture(path, wanted)
        raise
    if samples != 1 or len(shape) != 2:
        return open_picture(path, wanted)
    if math.prod(shape) > MAX_PIXELS:
        raise DataError(f"{path.name} has {shape[1]}x{shape[0]} pixels; at most {MAX_PIXELS:,} are read")
    _check_frames(path, pages)
    taken = range(pages)[wanted.frames]
    each_a_run = _pages_are_runs(path, wanted)

    def read(run: int) -> Fields:
        places = taken[run : run + 1] if each_a_run else taken
        frames = np.empty((len(places), *shape), dtype=np.float32)
        with reading(path.name, _EXPECTED):
            for index, place in enumerate(places):
                frames[index] = as_values(np.asarray(series.pages[place].asarray()), path.name)
        return {_FIELD: frames}

    notes = (_LEVELS,) if dtype is not None and dtype.kind == "u" and dtype.itemsize <= 2 else ()
    runs, frames = (len(taken), 1) if each_a_run else (1, len(taken))
    return Source(path.name, runs, None, frames, (shape[0], shape[1]), (_FIELD,), read, notes=notes)


def _pages_are_runs(path: Path, wanted: Wanted) -> bool:
    """Whether every page is a run. Raises DataError for other axes than those that pages can have."""
    if wanted.axes in ((), ("y", "x"), ("time", "y", "x")):
        return False
    if wanted.axes != ("run", "y", "x"):
        raise DataError(f"{path.name} has pages of y and x; expected the axes time,y,x or run,y,x", parameter="axes")
    return True


def open_film(path: Path, wanted: Wanted) -> Source:
    """The frames of a film as grey values, with their times in seconds."""
    with _film(path) as (frames, details):
        (width, height), rate = details["size"], float(details["fps"] or 0)
        if width * height > MAX_PIXELS:
            raise DataError(f"{path.name} has {width}x{height} pixels; at most {MAX_PIXELS:,} are read")
        total = sum(1 for _ in itertools.islice(frames, MAX_FRAMES + 1))
    _check_frames(path, total)
    if not total:
        raise DataError(f"{path.name} has no frames that can be decoded; expected a film")
    taken = range(total)[wanted.frames]
    times = tuple(round(k / rate, 6) for k in taken) if rate > 0 and total > 1 else None

    def read(run: int) -> Fields:
        found, places = np.empty((len(taken), height, width), dtype=np.float32), {k: i for i, k in enumerate(taken)}
        with _film(path) as (frames, _):
            for number, content in enumerate(frames):
                if number in places:
                    pixels = np.frombuffer(content, dtype=np.uint8).reshape(height, width)
                    found[places[number]] = as_values(pixels, path.name)
                if number == max(places):
                    return {_FIELD: found}
        raise DataError(f"{path.name} ended after {number + 1} frames; it was changed while it was read")

    return Source(path.name, 1, times, len(taken), (height, width), (_FIELD,), read, notes=(_GREY, _LEVELS))


@contextlib.contextmanager
def _film(path: Path) -> Iterator[tuple[Iterator[bytes], dict[str, Any]]]:
    """The frames of a film as bytes, one a pixel, and what ffmpeg says about it.

    ffmpeg may open no other file: it also reads play lists, which can name files and addresses.
    """
    import imageio_ffmpeg

    check_file(path, "a film")
    with path.open("rb") as file:
        begin = file.read(16)
    if not (begin[4:8] == b"ftyp" or begin[:4] in (b"RIFF", b"\x1a\x45\xdf\xa3")):
        raise DataError(f"{path.name} is no film (MP4, MOV, AVI, MKV, WebM); expected one")
    limits = ["-protocol_whitelist", "file", "-max_alloc", str(1 << 29), "-threads", "1"]
    with reading(path.name, "a film"):
        passed = ["-fps_mode", "passthrough"]  # every frame once, whatever their times
        frames = imageio_ffmpeg.read_frames(
            str(path.absolute()), pix_fmt="gray", bits_per_pixel=8, input_params=limits, output_params=passed
        )
        try:
            yield frames, next(frames)
        except StopIteration:
            raise DataError(f"{path.name} can't be decoded; expected a film") from None
        finally:
            frames.close()


def _check_frames(path: Path, total: int) -> None:
    if total > MAX_FRAMES:
        raise DataError(f"{path.name} has {total:,} frames; at most {MAX_FRAMES:,} are read")


OPENERS: dict[str, Callable[[Path, Wanted], Source]] = {
    **dict.fromkeys(PICTURES, open_picture),
    **dict.fromkeys(FILMS, open_film),
}
