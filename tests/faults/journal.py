"""Trials of a torture run, one line of JSON each as they end: an interrupted run continues, no crash loses a row."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

from tests.faults.tally import Tally


class Journal:
    """The file ``trials.jsonl`` of a folder; without a folder, nothing is kept.

    Only trials of the same sources count: of ``src/morphoscope`` and of these campaigns.
    """

    def __init__(self, folder: Path | None, sources: str) -> None:
        self.path = folder / "trials.jsonl" if folder else None
        self.sources, self.others = sources, 0
        self._known: dict[tuple[str, str, str], Tally] = {}
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        for line in text.splitlines():
            self._read(line)
        if text and not text.endswith("\n"):  # the machine stopped while it wrote
            self._append("")

    def __len__(self) -> int:
        return len(self._known)

    def known(self, row: Tally, case: str) -> Tally | None:
        """What is recorded of one case of a row."""
        return self._known.get((row.kind, row.what, case))

    def record(self, case: str, trial: Tally) -> None:
        """Keep what a trial ended with."""
        self._known[trial.kind, trial.what, case] = trial
        if self.path is not None:
            self._append(json.dumps({"sources": self.sources, "case": case, **dataclasses.asdict(trial)}))

    def finish(self) -> None:
        """All campaigns are complete: the next run begins anew."""
        if self.path is not None and self.path.is_file():
            self.path.replace(self.path.with_name("trials-finished.jsonl"))

    def _read(self, line: str) -> None:
        try:
            values = json.loads(line)
            sources, case, trial = values.pop("sources"), values.pop("case"), Tally(**values)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # cut off: the trial is repeated
        if sources == self.sources:
            self._known[trial.kind, trial.what, case] = trial
        else:
            self.others += 1

    def _append(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:  # type: ignore[union-attr]
            file.write(f"{line}\n")  # one call: several processes may run different campaigns


def hash_of_sources() -> str:
    """A hash of everything that decides how a trial ends, except the installed packages."""
    import morphoscope

    here, package = Path(__file__).parent, Path(morphoscope.__file__).parent
    found = hashlib.sha256()
    for path in sorted([*package.rglob("*.py"), *here.glob("*.py"), *here.glob("*.c")]):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]
