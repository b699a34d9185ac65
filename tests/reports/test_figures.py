"""Maps and montages: their content and texts, and the common colour scale of an atlas."""

import dataclasses
import itertools

import matplotlib
import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.classes import class_colours
from morphoscope.atlas.reader import classifier_title
from morphoscope.core.errors import UsageError
from morphoscope.rendering.style import save
from morphoscope.reports import class_map, montage
from morphoscope.reports.captions import caption
from morphoscope.reports.montage import sheet


def texts(figure):
    """Everything that is written in a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def most(atlas):
    """The class with the most patterns."""
    return max(atlas.counts(), key=atlas.counts().get)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("color", ["class", "margin"])
def test_a_map_is_a_figure_and_a_picture(small_atlas, tmp_path, suffix, color):
    figure = morphoscope.class_map(small_atlas, tmp_path / f"map.{suffix}", color=color)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert (tmp_path / f"map.{suffix}").read_bytes().startswith(start)
    assert isinstance(figure, matplotlib.figure.Figure)


def test_figures_need_no_file_and_notebooks_show_them(small_atlas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for figure in (morphoscope.class_map(small_atlas), morphoscope.montage(small_atlas, most(small_atlas))):
        assert figure._repr_png_().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == []


def test_map_shows_every_class_in_its_colour(small_atlas, tmp_path):
    path = save(class_map(small_atlas), tmp_path / "map.png")
    pixels = {tuple(p) for p in np.unique(np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3), axis=0).tolist()}
    colours = class_colours(small_atlas.classes)
    for index in np.unique(small_atlas.occupancy.majority):
        colour = colours[small_atlas.classes[index]]
        assert tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) in pixels


def test_map_names_axes_classes_lines_parameters_and_classifier(small_atlas):
    text = texts(class_map(small_atlas))
    words = (
        "feed rate",
        "removal rate",
        "non-trivial homogeneous",
        "Du = 0.2, Dv = 0.1",
        "periodic-2d",
        most(small_atlas),
    )
    for word in words:
        assert word in text
    assert "non-trivial" not in texts(class_map(small_atlas, theory=False))


def test_captions_say_what_differs_and_break_lines(small_atlas, uniform_atlas):
    small_atlas = Atlas(small_atlas.folder)
    assert caption(small_atlas) == "Du = 0.2, Dv = 0.1, classifier: periodic-2d trained on nothing"
    small_atlas.metadata["classifier"]["name"] = "a-name"
    assert classifier_title(small_atlas) == "a-name"
    small_atlas.plane = ("Du", "Dv")
    assert caption(small_atlas, width=60) == (
        "f = 0.005 … 0.046 (one square for all), k = 0.05 … 0.063\n(one square for all), classifier: a-name"
    )
    assert caption(uniform_atlas).startswith("classifier")


def test_the_classifier_of_a_study_is_called_by_its_study(small_atlas):
    atlas = Atlas(small_atlas.folder)
    stored = {"name": "classifier", "network": "periodic-2d", "path": "../second/classifier"}
    atlas.metadata["classifier"] = stored
    assert caption(atlas).endswith("classifier: second/classifier (periodic-2d)")
    atlas.metadata["classifier"] = {**stored, "path": None, "training": {"name": "spots"}}
    assert caption(atlas).endswith("classifier: periodic-2d trained on spots")
    atlas.metadata["classifier"] = {"name": "classifier"}
    assert classifier_title(atlas) == "classifier"
    atlas.metadata["classifier"] = None
    assert classifier_title(atlas) == ""


def test_figures_repeat_to_the_byte(small_atlas, tmp_path):
    one, two = (save(class_map(small_atlas), tmp_path / f"{n}.svg").read_bytes() for n in "ab")
    assert one == two


@pytest.mark.parametrize("color", ["margin", "f", "wavelength", "mean", "P(kappa)"])
def test_colour_bars_have_three_ticks_or_more(small_atlas, color):
    figure = class_map(small_atlas, color=color)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[-1].get_yticklabels()]
    assert len(set(labels)) == len(labels) >= 3


def test_cells_of_a_lattice_touch_without_gaps(small_atlas, tmp_path):
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.01, 0.05, 3), "k": (0.05, 0.06, 4)})
    atlas = Atlas(small_atlas.folder)
    atlas.plan, atlas.runs = plan, np.arange(12)
    axes = class_map(atlas, color="f", theory=False).axes[0]
    (cells,) = axes.collections
    corners = np.stack([path.vertices[:4] for path in cells.get_paths()])
    assert corners[..., 0].min() == pytest.approx(0.05 - 0.01 / 6)
    assert np.ptp(corners[..., 0], axis=1) == pytest.approx(0.01 / 3)
    assert np.ptp(corners[..., 1], axis=1) == pytest.approx(0.02)


def test_montage_shows_all_members(small_atlas):
    name = most(small_atlas)
    count = small_atlas.counts()[name]
    text = texts(morphoscope.montage(small_atlas, name))
    assert text.count("f=0.0") == count
    assert "red, green, blue: t = 60, 90, 120" in text
    assert "Du = 0.2, Dv = 0.1, classifier: periodic-2d" in text.replace("\n", " ")
    few = texts(morphoscope.montage(small_atlas, name, most=2))
    assert few.count("f=0.0") == 2
    assert "2 shown" in few


def test_labels_of_a_montage_do_not_cover_each_other(small_atlas):
    labels = [f"beta={1.4 + i / 10:g} delta=38.571  0.000{i}" for i in range(12)]
    figure = sheet(small_atlas, np.arange(12), "all", labels)
    figure.draw_without_rendering()
    shown = figure.axes[0].texts
    assert [text.get_text().replace("\n", "  ") for text in shown] == labels
    boxes = [text.get_window_extent() for text in shown]
    assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_marks_on_a_lattice_are_as_large_in_the_legend(uniform_atlas, monkeypatch):
    def cross(axes, atlas, across, up, mark):
        assert mark.cell is not None
        axes.scatter(across[:1], up[:1], s=25, marker="x", c="black", label="unknown  (1)")

    monkeypatch.setattr("morphoscope.reports.classmap.mark_unknown", cross)
    legend = class_map(uniform_atlas, theory=False).axes[0].get_legend()
    assert legend.legend_handles[-1].get_sizes().tolist() == [25]


def test_coexistence_needs_several_runs_a_point(uniform_atlas):
    with pytest.raises(UsageError, match="has one run at each point; coexistence needs several"):
        class_map(uniform_atlas, color="coexistence")


def test_an_atlas_has_one_scale_in_montages_and_thumbnails(small_atlas):
    name = most(small_atlas)
    members = small_atlas.members(name)
    mosaic = montage(small_atlas, name).axes[0].images[0].get_array()
    frames, (low, high) = small_atlas.frames(members), small_atlas.colour_range
    assert (low, high) == (0.0, 1.0)
    first = np.asarray(mosaic)[48 // 6 : 48 // 6 + 48, :48]
    assert np.allclose(first[..., 2], np.clip(frames[0, -1], low, high), atol=1e-6)


def test_uniform_runs_look_uniform(uniform_atlas):
    import io

    frames = uniform_atlas.frames(np.arange(4))
    assert np.ptp(frames, axis=(1, 2, 3)).max() < 1e-4
    low, high = uniform_atlas.colour_range
    assert low < 0.3 < 0.45 < high
    sheet = np.asarray(Image.open(io.BytesIO(uniform_atlas.thumbnails(0))), dtype=int)
    assert np.ptp(sheet[:64, :64]) <= 2
    name = most(uniform_atlas)
    mosaic = np.asarray(montage(uniform_atlas, name).axes[0].images[0].get_array())
    assert np.ptp(mosaic[mosaic < 1]) < 0.01


def test_an_atlas_of_an_earlier_version_has_a_scale_too(uniform_atlas):
    old = Atlas(uniform_atlas.folder)
    del old.metadata["colour_range"]
    assert old.colour_range[0] < 0.3 < 0.45 < old.colour_range[1]
    older = Atlas(uniform_atlas.folder)
    del older.metadata["colour_range"]
    older.descriptors = {}
    assert older.colour_range == pytest.approx(old.colour_range, rel=1e-3)


@pytest.mark.parametrize("name", ["map.jpeg", "map", "map.exe"])
def test_unknown_formats_are_refused_before_work(small_atlas, tmp_path, name):
    for draw in (morphoscope.class_map, lambda atlas, out: morphoscope.montage(atlas, "H", out)):
        with pytest.raises(UsageError, match=r"use \.png"):
            draw(small_atlas, tmp_path / name)


def test_unknown_colour_and_empty_montage(small_atlas, tmp_path):
    with pytest.raises(UsageError, match="did you mean 'margin'"):
        morphoscope.class_map(small_atlas, tmp_path / "m.png", color="margn")
    with pytest.raises(UsageError, match="use 1 or more"):
        morphoscope.montage(small_atlas, most(small_atlas), tmp_path / "m.png", most=0)
    assert list(tmp_path.iterdir()) == []


def test_a_parameter_without_a_meaning_is_named_alone(uniform_atlas):
    axes = class_map(uniform_atlas, theory=False).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "c")


def test_long_class_names_stay_in_the_figure(small_atlas, tmp_path):
    name = "labyrinth with defects that move slowly"
    atlas = Atlas(small_atlas.folder)
    atlas.reading = dataclasses.replace(atlas.reading, classes=(name, *atlas.classes[1:]))
    figure = class_map(atlas)
    figure.draw_without_rendering()
    box = figure.axes[0].get_legend().get_window_extent()
    assert box.x1 <= figure.bbox.x1 + 1
    assert figure.axes[0].get_position().width > 0.4


def test_class_colours_are_distinct():
    names = [*morphoscope.Atlas("gray-scott").classes, "new", "newer"]
    assert len(set(class_colours(names).values())) == len(names) == 18
