"""A document or a file that was changed is never read as what was written."""

import contextlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.core.checksums import document_hash, inspect_files, record_files, verify_file
from morphoscope.core.errors import DataError
from morphoscope.core.storage import read_json, write_json

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "sha256"), TREES, max_size=4))
def test_neither_order_nor_notation_matters(values):
    """Written in any way, it is the same document."""
    keys = list(values)
    random.Random(0).shuffle(keys)
    turned = {key: values[key] for key in keys}
    assert document_hash(json.dumps(values)) == document_hash(json.dumps(turned, indent=3, ensure_ascii=True))
    assert document_hash('{"a": [1, 0.5, -0.0, "é"]}') == document_hash('{"a":[1.0,5e-1,0,"\\u00e9"]}')
    assert document_hash('{"a": 1}') != document_hash('{"a": true}')


def test_a_document_is_verified_and_its_checksum_is_not_part_of_it(tmp_path):
    values = {"name": "κ", "numbers": [1, 0.1, 1e-300, 2**60], "deep": {"sha256": "kept"}}
    write_json(tmp_path / "a.json", values)
    assert read_json(tmp_path / "a.json", "a test") == values
    assert len(json.loads((tmp_path / "a.json").read_text())["sha256"]) == 64


def test_no_flipped_bit_is_read(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"name": "spots", "numbers": [1, 0.125], "on": True})
    whole = path.read_bytes()
    expected, harmless = read_json(path, "a test"), 0
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with contextlib.suppress(DataError):
            found = read_json(path, "a test")
            # A bit of the white space, or of the word sha256.
            assert {key: found.get(key) for key in expected} == expected
            harmless += 1
    assert harmless < len(whole)


def test_a_person_may_change_a_document_without_its_checksum(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"dt": 0.5})
    path.write_text(path.read_text().replace("0.5", "0.25"))
    with pytest.raises(DataError, match=r'was changed or damaged .* remove its entry "sha256"; otherwise restore it'):
        read_json(path, "a test")
    changed = json.loads(path.read_text())
    del changed["sha256"]
    path.write_text(json.dumps(changed))
    assert read_json(path, "a test") == {"dt": 0.25}


def test_files_are_verified(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a").write_bytes(b"weights")
    (tmp_path / "deep" / "b").write_bytes(b"points")
    described = {"files": record_files(tmp_path)}
    assert list(described["files"]) == ["a", "deep/b"]
    assert inspect_files(tmp_path, described, "make it again") == []
    verify_file(tmp_path, "unknown", described, "make it again")
    verify_file(tmp_path, "a", {}, "make it again")  # of an earlier version
    (tmp_path / "a").write_bytes(b"Weights")
    with pytest.raises(DataError, match=r"a is damaged \(its SHA-256 is not the recorded one\); make it again"):
        verify_file(tmp_path, "a", described, "make it again")
    (tmp_path / "a").write_bytes(b"weight")
    (tmp_path / "deep" / "b").unlink()
    found = inspect_files(tmp_path, described, "make it again")
    assert [(f.file, f.problem) for f in found] == [("a", "6 bytes instead of 7"), ("deep/b", "it does not exist")]


def test_a_record_names_no_file_outside_the_folder(tmp_path):
    for name in ("../a", "/dev/zero"):
        described = {"files": {name: {"sha256": "", "bytes": 0}}}
        assert "outside" in inspect_files(tmp_path, described, "x")[0].problem
