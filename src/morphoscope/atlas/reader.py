"""The classifier that read an atlas, found again beside it or among the shipped ones."""

from __future__ import annotations

from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import read_json
from morphoscope.learning.classifier import DESCRIPTION_FILE, Classifier, shipped_folder


def find_classifier(atlas: Atlas) -> Classifier | None:
    """The classifier whose network, classes and provenance are those that the atlas tells of; None if it is gone.

    Looked for in the folders beside the atlas's, where studies put it, and among the shipped classifiers.
    """
    for parent in (atlas.folder.resolve().parent, shipped_folder()):
        for description in sorted(parent.glob(f"*/{DESCRIPTION_FILE}")):
            try:
                found = read_json(description, "a classifier's description")
                provenance = found["provenance"]
                told = {"network": found["network"], **{k: provenance.get(k) for k in _told(atlas)}}
                if told == atlas.description["classifier"] and tuple(found["classes"]) == atlas.classes:
                    return Classifier.load(description.parent)
            except (UsageError, KeyError, TypeError):
                continue  # another folder's damage is not this atlas's
    return None


def _told(atlas: Atlas) -> list[str]:
    return [key for key in atlas.description["classifier"] if key != "network"]
