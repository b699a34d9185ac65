"""Build and check a release: wheel, sdist, checksums and notes, in results/release.

    python tools/release.py [--final] [--tag vX.Y.Z] [--quick] [--out FOLDER]

The wheel is installed into empty environments and used: for every Python from 3.11 to 3.14 that this machine has, with
the tested versions of constraints.txt; with the lowest versions that pyproject.toml admits; with the newest; and once
from the sdist. The extras with PyTorch are left out, because its older wheels bring gigabytes of GPU libraries: the
suite tests them with the versions of constraints.txt. Pythons that are missing are named and skipped.

--final refuses a changelog that still has unreleased changes; without it the notes are those changes, as a draft.
--quick checks one environment only. Nothing is published: .github/workflows/release.yml does that.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = ("cluster", "import", "objects")  # those without PyTorch
CONSTRAINED, LOWEST, NEWEST = "tested versions", "lowest versions", "newest versions"
SMOKE = (
    "morphoscope simulate gray-scott --size 48x48 --until 100 --out run",
    "morphoscope theory gray-scott --out theory.png",
    "morphoscope map gray-scott --out map.png",
    "morphoscope ensemble gray-scott --grid f=0.02:0.04:2 --size 48x48 --until 60 --out scan",
    "morphoscope describe scan --csv descriptors.csv",
    "morphoscope export scan --format netcdf --out scan.nc",
    "morphoscope check scan",
)
# Every module that needs no PyTorch and no Tornado.
EVERY_MODULE = """
import importlib, pkgutil, morphoscope
packages = {module.name for module in pkgutil.iter_modules(morphoscope.__path__) if module.ispkg}
for package in packages - {"web"}:
    folders = [f"{folder}/{package}" for folder in morphoscope.__path__]
    for module in pkgutil.walk_packages(folders, f"morphoscope.{package}."):
        if ".networks." not in module.name:
            importlib.import_module(module.name)
