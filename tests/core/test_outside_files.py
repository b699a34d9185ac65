"""What comes from outside is bounded in kind and size before it is read; damage is one line."""

import io
import os
import threading
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import morphoscope
from morphoscope.cli import main
from morphoscope.core import outside_arrays
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_arrays import load_archive, load_array, open_image, reading
from morphoscope.core.outside_files import check_file, read_bytes, read_text


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    return tmp_path / "pipe.npy"


def archive(arrays, **options):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, **options)
    return buffer.getvalue()


def plain(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(shape, dtype="<f8"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def test_kinds_of_files(tmp_path, pipe):
    for path, kind in ((pipe, "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=f"{path} is {kind}; expected a table in a regular file"):
            check_file(path, "a table")
    with pytest.raises(DataError, match="does not exist; expected a table"):
        check_file(tmp_path / "absent", "a table")
    with pytest.raises(DataError, match="can't be read"):
        check_file(tmp_path / ("long" * 100), "a table")
    (tmp_path / "a").write_bytes("κ".encode() * 10)
    assert check_file(tmp_path / "a", "a table", 20) == 20
    with pytest.raises(DataError, match="has 20 bytes; at most 19 are read"):
        read_bytes(tmp_path / "a", "a table", 19)
    assert read_text(tmp_path / "a", "a table", 20) == "κ" * 10
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(DataError, match="not UTF-8"):
        read_text(tmp_path / "a", "a table", 20)


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "gray-scott", "--size", "48x48", "--until", "1", "--initial", "FILE.npy"),
        ("simulate", "gray-scott", "--size", "48x48", "--until", "1", "--initial", "FILE.png"),
        ("simulate", "gray-scott", "--size", "48x48", "--until", "1", "-p", "f=FILE.npy"),
        ("ensemble", "FILE.json"),
        ("ensemble", "--model", "gray-scott", "--points", "FILE.csv"),
        ("models", "check", "FILE.toml"),
        ("classify", "FILE.npy"),
        ("classify", "FILE.npz"),
        ("classify", "FILE.tif"),
        ("classify", "FILE.png"),
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_no_command_waits_for_a_special_file(kind, command, tmp_path, capsys):
    name = next(word for word in command if "FILE" in word).rpartition("FILE")[2]
    path = tmp_path / f"special{name}"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    given_words = [word.replace(f"FILE{name}", str(path)) for word in command]
    with pytest.raises(SystemExit) as left:
        main([*given_words, *(["--out", str(tmp_path / "out")] if command[0] in ("simulate", "ensemble") else [])])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert left.value.code == 2
    assert str(path) in said or path.name in said
    assert not (tmp_path / "out").exists()


def test_an_archive_is_not_expanded_beyond_its_bounds(tmp_path):
    """2.3 MB of zeros would become 8.9 GiB."""
    path = tmp_path / "bomb.npz"
    block = zipfile.ZipInfo("u.npy")
    block.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as bomb, bomb.open(block, "w", force_zip64=True) as entry:
        entry.write(header((9, 1024, 1024, 128)))
        entry.write(bytes(2**20))  # enough: nothing behind the header is looked at
    with pytest.raises(DataError, match=r"bomb.npz holds arrays of 9,663,676,416 bytes; at most 4,294,967,296"):
        load_archive(path, path.name, "arrays")
    with pytest.raises(UsageError, match="at most"):
        morphoscope.classify("gray-scott-second-pass", path)
    with pytest.raises(UsageError, match="at most"):
        morphoscope.simulate("gray-scott", size=48, until=1, initial=str(path))


def test_an_archive_that_expands_too_far_is_refused(monkeypatch):
    content = archive({"u": np.zeros(100_000)})
    assert len(load_archive(content, "a.npz", "arrays")[0]["u"]) == 100_000
    monkeypatch.setattr(outside_arrays, "ALWAYS_EXPANDED_BYTES", 1000)
    with pytest.raises(DataError, match=r"a.npz would expand from [\d,]+ to 800,000 bytes; at most 200 times"):
        load_archive(content, "a.npz", "arrays")
    assert list(load_archive(content, "a.npz", "arrays", "v".__eq__)[0]) == []


def test_only_the_arrays_that_are_wanted_are_read():
    arrays, known = load_archive(archive({"u": np.ones(3), "v": np.ones(4)}), "a.npz", "arrays", "u".__eq__)
    assert (list(arrays), known) == (["u"], ["u", "v"])


def test_a_header_that_promises_more_than_there_is():
    with pytest.raises(DataError, match=r"is cut off: .* bytes of an array of 800,000"):
        load_array(header((100_000,)) + bytes(80), "a.npy", "an array")
    with pytest.raises(DataError, match="at most"):
        load_array(header((2**40,)) + bytes(80), "a.npy", "an array")
    with pytest.raises(DataError, match="no size"):
        load_array(header((2**60,), "|S0"), "a.npy", "an array")


def test_pickled_objects_are_refused():
    content = plain(np.array([{}], dtype=object))
    with pytest.raises(DataError, match="could run code"):
        load_array(content, "a.npy", "an array")
    with pytest.raises(DataError, match="could run code"):
        load_archive(archive({"u": np.array([{}], dtype=object)}), "a.npz", "arrays")


NUMBERS = np.linspace(0, 1, 30).reshape(5, 6)


@settings(max_examples=150)
@given(st.data())
def test_damage_is_one_line(data):
    """Cut off, or with any bits flipped, a file is read as some array or refused in one line."""
    kind = data.draw(st.sampled_from(["npy", "npz", "png"]))
    picture = io.BytesIO()
    Image.fromarray((NUMBERS * 255).astype(np.uint8)).save(picture, "PNG")
    content = {"npy": plain(NUMBERS), "npz": archive({"u": NUMBERS}), "png": picture.getvalue()}[kind]
    damaged = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for _ in range(data.draw(st.integers(0, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        if kind == "npy":
            load_array(bytes(damaged), "a", "an array")
        elif kind == "npz":
            load_archive(bytes(damaged), "a", "arrays")
        else:
            with open_image(bytes(damaged), "a") as image:
                image.convert("L")
    except DataError as error:
        line = str(error)
    else:
        line = "read"
    assert "\n" not in line


def test_pillow_opens_the_formats_that_are_named_only(tmp_path, monkeypatch):
    """An EPS named .png would start Ghostscript."""
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started"))
    path = tmp_path / "a.png"
    Image.new("L", (48, 48)).save(path, "EPS")
    Image.init()
    for read in (
        lambda: morphoscope.classify("gray-scott-second-pass", path),
        lambda: morphoscope.simulate("gray-scott", size=48, until=1, initial=str(path)),
    ):
        with pytest.raises(UsageError, match="can't be read"):
            read()


def test_every_picture_is_opened_with_named_formats():
    source = Path(morphoscope.__file__).parent
    opened = [line for path in source.rglob("*.py") for line in path.read_text().splitlines() if "Image.open(" in line]
    assert opened
    assert all("formats=" in line for line in opened)


def test_threads_that_silence_libtiff_put_standard_error_back(tmp_path):
    """Each keeps what was there; one that came while it was silent would put back silence."""
    path = tmp_path / "a.tif"
    Image.new("L", (8, 8)).save(path)
    before, inside = os.fstat(2), threading.Event()

    def read():
        with open_image(path, "a.tif") as image:
            inside.set()
            time.sleep(0.05)
            image.load()

    first, second = threading.Thread(target=read), threading.Thread(target=read)
    first.start()
    inside.wait(10)
    second.start()
    first.join()
    second.join()
    assert os.path.samestat(os.fstat(2), before)


def test_readers_that_overlap_leave_the_filters_of_warnings_as_they_were():
    before = list(warnings.filters)
    first, second = (reading("a", "an array") for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.warn("damage", UserWarning, stacklevel=1)
    second.__exit__(None, None, None)
    assert not caught
    assert warnings.filters == before
