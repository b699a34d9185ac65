"""A study as a chain of stages in one folder: each is done once, timed, and skipped if it is up to date."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.locking import folder_lock
from morphoscope.core.progress import Reporter
from morphoscope.core.storage import is_vacant, make_parent, read_json, write_json, writing
from morphoscope.ensembles import Plan
from morphoscope.ensembles.identity import json_hash

STUDY_FILE = "study.json"


@dataclasses.dataclass(frozen=True)
class Stage:
    """A step of a study, which creates the file or folder ``output`` and is repeated if its ``inputs`` change."""

    name: str
    output: Path
    inputs: dict[str, Any]
    work: Callable[[], object]


@contextlib.contextmanager
def opened_study(folder: Path, options: dict[str, Any]) -> Iterator[Study]:
    """Begin or continue a study; while the body runs no other process does.

    Raises UsageError for a folder with something else or another study in it, or with a process at work.
    """
    make_parent(folder)
    with contextlib.ExitStack() as stack:
        with writing(folder):
            stack.enter_context(folder_lock(folder, "a study"))
        yield Study(folder, options)


class Study:
    """The folder of a study: its options, its finished stages and their times."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.folder, self.options = folder, options
        self.file = folder / STUDY_FILE
        self.stages: dict[str, dict[str, Any]] = {}
        if folder.is_file():
            raise UsageError(f"{folder} is a file; expected a new folder; choose another place", parameter="out")
        if is_vacant(folder):
            self._save()  # first: a folder says what it is before anything else is in it
            return
        if not self.file.is_file():
            raise UsageError(f"{folder} contains other files (no {STUDY_FILE} in it); choose a new folder")
        self._resume()

    def _resume(self) -> None:
        kept = read_json(self.file, "a study")
        try:
            there, self.stages = dict(kept["options"]), dict(kept["stages"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{self.file} is damaged ({error}); choose a new folder") from error
        known = _hashes_since(self.folder)
        there, self.stages = _replaced(there, known), _replaced(self.stages, known)
        empty = not any(self.folder.glob("*/plan.json"))
        for name, value in self.options.items():
            if empty and _is_hash(value) and _is_hash(there.get(name)):
                continue  # earlier versions hashed plans differently; nothing has been simulated from that plan
            if there.get(name) != value:
                raise UsageError(
                    f"{self.folder} holds a study with {name}={there.get(name)}, but {name}={value} was requested; "
                    "choose another folder"
                )

    def run(self, stage: Stage, progress: Reporter) -> bool:
        """Do a stage unless it is up to date; returns whether it was done now. Times of interrupted attempts add up."""
        record = self.stages.get(stage.name, {})
        if record.get("done") and record.get("inputs") == stage.inputs and stage.output.exists():
            progress.message(f"{stage.name}: up to date ({record['seconds']:.0f} s), skipped")
            return False
        before = record.get("seconds", 0.0) if record.get("inputs") == stage.inputs else 0.0
        progress.message(f"{stage.name} …")
        begin = time.perf_counter()
        done = False
        try:
            stage.work()
            done = True
        finally:
            seconds = before + time.perf_counter() - begin
            self.stages[stage.name] = {"done": done, "seconds": seconds, "inputs": stage.inputs}
            self._save()
        progress.message(f"{stage.name}: {seconds:.0f} s")
        return True

    def seconds(self, name: str) -> float:
        """How long a stage took."""
        return float(self.stages[name]["seconds"])

    def _save(self) -> None:
        write_json(self.file, {"options": self.options, "stages": self.stages})


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _hashes_since(folder: Path) -> dict[str, str]:
    """The present hash of every plan in a study's folder, by the hash that its file of format 1 had."""
    found = {}
    for path in folder.glob("*/plan.json"):
        values = read_json(path, "a plan (JSON)")
        if isinstance(values, dict) and values.get("format") == 1:
            found[json_hash(values)] = Plan.from_dict(values).hash
    return found


def _replaced(values: Any, names: dict[str, str]) -> Any:
    """Values with all occurrences of texts replaced."""
    if isinstance(values, dict):
        return {key: _replaced(value, names) for key, value in values.items()}
    return names.get(values, values) if isinstance(values, str) else values
