"""Execute the chapters of the course, docs/course/NN-*.md, and write them as notebooks.

python tools/course.py              # all chapters
python tools/course.py 03 07        # these

An error in a cell is an error here. The executed notebooks are in results/course, for Jupyter; `make docs` takes the
outputs from the cache beside them and executes only chapters that it does not find there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parent.parent
CHAPTERS = ROOT / "docs" / "course"
RESULTS = ROOT / "results" / "course"
CACHE = RESULTS / "cache"
LONGEST = 180.0  # seconds; a chapter that takes longer is an error


def chapters(chosen: Sequence[str] = ()) -> list[Path]:
    """The files of the chapters whose names begin with one of the texts; of all by default."""
    return [p for p in sorted(CHAPTERS.glob("[0-9][0-9]-*.md")) if not chosen or p.name.startswith(tuple(chosen))]


def execute(chapter: Path) -> float:
    """Execute one chapter in an empty folder and store it; returns the seconds it took."""
    notebook = jupytext.read(chapter, fmt="md:myst")
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # Times of cells would be part of the key in the cache, and the site would not find the chapter.
        place = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=LONGEST, record_timing=False, resources=place).execute()
    seconds = time.perf_counter() - begin
    bundle = CacheBundleIn(notebook, str(chapter), data={"execution_seconds": seconds})
    get_cache(CACHE).cache_notebook_bundle(bundle, overwrite=True, check_validity=False)
    fold(notebook)
    nbformat.write(notebook, RESULTS / f"{chapter.stem}.ipynb")
    return seconds


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold in Jupyter what is folded in the site: solutions, and the code of some drawings."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "hide-cell" in tags or "hide-input" in tags:
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": "hide-cell" in tags}


def main(chosen: Sequence[str]) -> int:
    """Execute chapters, one line each; the number of those that failed or took too long."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # on busy cores, PyTorch's threads spin: 297 s instead of 18 s
    failed, total = 0, 0.0
    for chapter in chapters(chosen):
        try:
            seconds = execute(chapter)
        except CellExecutionError as error:
            print(f"{chapter.stem}: failed\n{error}", file=sys.stderr)
            failed += 1
            continue
        total += seconds
        failed += seconds > LONGEST
        print(f"{chapter.stem}: {seconds:.1f} s{' (too long)' if seconds > LONGEST else ''}", flush=True)
    print(f"course: {total:.1f} s in all, {failed} failed; notebooks in {RESULTS.relative_to(ROOT)}")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="*", help="first letters of file names, such as 03")
    sys.exit(bool(main(parser.parse_args().chapters)))
