"""The documentation is true: its commands exist, its Python blocks run, its links lead somewhere."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from morphoscope.web import explore
from tests.test_layers import FLOORS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def anchors(page):
    """The anchors of a page's headings, as GitHub and MyST make them; of equal ones the second ends in -1."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    names = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)]
    return {
        name + (f"-{names[:place].count(name)}" if name in names[:place] else "") for place, name in enumerate(names)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_to_headings_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", page.read_text()):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_block_that_is_not_run_says_why(page):
    """Blocks of other languages are commands, output and files; `python no-run` begins with its reason."""
    fences = re.findall(r"^```(.+)\n(.*)$", page.read_text(), re.MULTILINE)
    for language, first in fences:
        assert re.fullmatch(r"(python( no-run)?|bash|text|yaml|toml|json)|\{[\w-]+\}.*", language), language
        if language == "python no-run":
            assert first.startswith("# not run by the tests: "), first


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_exist_with_their_options(page):
    from morphoscope.cli.app import command_line

    commands = command_line().commands
    lines = [line for block in blocks(page, "bash") for line in block.replace("\\\n", " ").splitlines()]
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
        if words[:1] == ["morphoscope"]:
            command = commands[words[1]]
            command = getattr(command, "commands", {}).get(words[2] if len(words) > 2 else "", command)
            known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
            assert {w for w in words[2:] if re.match(r"--?[a-z]", w)} <= known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(explore, "in_notebook", lambda: True)  # a server would never return
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {})


def test_the_readme_is_read_in_a_minute():
    """400 words at most, all counted: those of links, pictures and commands, too."""
    assert len((ROOT / "README.md").read_text().split()) <= 400


def test_the_house_has_all_packages_from_the_lowest_floor_up():
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    listed = [name for row in rows for name in re.findall(r"\w+", row)]
    assert sorted(listed) == sorted(FLOORS)
    assert [FLOORS[name] for name in listed] == sorted(FLOORS.values())


def test_the_site_has_every_page():
    """A page that no menu leads to would be an error of `make docs`."""
    listed = re.findall(r"^([a-z0-9/-]+)$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)
    pages = [path.relative_to(ROOT / "docs") for kind in ("md", "rst") for path in (ROOT / "docs").rglob(f"*.{kind}")]
    pages = [str(page.with_suffix("")) for page in pages if str(page) != "index.md" and page.parts[0] != "gallery"]
    assert sorted(listed) == sorted(["gallery/index", *pages])


SCRIPTS = sorted((ROOT / "examples" / "gallery").rglob("*.py"))


def test_the_gallery_has_a_script_of_each_kind():
    """`make docs` runs them; here only what needs no run."""
    assert len(SCRIPTS) >= 20
    for script in SCRIPTS:
        tree = ast.parse(script.read_text())
        title, underline = ast.get_docstring(tree).splitlines()[:2]
        assert underline == "=" * len(title), script
        assert f'"{script.stem}.png"' in script.read_text(), f"{script} writes no picture of its own name"


def test_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
