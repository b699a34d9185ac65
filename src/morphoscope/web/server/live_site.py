"""The page of live runs: a menu of models, and a run of one of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from morphoscope.core.storage import read_json
from morphoscope.learning.classifier import DEFAULT, METADATA_FILE, Classifier, classifier_folder
from morphoscope.models import Model, get_model, model_names
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.live_files import LiveFiles
from morphoscope.web.server.presets import known_patterns, picture
from morphoscope.web.server.shades import NAMES, palette
from morphoscope.web.server.site import Body, PageSite
from morphoscope.web.server.uploads import Uploads


@dataclasses.dataclass(frozen=True)
class LiveSettings:
    """What a page begins with. ``model``: None shows the menu; then the other settings are for the model chosen."""

    model: Model | None = None
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)
    width: int = 128
    height: int = 128
    boundary: str = "periodic"
    stencil: int = 9
    initial: str | None = None
    seed: int = 0


class LiveSite(PageSite):
    """The site of live runs."""

    def __init__(self, settings: LiveSettings) -> None:
        self.settings = settings
        own = {} if settings.model is None else {settings.model.name: settings.model}
        named = {name: model for name, model in own.items() if name not in model_names()}
        self.live = LiveData(named)
        self._uploads = Uploads()
        files = LiveFiles(self.live, self._uploads)
        self._menu = self._made_menu()
        title = "Morphoscope: live runs" if settings.model is None else f"Morphoscope: {settings.model.title}"
        data = {"live": self._page, "picture": self._picture, "field": self.live.field, "network": self._network}
        long = {**self.live.actions, **files.by_name}
        actions = {**long, **self._uploads.by_name, "ping": lambda: ""}
        super().__init__(title, data, actions, source="live", beside=long)

    def close(self) -> None:
        """The server ends."""
        super().close()
        self._uploads.close()

    def _made_menu(self) -> list[dict[str, Any]]:
        """The built-in models, each with its first known pattern."""
        models = []
        for name in model_names():
            model = get_model(name)
            first = next((i for i, known in enumerate(known_patterns()) if known.model == name), None)
            models.append(
                {
                    "name": name,
                    "title": model.title,
                    "equations": model.equations(),
                    "source": model.source,
                    "picture": None if first is None else f"/data/picture/{first}",
                }
            )
        return models

    def _page(self, number: int) -> Body:
        """The menu, the palettes, and what the page begins with."""
        chosen = dataclasses.asdict(dataclasses.replace(self.settings, model=None))
        chosen["model"] = None if self.settings.model is None else self.settings.model.name
        values = {
            "models": self._menu,
            "palettes": {name: palette(name) for name in NAMES},
            "settings": chosen,
            "reads": self._reads(),
        }
        return Body(json.dumps(values).encode(), "application/json", kept=False)

    @staticmethod
    def _reads() -> str:
        """The model whose patterns the shipped classifier reads."""
        values = read_json(classifier_folder(DEFAULT) / METADATA_FILE, "the metadata of a classifier")
        return str(values["trained_on"]["model"]["name"])

    @staticmethod
    def _network(number: int) -> Body:
        """The shipped classifier. Importing torch takes a second or more, so it is loaded when a page asks for it."""
        from morphoscope.web.server.network import network_file

        return Body(network_file(Classifier.load(DEFAULT)))

    def _picture(self, number: int) -> Body | None:
        patterns = known_patterns()
        content = picture(patterns[number].picture) if number < len(patterns) else None
        return None if content is None else Body(content, "image/webp")
