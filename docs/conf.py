"""The documentation site: the pages of this folder, and the reference that is made from docstrings and help texts.

make docs
"""

from __future__ import annotations

import sys
from pathlib import Path

from morphoscope import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "Morphoscope"
author = "Morphoscope developers"
copyright = "Morphoscope developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx.ext.mathjax", "site_reference"]
exclude_patterns = ["README.md"]
root_doc = "index"

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["myst.header"]  # pages may begin with a picture

autodoc_typehints = "none"  # types stand in the signature
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "Morphoscope"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#5b2a86", "color-brand-content": "#5b2a86"},
    "dark_css_variables": {"color-brand-primary": "#c9a3ee", "color-brand-content": "#c9a3ee"},
}
