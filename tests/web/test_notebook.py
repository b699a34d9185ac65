"""``explore`` in a notebook: the cell shows the page, and the browser fetches nothing from elsewhere."""

import json
import re
import subprocess
import sys

import pytest

# In a process of its own: Panel keeps for good what it has found out about its notebook.
CELL = """
import builtins, json, sys, types

published = []
manager = types.SimpleNamespace(register_target=lambda name, callback: None)
shell = types.SimpleNamespace(kernel=types.SimpleNamespace(comm_manager=manager), execution_count=1)
python, display, comm = (types.ModuleType(name) for name in ("IPython", "IPython.display", "ipykernel.comm"))
display.publish_display_data = lambda data, metadata=None, **_: published.append(data)
display.display = builtins.display = lambda *data, **_: published.extend(data)
comm.Comm = lambda *_, **__: types.SimpleNamespace(on_msg=lambda f: None, send=lambda *_, **__: None)
python.display, python.get_ipython = display, lambda: shell
builtins.get_ipython, builtins.__IPYTHON__ = python.get_ipython, True
ipykernel = types.ModuleType("ipykernel")
sys.modules |= {"IPython": python, "IPython.display": display, "ipykernel": ipykernel, "ipykernel.comm": comm}

import morphoscope

shown = morphoscope.explore(sys.argv[1], who="ada")
bundle, _ = shown._repr_mimebundle_()
texts = [text for data in [*published, bundle] for text in data.values()]
json.dump({"kind": type(shown).__name__, "texts": texts}, sys.stdout)
"""
#: Lists of what Panel's loader fetches, with an address in them; tags of HTML that fetch.
FETCHED = re.compile(
    r"""(?:js_urls|css_urls|js_modules|js_exports)\s*=\s*[\[{][^\]};]*https?:|<(?:script|link|img)[^>]*https?:"""
)


@pytest.fixture(scope="module")
def cell(small_atlas):
    command = [sys.executable, "-c", CELL, str(small_atlas.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_cell_shows_the_page(cell):
    assert cell["kind"] == "Column"
    (page,) = (text for text in cell["texts"] if "Map of 12 runs" in text)
    assert "data:image/webp;base64," in page  # the thumbnails
    assert "/files/thumbnails" not in page


def test_nothing_is_fetched_from_a_cdn(cell):
    assert max(map(len, cell["texts"])) > 2_000_000  # BokehJS and Panel's scripts
    assert [found for text in cell["texts"] for found in FETCHED.findall(text)] == []


def test_the_test_sees_a_cdn():
    assert FETCHED.search('const js_urls = ["https://cdn.bokeh.org/bokeh/release/bokeh-3.9.2.min.js"];')
    assert FETCHED.search('<script src="https://cdn.holoviz.org/panel/1.9.4/dist/panel.min.js">')
