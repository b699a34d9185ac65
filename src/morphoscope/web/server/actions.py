"""What a page asks of its server: labels, the next pass, comparisons. All input is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from morphoscope.atlas import Agreement, Atlas, titled
from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.atlas.refinement import RUNS_PER_CLASS
from morphoscope.core.errors import UsageError
from morphoscope.web.server.atlas_data import class_looks, label_numbers
from morphoscope.web.server.channel import PING
from morphoscope.web.workspace import Workspace

_LOG_LINES = 12
_DIFFERENCES = 12
_LONGEST_NAME = 80
_LONGEST_REASON = 200


class Actions:
    """The actions of an explorer's page by name, see :attr:`by_name`."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {
            PING: lambda: "pong",
            "annotate": self.annotate,
            "undo": self.undo,
            "create": self.create,
            "log": self.log,
            "agreement": self.agreement,
            "choice": self.choice,
            "train": self.train,
            "cancel": self.cancel,
            "status": self.status,
            "compare": self.compare,
        }

    def annotate(self, rows: Any, name: Any, who: Any, why: Any = "", seen: Any = None) -> str:
        """Give rows a class; "" rejects them, None confirms the class of each, which the page has ``seen``.

        Returns a remark.
        """
        count = self.workspace.annotate(rows, name, person_of(who), text_of(why, _LONGEST_REASON), seen)
        left = len(rows) - count
        return f"{left} ambiguous patterns can't be confirmed; give them a class" if left else ""

    def undo(self, who: Any) -> str:
        """Undo a person's last annotation."""
        count = self.workspace.undo(person_of(who))
        return f"undone: {count} annotation{'s' * (count != 1)}" if count else "there is nothing to undo"

    def create(self, name: Any, who: Any, symbol: Any = "", colour: Any = "") -> str:
        """Create a class; symbol and colour are derived from its name unless they are given."""
        self.workspace.create_class(name, symbol, colour, person_of(who))
        return ""

    def changes(self, positions: list[int]) -> dict[str, Any]:
        """What has changed at some rows, for all pages; see ``LabelChange`` in data/source.ts."""
        now = self.workspace.snapshot()
        return {
            "revision": now.revision,
            "edition": now.edition,
            "rows": positions,
            "labels": label_numbers([now.labels[p] for p in positions], now.classes).tolist(),
            "annotated": [int(now.annotated[p]) for p in positions],
            "classes": class_looks(now.atlas),
        }

    def log(self) -> dict[str, Any]:
        """The latest annotations and the names of all annotators."""
        annotations = self.workspace.atlas.annotations
        log = annotations.log()
        lines = []
        for entry in log[-_LOG_LINES:][::-1]:
            old, new = (titled(name) if name else AMBIGUOUS for name in (entry.old, entry.new))
            what = f"{entry.action}: {old} → {new}"
            at = entry.at[:19].replace("T", " ")
            lines.append(
                {
                    "run": entry.run,
                    "who": entry.who,
                    "at": at,
                    "what": what,
                    "why": entry.why,
                    "undone": bool(entry.undone),
                }
            )
        return {"total": len(log), "lines": lines, "people": annotations.annotators()}

    def agreement(self, first: Any, second: Any) -> str:
        """How far two annotators agree, in words."""
        found = self.workspace.atlas.annotations.compare(person_of(first), person_of(second))
        kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.2f}"
        most = "; ".join(f"{a} / {b}: {n}" for a, b, n in found.differences[:5])
        return f"{found.share:.0%} of {found.n} runs agree{kappa}. {most}"

    def choice(self) -> dict[str, Any]:
        """The training set of the next pass, or why it can't be trained."""
        try:
            chosen = self.workspace.choice()
        except UsageError as error:
            return {"problem": str(error), "rows": [], "remarks": [], "runsPerClass": RUNS_PER_CLASS}
        rows = [[titled(name), len(points)] for name, points in chosen.rows.items()]
        return {"problem": "", "rows": rows, "remarks": list(chosen.remarks()), "runsPerClass": RUNS_PER_CLASS}

    def train(self, runs: Any, epochs: Any, seed: Any) -> dict[str, Any]:
        """Start the next pass. ``epochs``: 0 for the network's default."""
        for value, (low, high), name in (
            (runs, (2, 1000), "runs per class"), (epochs, (0, 1000), "epochs"), (seed, (0, 2**31 - 1), "seed"),
        ):  # fmt: skip
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise UsageError(f"{name}: got {value!r:.20}; expected a number from {low} to {high}")
        self.workspace.start_next_pass(runs_per_class=runs, epochs=epochs or None, seed=seed)
        return self.status()

    def cancel(self) -> dict[str, Any]:
        """Stop the pass after the current run or epoch."""
        self.workspace.next_pass.cancel()
        return self.status()

    def status(self) -> dict[str, Any]:
        """The progress of the pass."""
        status = self.workspace.next_pass.status
        shown = dataclasses.replace(status, result=None)
        return {"phase": shown.phase, "text": shown.text, "share": shown.share, "result": _named(status.result)}

    def compare(self) -> dict[str, Any] | None:
        """The second atlas, or the result of the pass: its class of every row; None without one."""
        result = self.workspace.next_pass.status.result
        other = result or self.workspace.compared
        return None if other is None else {**compared(self.workspace.atlas, other), "of": _named(result)}


def _named(result: Atlas | None) -> str:
    """What tells the result of one pass from that of another."""
    return "" if result is None else str(result.folder)


def compared(own: Atlas, other: Atlas) -> dict[str, Any]:
    """Another reading of an atlas's rows. Raises UsageError if they have no run in common."""
    found = own.agreement(other)
    theirs = dict(zip(other.keys(), other.reading.names, strict=True))
    names = [theirs.get(key) for key in own.keys()]  # noqa: SIM118 – of an atlas
    classes = [row for row in class_looks(other) if row["name"] in other.classes]
    index = {row["name"]: i for i, row in enumerate(classes)}
    numbers = np.array([-1 if name is None else index[name] for name in names])
    differs = [
        row
        for row, (name, mine) in enumerate(zip(names, own.reading.names, strict=True))
        if name is not None and name != mine
    ]
    return {
        "name": other.folder.name if other.folder.name != own.folder.name else other.folder.resolve().parent.name,
        "classes": classes,
        "read": numbers.tolist(),
        "differs": differs,
        "summary": _summary(found),
        "changes": [[titled(a), titled(b), n] for a, b, n in found.differences[:_DIFFERENCES]],
        "accuracy": _accuracy(other),
    }


def _summary(found: Agreement) -> str:
    kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.3f}"
    return f"{found.share:.1%} of {found.n} runs agree{kappa}"


def _accuracy(atlas: Atlas) -> float | None:
    """The share of validation runs that the classifier of an atlas read right when it was trained, if it is stored."""
    from morphoscope.atlas.reader import find_classifier

    classifier = find_classifier(atlas)
    if classifier is None:
        return None
    kept, history = classifier.provenance.get("kept_epoch"), classifier.provenance.get("history", [])
    found = [row["validation_accuracy"] for row in history if row["epoch"] == kept]
    return float(found[0]) if found else None


def person_of(name: Any) -> str:
    """The name of a person that a page has sent."""
    return text_of(name, _LONGEST_NAME).strip() or "anonymous"


def text_of(value: Any, longest: int) -> str:
    """A text that a page has sent. Raises UsageError for anything else."""
    if not isinstance(value, str) or len(value) > longest:
        raise UsageError(f"expected a text of at most {longest} characters")
    return value
