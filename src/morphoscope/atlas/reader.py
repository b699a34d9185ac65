"""The classifier that read an atlas: what the atlas keeps of it, and where it is found again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import read_json
from morphoscope.learning.classifier import DESCRIPTION_FILE, Classifier, shipped_folder, shipped_names


def identity(classifier: Classifier, atlas_folder: Path) -> dict[str, Any]:
    """What an atlas keeps of its classifier: name, hash, and the path from the atlas to it.

    The path is None for shipped classifiers, which are found by name, and for those that were never saved.
    """
    place = None if classifier.folder is None else classifier.folder.resolve()
    if place is None or place.parent == shipped_folder().resolve():
        return {"name": classifier.name, "hash": classifier.hash, "path": None}
    return {"name": classifier.name, "hash": classifier.hash, "path": _relative(place, atlas_folder.resolve())}


def _relative(place: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(place, folder)).as_posix()
    except ValueError:  # on another drive
        return None


def find_classifier(atlas: Atlas) -> Classifier | None:
    """The classifier that read an atlas, found by the path or the name that the atlas keeps and verified by its hash.

    None if it is gone or another one is in its place.
    """
    kept = atlas.description.get("classifier", {})
    if "hash" not in kept:
        return _find_for_old_atlas(atlas)
    places = [atlas.folder / kept["path"]] if kept.get("path") else []
    if kept.get("name") in shipped_names():
        places.append(shipped_folder() / kept["name"])
    for place in places:
        try:
            found = Classifier.load(place)
        except UsageError:
            continue  # it was moved or damaged; the next place may have it
        if found.hash == kept["hash"]:
            return found
    return None


def _find_for_old_atlas(atlas: Atlas) -> Classifier | None:
    """For atlases that keep no hash: a classifier with the same classes and provenance.

    Looked for in the folders beside the atlas, where studies put it, and among the shipped ones.
    """
    kept = atlas.description.get("classifier", {})
    for parent in (atlas.folder.resolve().parent, shipped_folder()):
        for description in sorted(parent.glob(f"*/{DESCRIPTION_FILE}")):
            try:
                found = read_json(description, "a classifier's description")
                provenance = found["provenance"]
                same = {"network": found["network"], **{k: provenance.get(k) for k in kept if k != "network"}}
                if same == kept and tuple(found["classes"]) == atlas.classes:
                    return Classifier.load(description.parent)
            except (UsageError, KeyError, TypeError):
                continue  # damage in another folder has nothing to do with this atlas
    return None
