"""The files of a folder whose description records their checksums: verified at their first use, rewritten safely."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from morphoscope.core.checksums import FILES, Finding, inspect_files, record_files, verify_file
from morphoscope.core.errors import DataError
from morphoscope.core.locking import folder_lock
from morphoscope.core.storage import read_json, write_json, writing


def inspect_folder(folder: Path, marker: str, expected: str, remedy: str) -> list[Finding]:
    """What is wrong with a folder whose file ``marker`` describes it: with that file, and with those it records."""
    try:
        description = read_json(folder / marker, expected)
        return inspect_files(folder, description, remedy)
    except DataError as error:
        return [Finding(marker, str(error), remedy)]


class RecordedFiles:
    """The files of one folder.

    Parameters
    ----------
    folder
        The folder.
    marker
        The JSON file in it that describes it, with the entry ``files``. In folders of earlier versions it has none;
        then nothing is verified.
    description
        What that file says.
    remedy
        What to do about a damaged file.
    """

    def __init__(self, folder: Path, marker: str, description: Mapping[str, Any], remedy: str) -> None:
        self.folder, self.marker, self.remedy = folder, marker, remedy
        self._description = description
        self._verified: set[str] = set()

    def verify(self, name: str) -> None:
        """Raise DataError if a file is not the one that was written. A file is looked at once."""
        if name not in self._verified:
            verify_file(self.folder, name, self._description, self.remedy)
            self._verified.add(name)

    @contextlib.contextmanager
    def rewriting(self, purpose: str, *names: str) -> Iterator[None]:
        """Lock the folder while the body writes some files again, and record their checksums afterwards.

        In between they have none, so that a process that dies leaves no file that seems to be damaged.
        """
        with contextlib.ExitStack() as stack:
            with writing(self.folder):
                stack.enter_context(folder_lock(self.folder, purpose))
            self._record(dict.fromkeys(names))
            yield
            self._record(record_files(self.folder, names))

    def _record(self, records: Mapping[str, Any]) -> None:
        if FILES in self._description:
            files = {name: record for name, record in {**self._description[FILES], **records}.items() if record}
            self._description = {**self._description, FILES: files}
            write_json(self.folder / self.marker, self._description)
