"""The chapters of the built site as PDF files for a projector: wide pages, large type, folded solutions.

python tools/projector.py           # after tools/course.py and `make docs`; writes results/course/projector
python tools/projector.py 03
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # tests.browser knows where a Chromium is

from tests import browser  # noqa: E402

SITE = ROOT / "results" / "docs" / "course"
PAGES = ROOT / "results" / "course" / "projector"
SIZE = {"width": "338mm", "height": "190mm"}  # 16 : 9
STYLE = """
@page { margin: 10mm 14mm; }
html { font-size: 21px !important; }
.sidebar-drawer, .toc-drawer, .mobile-header, .related-pages { display: none !important; }
.content-icon-container, .skip-to-content, footer { display: none !important; }
.page, .main, .content { display: block !important; width: 100% !important; }
.page, .main, .content { max-width: none !important; padding: 0 !important; }
article h2 { break-before: page; }
h1, h2, summary { break-after: avoid; }
pre, .cell_output, table, mjx-container[display="true"] { break-inside: avoid; }
pre { white-space: pre-wrap !important; font-size: 0.86em !important; }
.cell_output img { max-height: 150mm; width: auto; min-width: 60%; object-fit: contain; }
"""


def main(chosen: Sequence[str]) -> int:
    """Print every chapter; 1 if the site has not been built."""
    pages = [p for p in sorted(SITE.glob("[0-9][0-9]-*.html")) if not chosen or p.name.startswith(tuple(chosen))]
    if not pages:
        print(f"no chapters in {SITE.relative_to(ROOT)}; run `make docs` first", file=sys.stderr)
        return 1
    PAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find_chromium(), args=browser.FLAGS)
        for page in pages:
            tab = chromium.new_page(color_scheme="light")
            tab.goto(page.as_uri())
            tab.wait_for_function("!document.querySelector('.math') || document.querySelector('mjx-container')")
            tab.add_style_tag(content=STYLE)
            file = PAGES / f"{page.stem}.pdf"
            tab.pdf(path=str(file), print_background=True, **SIZE)
            tab.close()
            print(file.relative_to(ROOT))
        chromium.close()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="*", help="first letters of file names, such as 03")
    sys.exit(main(parser.parse_args().chapters))
