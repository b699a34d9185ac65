import subprocess

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.atlas.classes import class_colours
from morphoscope.core.errors import UsageError
from morphoscope.rendering.composite import composite, widened
from morphoscope.rendering.pictures import save_composite
from morphoscope.rendering.video import save_video
from morphoscope.reports.html import Picture, Section, Table, write_report


def lightness(colour):
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("color", ["class", "margin", "probability"])
def test_map_is_a_picture(workshop, tmp_path, suffix, color):
    path = morphoscope.class_map(workshop / "atlas", tmp_path / f"map.{suffix}", color=color)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


def test_map_shows_every_class_in_its_colour(workshop, tmp_path):
    from morphoscope.atlas import Atlas

    atlas = Atlas(workshop / "atlas")
    pixels = np.asarray(Image.open(morphoscope.class_map(atlas, tmp_path / "map.png")).convert("RGB")).reshape(-1, 3)
    shown = {tuple(p) for p in np.unique(pixels, axis=0).tolist()}
    for name, colour in class_colours(atlas.classes).items():
        assert tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) in shown, name


def test_map_names_axes_classes_and_line(workshop, tmp_path):
    text = morphoscope.class_map(workshop / "atlas", tmp_path / "map.svg").read_text()
    for words in ("feed rate", "removal rate", "kappa", "κ", "non-trivial homogeneous"):
        assert words in text
    assert (
        "non-trivial" not in morphoscope.class_map(workshop / "atlas", tmp_path / "bare.svg", theory=False).read_text()
    )


def test_figures_repeat_to_the_byte(workshop, tmp_path):
    one, two = (morphoscope.class_map(workshop / "atlas", tmp_path / f"{n}.svg").read_bytes() for n in "ab")
    assert one == two


def test_montage_shows_all_members(workshop, tmp_path):
    from morphoscope.atlas import Atlas

    atlas = Atlas(workshop / "atlas")
    name = max(atlas.counts(), key=atlas.counts().get)
    text = morphoscope.montage(atlas, name, tmp_path / "m.svg").read_text()
    assert text.count("f=0.0") == atlas.counts()[name]
    few = morphoscope.montage(atlas, name, tmp_path / "few.svg", most=2).read_text()
    assert few.count("f=0.0") == 2
    assert "2 shown" in few


@pytest.mark.parametrize("name", ["map.jpeg", "map", "map.exe"])
def test_unknown_formats_are_refused_before_work(workshop, tmp_path, name):
    with pytest.raises(UsageError, match=r"use \.png"):
        morphoscope.class_map(workshop / "atlas", tmp_path / name)


def test_unknown_colour_and_empty_montage(workshop, tmp_path):
    with pytest.raises(UsageError, match="did you mean 'margin'"):
        morphoscope.class_map(workshop / "atlas", tmp_path / "m.png", color="margn")
    with pytest.raises(UsageError, match="use 1 or more"):
        morphoscope.montage(workshop / "atlas", "H", tmp_path / "m.png", most=0)
    assert list(tmp_path.iterdir()) == []


def test_class_colours_are_distinct():
    names = (
        *[
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "pi",
            "L",
            "H",
        ],
        "new",
        "newer",
    )
    assert len(set(class_colours(names).values())) == len(names)


def test_resting_patterns_are_grey_and_moving_ones_coloured():
    rest = np.repeat(np.random.default_rng(0).random((1, 8, 8)), 3, axis=0).astype(np.float32)
    assert np.ptp(composite(rest), axis=-1).max() == 0
    moving = np.stack([np.roll(rest[0], i, axis=0) for i in range(3)])
    assert np.ptp(composite(moving), axis=-1).max() > 0.1
    ten = np.arange(10, dtype=np.float32)[:, None, None] / 10 + np.zeros((10, 2, 2), np.float32)
    assert composite(ten)[0, 0].tolist() == pytest.approx([0.0, 0.5, 0.9])


def test_a_models_range_is_widened_to_where_its_patterns_are():
    frames = np.random.default_rng(0).uniform(0.0, 8.0, (3, 2, 10, 10)).astype(np.float32)
    low, high = widened(frames, (1.0, 6.0))
    assert low < 1.0 <= 6.0 < high
    assert widened(frames / 10, (0.0, 1.0)) == (0.0, 1.0)
    assert widened(frames, None) is None
    assert composite(frames, (low, high)).max() == 1


def test_without_a_range_every_pattern_has_its_own():
    frames = np.stack([np.full((3, 4, 4), 5.0), np.arange(48.0).reshape(3, 4, 4)]).astype(np.float32)
    drawn = composite(frames, None)
    assert not drawn[0].any()
    assert (drawn[1].min(), drawn[1].max()) == (0, 1)


def test_composite_png_holds_the_concentrations(tmp_path):
    frames = np.random.default_rng(0).random((3, 10, 12))
    pixels = np.asarray(Image.open(save_composite(frames, tmp_path / "u.png")))
    assert np.allclose(pixels / 255, np.moveaxis(frames, 0, 2), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("shape", [(20, 30, 41), (12, 400, 390)])
def test_video_has_its_frames(tmp_path, shape):
    import imageio_ffmpeg

    path = save_video(np.random.default_rng(0).random(shape), tmp_path / "a.mp4")
    count, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert count == shape[0]
    check = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "null", "-"],
        capture_output=True,
    )
    assert check.returncode == 0
    assert check.stderr == b""


def test_report_is_self_contained_and_escapes(tmp_path):
    picture = Picture(save_composite(np.ones((3, 4, 4)), tmp_path / "p.png"), "a <b>caption</b>")
    sections = [Section("One & two", ["<script>x</script>"], [Table(["a"], [["<1>"]])], [picture], [picture], "code")]
    text = write_report(tmp_path / "report.html", "Title", "lead", sections).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert text.count("data:image/png;base64,") == 2
