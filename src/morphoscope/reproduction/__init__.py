"""Published studies, repeated from the first run to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from morphoscope.progress import Reporter
from morphoscope.reproduction.scholz2022 import PROFILES, Reproduction, reproduce_scholz2022

__all__ = ["PROFILES", "Reproduction", "reproduce", "study_names"]

_STUDIES = {"scholz2022": reproduce_scholz2022}


def study_names() -> list[str]:
    """Names that :func:`reproduce` knows."""
    return sorted(_STUDIES)


def reproduce(study: str, folder: Path, *, progress: Reporter, **options: Any) -> Reproduction:
    """Repeat a study in ``folder``; ``options`` are those of the study's own function."""
    return _STUDIES[study](folder, progress=progress, **options)
