"""The classifier that read an atlas: what the atlas stores about it, and how to find it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import read_json
from morphoscope.learning.classifier import METADATA_FILE, Classifier, shipped_folder, shipped_names

_FOLDER = "classifier"  # of the classifier in a study: a name that says nothing


def identity(classifier: Classifier, atlas_folder: Path) -> dict[str, Any]:
    """What an atlas stores about its classifier: name, hash, and the path from the atlas to it.

    The path is None for shipped classifiers, which are found by name, and for classifiers that were not saved.
    """
    path = None if classifier.folder is None else classifier.folder.resolve()
    if path is None or path.parent == shipped_folder().resolve():
        return {"name": classifier.name, "hash": classifier.hash, "path": None}
    return {"name": classifier.name, "hash": classifier.hash, "path": _relative(path, atlas_folder.resolve())}


def _relative(path: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return None


def classifier_title(atlas: Atlas) -> str:
    """What people call the classifier that read an atlas; empty if none did.

    Its name; of one whose folder is called ``classifier``, as in every study, the folders ``STUDY/classifier`` and its
    network. Of an older atlas the network and the training set, if they are stored.
    """
    stored = atlas.metadata.get("classifier") or {}
    name, network = str(stored.get("name") or ""), str(stored.get("network") or "")
    if name and name != _FOLDER:
        return name
    if stored.get("path"):
        place = (atlas.folder / stored["path"]).resolve()
        return f"{place.parent.name}/{place.name}" + (f" ({network})" if network else "")
    training = (stored.get("training") or {}).get("name")
    return network + (f" trained on {training}" if training else "") or name


def find_classifier(atlas: Atlas) -> Classifier | None:
    """The classifier that read an atlas, found by the stored path or name and verified by the stored hash.

    None if it was removed or replaced.
    """
    stored = atlas.metadata.get("classifier")
    if not stored:
        return None
    if "hash" not in stored:
        return _find_for_old_atlas(atlas)
    folders = [atlas.folder / stored["path"]] if stored.get("path") else []
    if stored.get("name") in shipped_names():
        folders.append(shipped_folder() / stored["name"])
    for folder in folders:
        try:
            found = Classifier.load(folder)
        except UsageError:
            continue  # it was moved or damaged; try the next folder
        if found.hash == stored["hash"]:
            return found
    return None


def _find_for_old_atlas(atlas: Atlas) -> Classifier | None:
    """For atlases that store no hash: a classifier with the same classes and provenance.

    It is searched for in the folders next to the atlas, where studies write it, and among the shipped classifiers.
    """
    stored = atlas.metadata.get("classifier", {})
    for parent in (atlas.folder.resolve().parent, shipped_folder()):
        for path in sorted(parent.glob(f"*/{METADATA_FILE}")):
            try:
                found = read_json(path, "the metadata of a classifier")
                provenance = found["provenance"]
                same = {"network": found["network"], **{k: provenance.get(k) for k in stored if k != "network"}}
                if same == stored and tuple(found["classes"]) == atlas.classes:
                    return Classifier.load(path.parent)
            except (UsageError, KeyError, TypeError):
                continue  # damage in another folder does not concern this atlas
    return None
