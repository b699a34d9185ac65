"""What make release writes; building and installing is its own check."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- new\n\n## 0.2.0 (2026)\n\n- second\n\n## 0.1.0\n\n- first\n"


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools" / "release.py")
    module = sys.modules["release"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["release"]


def test_notes_are_the_section_of_the_version(release):
    done = CHANGELOG.replace("## Unreleased\n\n- new\n\n", "")
    assert release.notes(done, "0.2.0", final=True) == "# Morphoscope 0.2.0\n\n- second\n"
    assert release.notes(done, "0.1.0", final=True).endswith("\n- first\n")
    with pytest.raises(release.ReleaseError, match=r"no section 0\.3\.0"):
        release.notes(done, "0.3.0", final=True)


def test_unreleased_changes_are_a_draft_and_no_release(release):
    draft = release.notes(CHANGELOG, "0.2.0", final=False)
    assert "draft" in draft
    assert draft.endswith("\n- new\n")
    with pytest.raises(release.ReleaseError, match="unreleased changes"):
        release.notes(CHANGELOG, "0.2.0", final=True)


def test_checksums_are_those_that_sha256sum_checks(release, tmp_path):
    (tmp_path / "a.whl").write_bytes(b"abc")
    (tmp_path / "SHA256SUMS").write_text(release.checksums([tmp_path / "a.whl"]))
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path).returncode == 0
    (tmp_path / "a.whl").write_bytes(b"abd")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


def test_every_python_has_a_check_and_so_have_the_lowest_versions(release):
    files = [Path("m-1.tar.gz"), Path("m-1-py3-none-any.whl")]
    found = list(release.checks(files, {"3.11": "a", "3.13": "b"}, quick=False))
    assert {check.python for check in found if check.versions == release.CONSTRAINED} == {"3.11", "3.13"}
    assert [check.python for check in found if check.versions == release.LOWEST] == ["3.11"]
    assert {check.file for check in found} == set(files)


def test_a_tag_is_the_version(release, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["release.py", "--tag", "v99.0.0"])
    assert release.main() == 1
    assert f"expected v{release.version()}" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_workflows_name_only_targets_that_exist(path):
    text = path.read_text()
    assert yaml.safe_load(text)
    targets = (ROOT / "Makefile").read_text()
    for line in text.splitlines():
        if "run: make " in line:
            assert f"\n{line.split('make ')[1].split()[0]}:" in targets, line
