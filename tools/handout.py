"""The handout of the course: docs/course/handout.typ with pictures of the executed chapters, as a PDF of four pages.

python tools/handout.py             # after tools/course.py; writes results/course/handout.pdf
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

import nbformat
import typst

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "course"
HANDOUT = RESULTS / "handout.pdf"
PAGES = 4
PICTURES = {  # chapter, and the number of the picture in it
    "limit": ("01-diffusion", 1),
    "dispersion": ("02-steady-states", 1),
    "classes": ("03-classes", 0),
    "drawing": ("05-neurons", 0),
    "flow": ("07-training", 0),
    "watermark": ("07-training", 4),
    "map": ("08-maps", 0),
}


def pictures_of(chapter: str) -> list[bytes]:
    """The PNG files among the outputs of an executed chapter, in their order."""
    notebook = nbformat.read(RESULTS / f"{chapter}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    encoded = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [base64.b64decode(text) for text in encoded]


def main() -> int:
    """Compile the handout; 1 if a chapter has not been executed, or if it no longer fits on its pages."""
    with tempfile.TemporaryDirectory(dir=RESULTS if RESULTS.is_dir() else None) as folder:
        paths = {}
        for name, (chapter, number) in PICTURES.items():
            if not (RESULTS / f"{chapter}.ipynb").is_file():
                print(f"chapter {chapter} has not been executed; run `make course` first", file=sys.stderr)
                return 1
            path = Path(folder) / f"{name}.png"
            path.write_bytes(pictures_of(chapter)[number])
            paths[name] = "/" + path.relative_to(ROOT).as_posix()
        source = ROOT / "docs" / "course" / "handout.typ"
        HANDOUT.write_bytes(typst.compile(str(source), root=str(ROOT), sys_inputs=paths))
        drawn = typst.compile(str(source), root=str(ROOT), sys_inputs=paths, format="png", ppi=20.0)
    count = len(drawn) if isinstance(drawn, list) else 1
    print(f"{HANDOUT.relative_to(ROOT)}: {count} pages, {HANDOUT.stat().st_size / 1e6:.1f} MB")
    return int(count != PAGES)


if __name__ == "__main__":
    sys.exit(main())
