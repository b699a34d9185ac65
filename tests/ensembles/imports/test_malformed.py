"""A sample of malformed files, refused in one line with nothing left; benchmarks/malformed.py tries all of them."""

import pytest

import morphoscope
from tests.ensembles.imports.malformed import made

LONG = ("bomb, a.mat", "bomb, a.h5", "bomb, a.nc", "bomb, a.npz", "bomb, a.zarr", "bomb, a.png", "many entries, a.npz",
        "many groups, a.h5", "gzip bomb, a.csv", "gzip bomb, a.txt")  # fmt: skip
SAMPLE = [case for case in made() if f"{case.kind}, {case.name}" not in LONG][::4]


@pytest.mark.parametrize("case", SAMPLE, ids=[f"{case.kind} {case.name}" for case in SAMPLE])
def test_a_malformed_file_is_refused_in_one_line(tmp_path, capfd, case):
    case.make(tmp_path / case.name)
    with pytest.raises(morphoscope.UsageError) as error:
        morphoscope.import_patterns(tmp_path / case.name, tmp_path / "out")
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == [case.name]
