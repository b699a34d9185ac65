"""How commands show progress."""

from __future__ import annotations

import sys

from morphoscope.core.progress import Reporter
from morphoscope.core.reporters import PlainReporter, RichReporter


def reporter() -> Reporter:
    """Bars where standard error is a terminal, lines elsewhere."""
    return RichReporter() if sys.stderr.isatty() else PlainReporter()
