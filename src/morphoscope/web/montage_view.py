"""The montage: thumbnails by class, sorted, labelled with keys or buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray
from panel.custom import JSComponent

from morphoscope.atlas import titled
from morphoscope.core.errors import UsageError
from morphoscope.web.locking import soon
from morphoscope.web.style import asset
from morphoscope.web.workspace import Workspace

SELECTED, ANNOTATED, DIFFERING, ALL = "*selected", "*annotated", "*differing", "*all"  # class names contain no asterisk
_WORDS = {SELECTED: "selected on the map", ANNOTATED: "annotated", DIFFERING: "read differently", ALL: "all"}
SMALLEST, LARGEST = "smallest first", "largest first"


class MontageComponent(JSComponent):  # type: ignore[misc]
    """The montage in the browser; ``on_message(kind, values)`` is called with the user's actions."""

    data = param.Dict({})
    shown = param.Dict({"order": [], "title": ""})
    editable = param.Boolean(True)

    _esm = asset("montage.js") + asset("montage_component.js")
    _stylesheets = [asset("montage.css")]  # noqa: RUF012 – Panel's way

    def __init__(self, on_message: Callable[[str, list[Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._on_message = on_message

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("kind"), str) and isinstance(data.get("values"), list):
            self._on_message(data["kind"], data["values"])

    def send(self, kind: str, *values: Any) -> None:
        """Send a message to the browser."""
        self._send_msg({"kind": kind, "values": list(values)})


class MontageView:
    """The montage tab of a page, which handles the messages of its component."""

    def __init__(
        self,
        workspace: Workspace,
        who: Callable[[], str],
        opened: Callable[[int], None],
        selection: Sequence[int] = (),
    ) -> None:
        self.workspace, self.who, self.opened = workspace, who, opened
        self.selection = list(selection)
        self.differing: list[int] = []
        self._looks = {name: list(look) for name, look in workspace.atlas.class_styles().items()}
        self.component = MontageComponent(self._received, data=workspace.montage_data(), sizing_mode="stretch_width")
        first = SELECTED if self.selection else workspace.largest_class()
        self.what = pn.widgets.Select(label="Patterns", options=self._options(), value=first, width=200)
        variables = list(workspace.atlas.variables())
        self.by = pn.widgets.Select(label="Sorted by", options=variables, value="margin", width=130)
        self.direction = pn.widgets.Select(label="Order", options=[SMALLEST, LARGEST], width=130)
        self.why = pn.widgets.TextInput(label="Reason (for the log)", max_length=200, width=200)
        for widget in (self.what, self.by, self.direction):
            widget.param.watch(lambda _: self.show(), "value")
        controls = pn.FlexBox(self.what, self.by, self.direction, self.why)
        self.view = pn.Column(controls, self.component, sizing_mode="stretch_width", name="Montage")
        self.show()

    def _options(self) -> dict[str, str]:
        labels, classes = np.array(self.workspace.labels), self.workspace.atlas.all_classes()
        counted = {name: int(np.sum(labels == name)) for name in classes}
        options = {f"{titled(name)} ({count})": name for name, count in counted.items() if count}
        groups = {ANNOTATED: sum(self.workspace.annotated), ALL: len(labels)}
        groups |= {SELECTED: len(self.selection)} if self.selection else {}
        groups |= {DIFFERING: len(self.differing)} if self.differing else {}
        return options | {f"{_WORDS[group]} ({count})": group for group, count in groups.items()}

    def _members(self) -> NDArray[np.intp]:
        labels = np.array(self.workspace.labels)
        groups = {
            SELECTED: np.array(self.selection, dtype=np.intp),
            DIFFERING: np.array(self.differing, dtype=np.intp),
            ANNOTATED: np.flatnonzero(self.workspace.annotated),
            ALL: np.arange(len(labels)),
        }
        return groups.get(self.what.value, np.flatnonzero(labels == self.what.value))

    def show(self) -> None:
        """Show the patterns that are selected by the controls."""
        members = self._members()
        values = self.workspace.atlas.variables()[self.by.value][members]
        if self.direction.value == LARGEST:
            values = -values
        order = members[np.argsort(values, kind="stable")].tolist()
        name = _WORDS.get(self.what.value) or titled(self.what.value)
        self.component.shown = {"order": order, "title": name}

    def select(self, positions: list[int]) -> None:
        """Show the patterns that were selected on the map."""
        self.selection = positions
        self.what.options = self._options()
        if self.what.value == SELECTED:
            self.show()
        else:
            self.what.value = SELECTED

    def set_differing(self, positions: list[int]) -> None:
        """Set the patterns that the second atlas reads differently."""
        self.differing = positions
        self.what.options = self._options()

    def changed(self, positions: list[int]) -> None:
        """Show changed annotations, of this page or others. The patterns that are shown keep their places."""
        workspace = self.workspace
        if positions:
            labels, annotated = ([kept[p] for p in positions] for kept in (workspace.labels, workspace.annotated))
            self.component.send("change", positions, labels, annotated)
        looks = {name: list(look) for name, look in workspace.atlas.class_styles().items()}
        if looks != self._looks:
            self._looks = looks
            self.component.send("looks", looks)
        with param.parameterized.discard_events(self.what):  # new counts are not a choice by the user
            self.what.options = self._options()
        self.what.param.trigger("options")

    def _received(self, kind: str, values: list[Any]) -> None:
        """Handle a message. Messages that start with a number are answered, so that the page can confirm them."""
        try:
            if kind == "open":
                self._open(*values)
            elif kind in ("annotate", "undo", "create_class"):
                self._answer(values[0], getattr(self, f"_{kind}")(*values[1:]), True)
        except (UsageError, TypeError, IndexError) as error:  # TypeError: a message with too many or too few values
            self._answer(values[0] if values else None, str(error), False)

    def _answer(self, number: object, text: str, done: bool) -> None:
        """Answer a request, after the changes that it caused, which also wait for the next tick."""
        soon(lambda: self.component.send("answer", number, done, text))

    def _open(self, position: Any) -> None:
        self.opened(self.workspace.positions([position])[0])

    def _annotate(self, positions: list[Any], name: Any) -> str:
        count = self.workspace.annotate(positions, name, self.who(), self.why.value)
        left = len(positions) - count
        return f"{left} ambiguous patterns can't be confirmed; give them a class" if left else ""

    def _undo(self) -> str:
        count = self.workspace.undo(self.who())
        return f"undone: {count} annotations" if count else "there is nothing to undo"

    def _create_class(self, name: Any, symbol: Any, colour: Any, positions: list[Any]) -> str:
        self.workspace.create_class(name, symbol, colour, self.who())
        return self._annotate(positions, name)
