"""The gallery of the site: sphinx-gallery runs the scripts of examples/gallery, and these two functions serve it."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst


def written_pictures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Take the PNG files that a block of a script wrote into its folder, in the order of their times."""
    found = sorted(Path(block_vars["src_file"]).parent.glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
    places = [str(place) for _, place in zip(found, block_vars["image_path_iterator"], strict=False)]
    for picture, place in zip(found, places, strict=True):
        shutil.move(picture, place)
    return figure_rst(places, gallery_conf["src_dir"])


def own_folder(gallery_conf: dict[str, Any], script: str, when: str) -> None:
    """Give each script an empty folder for its temporary files; it and open figures are gone afterwards."""
    from matplotlib import pyplot

    pyplot.close("all")
    logging.getLogger("distributed").propagate = False  # sphinx-gallery would show its log as the output of the script
    if tempfile.tempdir is not None:
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
        tempfile.tempdir = None
    if when == "before":
        tempfile.tempdir = tempfile.mkdtemp(prefix="gallery-")
