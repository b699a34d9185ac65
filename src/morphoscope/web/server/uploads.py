"""Files that a page sends over its websocket, in parts; they are kept in a temporary folder until the server ends.

The server takes no request with a body.
"""

from __future__ import annotations

import base64
import binascii
import collections
import dataclasses
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError, UsageError
from morphoscope.web.server.actions import text_of

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".npy", ".npz", ".mat")
MOST_BYTES = 32 * 2**20  # of a file
MOST_PIXELS = 16_000_000
_LONGEST_PART = 2**20  # characters of base64
_LONGEST_NAME = 255
_MOST_FILES = 4  # the oldest goes


@dataclasses.dataclass
class Uploaded:
    """A file that a page has sent, or sends: what the page calls it, where it is, its size, and what has arrived."""

    name: str
    path: Path
    size: int
    arrived: int = 0

    def renamed(self, text: str) -> str:
        """A message with the name that the user knows."""
        return text.replace(str(self.path), self.name).replace(self.path.name, self.name)


class Uploads:
    """The last files that pages have sent, by number."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: collections.OrderedDict[int, Uploaded] = collections.OrderedDict()
        self._number = 0
        self._lock = threading.Lock()

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {"upload": self.upload, "part": self.part}

    def close(self) -> None:
        """Remove all files."""
        with self._lock:
            self._files.clear()
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
                self._folder = tempfile.TemporaryDirectory(prefix="morphoscope-files-")
            self._number += 1
            path = Path(self._folder.name) / f"{self._number}{suffix}"
            path.touch(mode=0o600)
            self._files[self._number] = Uploaded(stem, path, size)
            while len(self._files) > _MOST_FILES:
                self._files.popitem(last=False)[1].path.unlink(missing_ok=True)
            return self._number

    def part(self, number: Any, text: Any) -> int:
        """Take the next bytes of a file, base64. Returns how many have arrived."""
        packed = text_of(text, _LONGEST_PART)
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raise UsageError("a part of the file is malformed; send it again") from None
        with self._lock:
            file = self._file(number)
            if file.arrived + len(content) > file.size:
                raise UsageError(f"{file.name!r:.60}: more bytes than were announced; send it again")
            with file.path.open("ab") as out:
                out.write(content)
            file.arrived += len(content)
            return file.arrived

    def whole(self, number: Any) -> Uploaded:
        """A file that has arrived. Raises UsageError for others."""
        with self._lock:
            file = self._file(number)
        if file.arrived != file.size:
            raise UsageError(f"{file.name!r:.60} has not arrived completely; send it again")
        return file

    def forget(self, number: int) -> None:
        """Remove a file before its time."""
        with self._lock:
            self._files.pop(number).path.unlink(missing_ok=True)

    def _file(self, number: Any) -> Uploaded:
        found = self._files.get(number) if isinstance(number, int) else None
        if found is None:
            raise UsageError("this file is no longer there; send it again")
        return found


def check_pixels(file: Uploaded) -> None:
    """Refuse large pictures before they are decoded; other kinds of files have limits of their own."""
    from morphoscope.core.outside_arrays import open_image

    if file.path.suffix in (".npy", ".npz", ".mat"):
        return
    with open_image(file.path, file.name) as image:
        if image.width * image.height > MOST_PIXELS:
            raise DataError(f"{file.name} has {image.width}x{image.height} pixels; at most {MOST_PIXELS:,} are taken")
