"""The documentation site: the pages of this folder, and the reference that is made from docstrings and help texts.

make docs
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from morphoscope import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "Morphoscope"
author = "Morphoscope developers"
copyright = "Morphoscope developers"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx-mathjax-offline",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
    "site_reference",
    "site_atlas",
]
exclude_patterns = ["README.md", "gallery/**.ipynb"]  # the gallery has its scripts as notebooks, for download
root_doc = "index"

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_dmath_double_inline = True
myst_dmath_allow_space = myst_dmath_allow_digits = False  # $ is a currency in some pages

# The chapters of the course are notebooks. What `make course` executed is taken; everything else is executed here.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # PyTorch's threads wait for one another by spinning
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent.parent / "results" / "course" / "cache")
nb_execution_in_temp = True
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True
suppress_warnings = ["myst.header"]  # pages may begin with a picture

autodoc_typehints = "none"  # types stand in the signature
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
toc_object_entries_show_parents = "hide"

# Every script of examples/gallery runs when the site is built; one that fails is an error of the build.
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": "",
    "subsection_order": [f"../examples/gallery/{kind}" for kind in ("simulate", "theory", "maps", "learn", "data")],
    "within_subsection_order": "FileNameSortKey",
    "nested_sections": False,
    "image_scrapers": ("site_gallery.written_pictures",),
    "reset_modules": ("site_gallery.own_folder",),
    "reset_modules_order": "both",
    "capture_repr": (),
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
    "min_reported_time": 1e6,  # times of a busy machine say nothing
    "plot_gallery": "True",  # sphinx-build -D plot_gallery=0 leaves the pictures out
}

live_atlases = ["gray-scott"]  # exported into the site, for the page that shows it

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "Morphoscope"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#5b2a86", "color-brand-content": "#5b2a86"},
    "dark_css_variables": {"color-brand-primary": "#c9a3ee", "color-brand-content": "#c9a3ee"},
}
