"""The patterns of an open atlas arranged by similarity: stored places, or made when a page asks for them."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from morphoscope.atlas import Atlas
from morphoscope.atlas.similarity import SimilarityMap, can_be_arranged, load_similarity, patterned_rows
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import Task
from morphoscope.learning.layout import LEAST
from morphoscope.operations.arrange import arrange

LOG = logging.getLogger(__name__)


class Arrangement:
    """The places of one atlas; made once, for all pages."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self.found: SimilarityMap | None = None
        self._problem = ""
        self._done = self._total = 0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        with contextlib.suppress(DataError):  # a damaged file is as none: the places are made again
            self.found = load_similarity(atlas)

    @property
    def state(self) -> str:
        """``there``, ``possible``, or empty if the atlas has no patterns that an encoder reads."""
        if self.found is not None:
            return "there"
        possible = can_be_arranged(self.atlas) and len(patterned_rows(self.atlas)) >= LEAST
        return "possible" if possible else ""

    def progress(self) -> dict[str, Any]:
        """Start to arrange the patterns unless that is done or being done; whether it is done, and how far it is.

        Raises UsageError if it failed; the next call tries again.
        """
        with self._lock:
            if self._problem:
                problem, self._problem = self._problem, ""
                raise UsageError(problem)
            if self.found is None and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="arrange", daemon=True)
                self._thread.start()
            return {"done": self.found is not None, "patterns": self._done, "total": self._total}

    def _work(self) -> None:
        found, problem = None, ""
        try:
            found = arrange(self.atlas, progress=self)
        except (UsageError, DataError) as error:
            problem = str(error)
        except Exception:
            LOG.exception("the patterns could not be arranged")
            problem = "the patterns could not be arranged; see the message in the terminal"
        with self._lock:
            self.found, self._problem, self._thread = found, problem, None

    # The reporter that the work tells its progress.

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """The work has begun."""
        self._done, self._total = done, total
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        """Some patterns were compared."""
        self._done += count

    def message(self, text: str) -> None:
        """A remark, for the terminal."""
        LOG.warning("%s", text)
