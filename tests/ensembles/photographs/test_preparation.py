"""From a picture to a field: what must not change does not, and what should go is gone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import morphoscope
from morphoscope import DataError, Preparation, UsageError
from morphoscope.descriptors.coarse import coarse_wavelength, smooth_surface
from morphoscope.ensembles.photographs import geometry
from morphoscope.ensembles.photographs.colour import colour_axis
from tests.ensembles.photographs.patterns import photographed, waves

PLAIN = Preparation(dust="none", noise="none", light="none", contrast="none", square=False)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_light_noise_and_dust_do_not_change_the_wavelength(count, sign):
    picture = photographed(sign * waves((180, 240), 15.0, count), np.random.default_rng(count))
    found = morphoscope.prepare(picture, scale="0.2mm")
    assert found.unit == "mm"
    assert coarse_wavelength(found.values) * found.cell == pytest.approx(3.0, rel=0.03)
    if count == 3:
        assert found.polarity == ("bright" if sign > 0 else "dark")
    if count == 1:
        assert found.polarity == "neither"
    clean = waves((180, 180), 15.0, count)  # up to the shift to the middle square
    assert abs(np.std(found.values) - 1) < 1e-5
    assert np.abs(smooth_surface(found.values)).max() < 0.2  # the light went from 1 to 0.4
    assert np.corrcoef(found.values.ravel(), sign * waves((180, 240), 15.0, count)[:, 30:210].ravel())[0, 1] > 0.9
    assert clean.shape == found.values.shape


def test_uneven_light_is_not_taken_for_a_pattern():
    light = photographed(np.zeros((100, 100)), np.random.default_rng(1), noise=0, specks=0)
    assert np.isnan(coarse_wavelength(light)) or morphoscope.prepare(light).polarity == "neither"


def test_inversion_is_only_made_when_asked():
    picture = photographed(waves((120, 120), 15.0, 3), np.random.default_rng(0))
    plain, inverted = morphoscope.prepare(picture), morphoscope.prepare(picture, Preparation(invert=True))
    assert (plain.polarity, inverted.polarity) == ("bright", "dark")
    np.testing.assert_array_equal(plain.values, -inverted.values)
    assert "inversion" not in [step.name for step in plain.steps]


@given(st.integers(40, 80), st.integers(40, 80), st.floats(-180, 180), st.integers(40, 90), st.booleans())
def test_every_cell_knows_its_pixel_and_no_axis_is_stretched(height, width, degrees, cells, square):
    """A linear field is interpolated exactly: its value in a cell tells the pixel that the cell came from."""
    y, x = np.mgrid[:height, :width]
    settings = Preparation(**{**PLAIN.to_dict(), "rotation": degrees, "cells": cells, "square": square, "region": None})
    found = [morphoscope.prepare(picture.astype(np.float64), settings) for picture in (y, x)]
    field = found[0]
    if square:
        assert field.values.shape[0] == field.values.shape[1]
    turn = field.to_picture[:, :2] / field.cell
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-9)  # a rotation: one factor for both axes
    row, column = np.mgrid[: field.values.shape[0], : field.values.shape[1]]
    for axis, each in enumerate(found):
        place = (field.to_picture[axis, :2] * np.stack([row, column], -1)).sum(-1) + field.to_picture[axis, 2]
        assert place.min() > -0.5
        assert place.max() < (height, width)[axis] - 0.5
        inside = tuple(slice(n // 4, n - n // 4) for n in place.shape)  # reflection bends the ramp near the edges
        np.testing.assert_allclose(each.values[inside], place[inside], atol=0.35)


def test_the_rectangle_inside_a_turned_picture_has_no_corners_from_outside():
    field, back = geometry.rotated(np.ones((40, 90)), 30)
    corners = np.array([[0, 0], [0, field.shape[1] - 1], [field.shape[0] - 1, 0], [n - 1 for n in field.shape]])
    places = corners @ back[:, :2].T + back[:, 2]
    assert (places >= -0.5).all()
    assert (places <= np.array([39.5, 89.5])).all()


def test_valid_edges_are_what_filters_saw_completely():
    picture = photographed(waves((200, 200), 12.0, 3), np.random.default_rng(0), noise=0, specks=0)
    settings = {"dust": "none", "noise": "none", "light": 20.0, "contrast": "none"}
    whole, valid = (morphoscope.prepare(picture, Preparation(**settings, edges=e)) for e in ("reflection", "valid"))
    assert valid.values.shape == (120, 120)
    np.testing.assert_array_equal(valid.values, whole.values[40:160, 40:160])
    np.testing.assert_array_equal(valid.to_picture, [[1, 0, 40], [0, 1, 40]])
    window = morphoscope.prepare(picture, Preparation(edges="window"))
    assert np.abs(window.values[[0, -1]]).max() < 1e-3 * np.abs(window.values).max()


def test_the_colour_axis_finds_a_pattern_that_grey_values_hide():
    pattern = waves((100, 100), 12.0, 3)
    picture = np.stack([0.5 + 0.2 * pattern, 0.5 - 0.2 * 0.299 / 0.587 * pattern, 0.5 + 0 * pattern], axis=-1)
    assert np.ptp(picture @ [0.299, 0.587, 0.114]) < 1e-9
    axis, share = colour_axis(picture)
    assert share > 0.99
    np.testing.assert_allclose(axis, np.array([0.587, -0.299, 0]) / np.hypot(0.587, 0.299), atol=1e-6)
    assert morphoscope.prepare(picture).polarity == "bright"


def test_files_in_colour_are_read_upright_as_the_camera_was_held(tmp_path):
    pattern = photographed(waves((60, 90), 12.0, 1), np.random.default_rng(0), specks=0)
    colours = np.round(255 * np.stack([pattern, 0.5 * pattern, 0.2 + 0 * pattern], -1)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90° clockwise to be upright
    Image.fromarray(np.rot90(colours)).save(tmp_path / "b.png", exif=exif)
    settings = Preparation(**{**PLAIN.to_dict(), "channel": "red", "region": None})
    first, second = (morphoscope.prepare(tmp_path / name, settings) for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_allclose(first.values, colours[..., 0] / 255, atol=1e-6)
    np.testing.assert_allclose(first.original * 255, colours, rtol=1e-6)


def test_settings_travel_as_json_and_every_step_is_kept():
    settings = Preparation(channel="blue", region=(1, 2, 60, 70), rotation=3, cells=40, light=9, edges="window")
    assert Preparation.from_json(settings.to_json()) == settings
    picture = np.random.default_rng(0).random((90, 80, 3))
    found = morphoscope.prepare(picture, settings)
    assert [step.name for step in found.steps] == [
        *("picture", "channel", "region", "rotation", "square", "resampling"),
        *("dust", "noise", "light", "contrast", "edges"),
    ]
    np.testing.assert_array_equal(found.original, picture.astype(np.float32))
    again = morphoscope.prepare(found.original, found.settings)
    np.testing.assert_array_equal(again.values, found.values)


def test_uniform_pictures_stay_uniform():
    found = morphoscope.prepare(np.full((40, 50), 0.3))
    assert found.polarity == "neither"
    assert np.abs(found.values).max() < 1e-6


def test_the_figure_shows_every_step(tmp_path):
    found = morphoscope.prepare(np.random.default_rng(0).random((40, 50, 3)))
    figure = found.plot(tmp_path / "steps.png")
    titles = [axes.get_title(loc="left").partition("\n")[0] for axes in figure.axes if axes.images]
    assert titles == [f"{number}. {step.name}" for number, step in enumerate(found.steps, 1)]
    with Image.open(tmp_path / "steps.png") as drawn:
        assert drawn.width > 1000


WRONG = st.one_of(st.none(), st.text(max_size=4), st.floats(), st.integers(-9, 9), st.lists(st.floats(), max_size=5))


@given(st.dictionaries(st.sampled_from(list(PLAIN.to_dict())), WRONG))
def test_wrong_settings_are_one_line(values):
    refused = None
    try:
        settings = Preparation(**values)
        assert Preparation.from_json(settings.to_json()) == settings
    except UsageError as error:
        refused = error
    assert refused is None or ("\n" not in str(refused) and refused.parameter in values)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"channels": 1}', '{"light": {}}', "[" * 5000, '{"region": "abcd"}']
)
def test_malformed_json_is_one_line(text):
    with pytest.raises(UsageError) as caught:
        Preparation.from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("picture", "settings"),
    [
        (np.zeros((4, 4)), Preparation()),
        (np.zeros(40), Preparation()),
        (np.zeros((40, 40, 2)), Preparation()),
        (np.full((40, 40), np.nan), Preparation()),
        (np.full((40, 40), "a"), Preparation()),
        ([[1], [2, 3]], Preparation()),
        (np.zeros((40, 40)), Preparation(region=(10, 10, 31, 20))),
        (np.zeros((20, 20)), Preparation(rotation=45)),
        (np.zeros((40, 40)), Preparation(light=20, edges="valid")),
        ("nowhere.png", Preparation()),
        (np.zeros((40, 40)), {"light": "none"}),
    ],
)
def test_what_does_not_fit_is_one_line(picture, settings):
    with pytest.raises(UsageError) as caught:
        morphoscope.prepare(picture, settings)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_one_line(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError) as caught:
        morphoscope.prepare(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("degree", [0, 2, 3])
def test_the_smooth_surface_is_that_of_least_squares(degree):
    random = np.random.default_rng(degree)
    field = random.standard_normal((23, 40))
    y, x = (np.arange(n) / n for n in field.shape)
    powers = [np.outer(y**i, x**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)]
    basis = np.stack(powers, axis=1)
    expected = basis @ np.linalg.lstsq(basis, field.ravel(), rcond=None)[0]
    np.testing.assert_allclose(smooth_surface(field, degree).ravel(), expected, atol=1e-10)