"""


class ReleaseError(Exception):
    """A check that failed, in one line."""


class Check(NamedTuple):
    """What is installed where: a file, a Python, and how versions are chosen."""

    file: Path
    python: str
    versions: str

    def __str__(self) -> str:
        return f"{self.file.suffix.lstrip('.')}, Python {self.python}, {self.versions}"


def version() -> str:
    """The version, which only pyproject.toml sets; a test compares CITATION.cff."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def section(changelog: str, heading: str) -> str:
    """The text below a heading of the second level; empty if there is none."""
    found = re.search(rf"^## {re.escape(heading)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def notes(changelog: str, number: str, final: bool) -> str:
    """The notes of a release: its section, or as a draft the unreleased changes."""
    unreleased = section(changelog, "Unreleased")
    if unreleased and final:
        raise ReleaseError(f"CHANGELOG.md has unreleased changes; name their heading after the version (now {number})")
    if not (text := unreleased or section(changelog, number)):
        raise ReleaseError(f"CHANGELOG.md has no section {number}")
    return f"# Morphoscope {number}{' (draft: changes since)' if unreleased else ''}\n\n{text}\n"


def checksums(files: list[Path]) -> str:
    """One line for each file, as ``sha256sum --check`` reads them."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def interpreter(number: str) -> str | None:
    """The Python of this version: on the path, of pyenv, or one that uv has or can get."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for found in (shutil.which(f"python{number}"), *map(str, sorted(root.glob(f"versions/{number}.*/bin/python")))):
        if found and _answers(found, number):
            return found
    for arguments in (["find"], ["install", "--quiet"], ["find"]):
        done = subprocess.run([_uv(), "python", *arguments, number], capture_output=True, text=True)
        found = done.stdout.strip()
        if done.returncode == 0 and found and _answers(found, number):
            return found
    return None


def _answers(python: str, number: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() == number


def _uv() -> str:
    from uv import find_uv_bin

    return str(find_uv_bin())


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """Run a command; its output, or a ReleaseError with the end of it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise ReleaseError(f"{' '.join(str(word) for word in words[:6])} … ended with {done.returncode}:\n{last}")
    return done.stdout


def build(out: Path) -> list[Path]:
    """The sdist, and the wheel that is built from it."""
    shutil.rmtree(out, ignore_errors=True)
    run(_uv(), "build", "--quiet", "--out-dir", out, ROOT)
    files = sorted(file for file in out.iterdir() if file.suffix in (".whl", ".gz"))
    if len(files) != 2 or not all(f"-{version()}" in file.name for file in files):
        raise ReleaseError(f"expected a wheel and an sdist of {version()}, got {[file.name for file in files]}")
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    return files


def checks(files: list[Path], pythons: dict[str, str], quick: bool) -> Iterator[Check]:
    """What is to be checked, the most telling first."""
    sdist, wheel = sorted(files, key=lambda file: file.suffix)
    numbers = list(pythons)
    yield Check(wheel, numbers[0], CONSTRAINED)
    if quick:
        return
    yield Check(wheel, numbers[0], LOWEST)
    yield Check(wheel, numbers[-1], NEWEST)
    yield from (Check(wheel, number, CONSTRAINED) for number in numbers[1:])
    yield Check(sdist, numbers[-1], CONSTRAINED)


def lowest_versions(python: str, file: Path) -> Path:
    """A file with the lowest versions that pyproject.toml admits; what these need in turn is as new as possible.

    uv chooses the lowest versions of direct requirements only. Those of the wheel would not be direct ones.
    """
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    how = ["--quiet", "--no-header", "--python-version", python, "--resolution", "lowest-direct"]
    run(_uv(), "pip", "compile", *how, *extras, "--output-file", file, ROOT / "pyproject.toml")
    return file


def carry_out(check: Check, python: str, folder: Path) -> None:
    """Install into an empty environment and use it as a person would."""
    place = folder / "environment"
    run(_uv(), "venv", "--quiet", "--clear", "--python", python, place)
    what = f"morphoscope[{','.join(EXTRAS)}] @ {check.file.resolve().as_uri()}"
    install = [_uv(), "pip", "install", "--quiet", "--python", place / "bin" / "python"]
    if check.versions == LOWEST:
        run(*install, "--requirements", lowest_versions(check.python, folder / "lowest.txt"))
        run(*install, "--no-deps", what)
    else:
        run(*install, *(["--constraints", ROOT / "constraints.txt"] if check.versions == CONSTRAINED else []), what)
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    code = (
        "import morphoscope as m, pathlib; f = pathlib.Path(m.__file__).parent; "
        "assert (f / 'py.typed').is_file() and (f / '__init__.pyi').is_file(); print(m.__version__)"
    )
    if (found := run(place / "bin" / "python", "-c", code, cwd=work).strip()) != version():
        raise ReleaseError(f"{check} reports version {found}, expected {version()}")
    run(place / "bin" / "python", "-c", EVERY_MODULE, cwd=work)
    for line in SMOKE:
        run(place / "bin" / "python", "-m", *line.split(), cwd=work)


def main() -> int:
    """Build, check, and write what is to be published."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--final", action="store_true", help="refuse unreleased changes in the changelog")
    parser.add_argument("--tag", help="the tag that is released, which must be v and the version")
    parser.add_argument("--quick", action="store_true", help="check one environment only")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "release", help="folder to write")
    asked = parser.parse_args()
    failed = 0
    try:
        if asked.tag not in (None, f"v{version()}"):
            raise ReleaseError(f"tag {asked.tag}; pyproject.toml has version {version()}, so expected v{version()}")
        text = notes((ROOT / "CHANGELOG.md").read_text(), version(), asked.final)
        files = build(asked.out)
        (asked.out / "SHA256SUMS").write_text(checksums(files))
        (asked.out / "RELEASE_NOTES.md").write_text(text)
        pythons = {number: found for number in PYTHONS if (found := interpreter(number))}
        print(f"Pythons: {', '.join(pythons)}; not here, skipped: {', '.join(set(PYTHONS) - set(pythons)) or 'none'}")
    except ReleaseError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    for check in checks(files, pythons, asked.quick):
        with tempfile.TemporaryDirectory() as folder:
            try:
                carry_out(check, pythons[check.python], Path(folder))
                print(f"passed  {check}", flush=True)
            except ReleaseError as failure:
                failed += 1
                print(f"FAILED  {check}: {failure}", flush=True)
    print(*(f"{file.stat().st_size / 1e6:6.1f} MB  {file}" for file in files), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
