"""Damaged files: whatever is changed, a file is imported or refused in one line, and nothing is left behind."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import morphoscope
from tests.ensembles.imports.files import write_all

KINDS = ("plain.npy", "plain.npz", "five.mat", "seven.mat", "four.nc", "well.hdf5", "bench.h5", "grey.png", "deep.tif")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    write_all(folder)
    return folder


@st.composite
def mutations(draw):
    """Where, relative to the beginning or the whole, and what: cut off, other bytes, or bytes put in."""
    return draw(st.sampled_from(("cut", "change", "insert"))), draw(st.floats(0, 1)), draw(st.booleans()), draw(
        st.binary(min_size=1, max_size=16)
    )  # fmt: skip


def mutated(content, kind, place, early, other):
    at = int(place * (min(len(content), 1024) if early else len(content)))
    if kind == "cut":
        return content[:at]
    return content[:at] + other + content[at + (len(other) if kind == "change" else 0) :]


@pytest.mark.parametrize("name", KINDS)
def test_a_mutated_file_is_imported_or_refused(files, tmp_path, name):
    content, file, out = (files / name).read_bytes(), tmp_path / name, tmp_path / "out"

    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(mutations())
    def check(mutation):
        file.write_bytes(mutated(content, *mutation))
        said = ""
        try:
            morphoscope.import_patterns(file, out)
            shutil.rmtree(out)
        except morphoscope.UsageError as error:
            said = str(error)
        assert "\n" not in said
        assert {path.name for path in tmp_path.iterdir()} == {name}

    check()
