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
from morphoscope.web.style import asset
from morphoscope.web.workplace import Workplace

SELECTED, ANNOTATED, DIFFERING, ALL = "*selected", "*annotated", "*differing", "*all"  # no class is named so
_WORDS = {SELECTED: "selected on the map", ANNOTATED: "annotated", DIFFERING: "read differently", ALL: "all"}
SMALLEST, LARGEST = "smallest first", "largest first"


class MontageComponent(JSComponent):  # type: ignore[misc]
    """The montage in the browser; ``told(kind, values)`` is called with what the person does."""

    data = param.Dict({})
    shown = param.Dict({"order": [], "title": ""})
    editable = param.Boolean(True)

    _esm = asset("montage.js") + asset("montage_component.js")
    _stylesheets = [asset("montage.css")]  # noqa: RUF012 – Panel's way

    def __init__(self, told: Callable[[str, list[Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._told = told

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("kind"), str) and isinstance(data.get("values"), list):
            self._told(data["kind"], data["values"])

    def send(self, kind: str, *values: Any) -> None:
        """Tell the browser something."""
        self._send_msg({"kind": kind, "values": list(values)})


class MontageView:
    """What a page shows of the montage, and what it does with what the person says there."""

    def __init__(
        self,
        place: Workplace,
        who: Callable[[], str],
        opened: Callable[[int], None],
        selection: Sequence[int] = (),
    ) -> None:
        self.place, self.who, self.opened = place, who, opened
        self.selection = list(selection)
        self.differing: list[int] = []
        self._looks = {name: list(look) for name, look in place.atlas.looks().items()}
        self.component = MontageComponent(self._told, data=place.montage_data(), sizing_mode="stretch_width")
        first = SELECTED if self.selection else place.showpiece()
        self.what = pn.widgets.Select(label="Patterns", options=self._options(), value=first, width=200)
        variables = list(place.atlas.variables())
        self.by = pn.widgets.Select(label="Sorted by", options=variables, value="margin", width=130)
        self.direction = pn.widgets.Select(label="Order", options=[SMALLEST, LARGEST], width=130)
        self.why = pn.widgets.TextInput(label="Why (for the log)", max_length=200, width=200)
        for widget in (self.what, self.by, self.direction):
            widget.param.watch(lambda _: self.show(), "value")
        controls = pn.FlexBox(self.what, self.by, self.direction, self.why)
        self.view = pn.Column(controls, self.component, sizing_mode="stretch_width", name="Montage")
        self.show()

    def _options(self) -> dict[str, str]:
        labels, classes = np.array(self.place.labels), self.place.atlas.all_classes()
        counted = {name: int(np.sum(labels == name)) for name in classes}
        options = {f"{titled(name)} ({count})": name for name, count in counted.items() if count}
        groups = {ANNOTATED: sum(self.place.marked), ALL: len(labels)}
        groups |= {SELECTED: len(self.selection)} if self.selection else {}
        groups |= {DIFFERING: len(self.differing)} if self.differing else {}
        return options | {f"{_WORDS[group]} ({count})": group for group, count in groups.items()}

    def _members(self) -> NDArray[np.intp]:
        labels = np.array(self.place.labels)
        groups = {
            SELECTED: np.array(self.selection, dtype=np.intp),
            DIFFERING: np.array(self.differing, dtype=np.intp),
            ANNOTATED: np.flatnonzero(self.place.marked),
            ALL: np.arange(len(labels)),
        }
        return groups.get(self.what.value, np.flatnonzero(labels == self.what.value))

    def show(self) -> None:
        """Fill the montage with what is asked for."""
        members = self._members()
        values = self.place.atlas.variables()[self.by.value][members]
        if self.direction.value == LARGEST:
            values = -values
        order = members[np.argsort(values, kind="stable")].tolist()
        name = _WORDS.get(self.what.value) or titled(self.what.value)
        self.component.shown = {"order": order, "title": name}

    def select(self, positions: list[int]) -> None:
        """Show what was selected on the map."""
        self.selection = positions
        self.what.options = self._options()
        if self.what.value == SELECTED:
            self.show()
        else:
            self.what.value = SELECTED

    def set_differing(self, positions: list[int]) -> None:
        """Offer what another atlas reads differently."""
        self.differing = positions
        self.what.options = self._options()

    def changed(self, positions: list[int]) -> None:
        """Something was said, here or elsewhere. What is shown stays where it is, so that nobody loses the place."""
        place = self.place
        if positions:
            labels, marked = ([kept[p] for p in positions] for kept in (place.labels, place.marked))
            self.component.send("change", positions, labels, marked)
        looks = {name: list(look) for name, look in place.atlas.looks().items()}
        if looks != self._looks:
            self._looks = looks
            self.component.send("looks", looks)
        with param.parameterized.discard_events(self.what):  # new counts are no choice of the person's
            self.what.options = self._options()
        self.what.param.trigger("options")

    def _told(self, kind: str, values: list[Any]) -> None:
        try:
            self._do(kind, values)
        except (UsageError, TypeError) as error:  # TypeError: a message with too many or too few values
            self.component.send("say", str(error))

    def _do(self, kind: str, values: list[Any]) -> None:
        if kind == "say":
            self._say(*values)
        elif kind == "undo":
            count = self.place.undo(self.who())
            self.component.send("say", f"{count} taken back" if count else "there is nothing to undo")
        elif kind == "open":
            self._open(*values)
        elif kind == "make_class":
            self._make_class(*values)

    def _open(self, position: Any) -> None:
        self.opened(self.place.positions([position])[0])

    def _say(self, positions: list[Any], name: Any) -> None:
        self.place.say(positions, name, self.who(), self.why.value)

    def _make_class(self, name: Any, symbol: Any, colour: Any, positions: list[Any]) -> None:
        self.place.make_class(name, symbol, colour, self.who())
        self._say(positions, name)
