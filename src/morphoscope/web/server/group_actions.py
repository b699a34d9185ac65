"""What a page asks about the groups of a chart: what they are, other names, merging, splitting, confirming."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.web.server.actions import person_of, text_of
from morphoscope.web.workspace import Workspace

_SHOWN = 6  # patterns of a group
_LONGEST_NAME = 80
_MOST_GROUPS = 1000
LONG = ("regroup", "classifier")  # actions that write the chart, which takes seconds for a large one


class GroupActions:
    """The actions for the groups of a chart by name, see :attr:`by_name`."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {"groups": self.groups, "regroup": self.regroup, "classifier": self.classifier}

    def groups(self) -> dict[str, Any]:
        """All groups with what they are, typical patterns, and why one can't be split; and the changes so far."""
        from morphoscope.atlas.group_changes import MOST_PARTS, unsplittable
        from morphoscope.atlas.regroup import changes_of, chart_of, directions_of
        from morphoscope.learning.groups import STABLE
        from morphoscope.reports.chart_page import stability_text

        now = self.workspace.snapshot()
        atlas, chart, directions = now.atlas, chart_of(now.atlas), directions_of(now.atlas)
        rows = []
        for group in chart["groups"]:
            members, stability = atlas.members(group["name"]), group["stability"]
            shown = np.unique(np.linspace(0, len(members) - 1, min(_SHOWN, len(members))).round().astype(int))
            rows.append(
                {
                    "name": group["name"],
                    "runs": group["runs"],
                    "words": group["words"],
                    "stability": stability,
                    "stable": stability is None or stability >= STABLE,
                    "typical": members[shown].tolist() if len(members) else [],
                    "unsplittable": unsplittable(atlas.reading, group["name"], directions),
                    "most": min(MOST_PARTS, len(members)),
                }
            )
        changes = [{"what": change.words(), "who": change.who, "at": change.at} for change in changes_of(atlas)]
        return {
            "edition": now.edition,
            "groups": rows,
            "changes": changes,
            "confirmed": chart["confirmed"],
            "about": stability_text(chart),
        }

    def regroup(
        self,
        who: Any,
        rename: Any = None,
        merge: Any = None,
        split: Any = None,
        color: Any = None,
        symbol: Any = None,
        undo: Any = False,
        confirm: Any = False,
        edition: Any = None,
    ) -> str:
        """Change the groups, see :func:`morphoscope.regroup`. Answers after the chart is written.

        ``edition``: of the groups that the page shows, for a change that depends on all of them.
        """
        self._chart()
        if not (isinstance(undo, bool) and isinstance(confirm, bool)):
            raise UsageError("expected true or false for an undo and a confirmation")
        changes = {
            "rename": {_name(old): _name(new) for old, new in _pairs(rename)},
            "merge": {_name(new): _names(parts) for new, parts in _pairs(merge)},
            "split": {_name(name): _count(count) for name, count in _pairs(split)},
            "color": {_name(name): _name(colour) for name, colour in _pairs(color)},
            "symbol": {_name(name): _name(text) for name, text in _pairs(symbol)},
        }
        self.workspace.regroup(person_of(who), _edition(edition), **changes, undo=undo, confirm=confirm)
        return ""

    def classifier(self, who: Any, edition: Any = None) -> str:
        """Confirm the groups, unless that is done, and start to train a classifier on them."""
        if not self._chart()["confirmed"]:
            self.workspace.regroup(person_of(who), _edition(edition), confirm=True)
        self.workspace.start_classifier(epochs=None, seed=0)
        return ""

    def _chart(self) -> dict[str, Any]:
        from morphoscope.atlas.regroup import chart_of

        return chart_of(self.workspace.atlas)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if value is None:
        return []
    if not isinstance(value, dict) or len(value) > _MOST_GROUPS:
        raise UsageError("expected names of groups, each with what becomes of it")
    return list(value.items())


def _edition(value: Any) -> str | None:
    return None if value is None else text_of(value, _LONGEST_NAME)


def _name(value: Any) -> str:
    return text_of(value, _LONGEST_NAME).strip()


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _MOST_GROUPS:
        raise UsageError("expected a list of groups")
    return [_name(each) for each in value]


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"number of parts: got {value!r:.20}; expected a whole number")
    return value
