"""Descriptors against patterns whose answers are known, and against SciPy, scikit-image and plain Python."""

import math

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from morphoscope.core.errors import UsageError
from morphoscope.descriptors import BY_NAME, DESCRIPTORS, NAMES, measure
from morphoscope.descriptors.motion import displacement, drift_speed, period
from morphoscope.descriptors.shapes import euler_characteristic, regions, shapes
from morphoscope.descriptors.spectrum import spectrum

CLOSED = (False, False)
N = 96


def wave(ny, nx, *, shape=(N, N), moved=(0.0, 0.0), phase=0.0):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.cos(2 * np.pi * (ny * (y - moved[0]) / shape[0] + nx * (x - moved[1]) / shape[1]) + phase)


def labyrinth(seed, shape=(64, 64), cells=9.0, moved=(0.0, 0.0)):
    """Waves of all directions and about one wavelength; their phases displace them by fractions of a cell."""
    rng = np.random.default_rng(seed)
    qy, qx = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None, :]
    ring = np.exp(-(((np.hypot(qy, qx) - 1 / cells) / 0.02) ** 2)) * np.exp(2j * np.pi * rng.random(shape))
    field = np.fft.ifft2(ring * np.exp(-2j * np.pi * (qy * moved[0] + qx * moved[1]))).real
    return field / field.std()


def discs(centres, radius, shape=(N, N)):
    """1 in discs on the torus, 0 elsewhere, with soft edges."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    away = [
        np.hypot(*((axis - c + n / 2) % n - n / 2 for axis, c, n in zip((y, x), centre, shape, strict=True)))
        for centre in centres
    ]
    return 1 / (1 + np.exp(6 * (np.min(away, axis=0) - radius)))


# spectrum


@pytest.mark.parametrize("waves", [(3, 4), (5, 2), (10, 0), (0, 7), (9, -7), (1, 0), (1, 1), (2, 1)])
def test_a_plane_wave_has_its_length_between_the_rings_too(waves):
    found = spectrum(0.4 + 0.1 * wave(*waves), spacing=0.5)
    length = 0.5 * N / math.hypot(*waves)
    assert found.wavelength == pytest.approx(length, rel=1e-9)
    assert found.wavenumber == pytest.approx(2 * np.pi / length, rel=1e-9)
    assert found.width == pytest.approx(0, abs=1e-7)
    assert found.anisotropy == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("length", [6.3, 9.1, 12.37, 17.9])
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.3])
def test_a_wave_that_does_not_fit_has_its_length_on_a_closed_grid(length, angle):
    y, x = np.mgrid[:N, :N]
    found = spectrum(np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length + 0.3), 1.0, CLOSED)
    assert found.wavelength == pytest.approx(length, rel=0.01)
    assert found.anisotropy > 0.97


def test_harmonics_and_background_do_not_move_the_peak():
    field = wave(0, 4) + 0.4 * wave(0, 8) + 0.2 * wave(0, 12) + 0.3 * wave(0, 1)
    assert spectrum(field).wavelength == pytest.approx(N / 4)


def test_two_waves_have_the_mean_and_width_of_two_numbers():
    found = spectrum(wave(0, 6) + wave(10, 0))
    assert found.wavenumber == pytest.approx(2 * np.pi * 8 / N)
    assert found.width == pytest.approx(2 * np.pi * 2 / N)
    assert found.anisotropy == pytest.approx(0, abs=1e-9)
    assert spectrum(2 * wave(0, 6) + wave(6, 0)).anisotropy == pytest.approx((4 - 1) / (4 + 1))


def test_a_labyrinth_is_nearly_isotropic_and_hexagons_are():
    assert spectrum(labyrinth(1, (128, 128))).anisotropy < 0.15
    y, x = np.mgrid[:90, :104]  # 104/90 ≈ 2/√3: hexagons fit
    hexagons = np.cos(2 * np.pi * 10 * y / 90) + 2 * np.cos(np.pi * 10 * y / 90) * np.cos(2 * np.pi * 10 * x / 104)
    assert spectrum(hexagons).anisotropy < 0.01


def test_one_dimension():
    field = wave(0, 12, shape=(1, N))
    found = measure(np.stack([field, np.roll(field, 2, axis=1)]), spacing=0.5)
    assert found["wavelength"] == pytest.approx(0.5 * N / 12)
    assert (found["spots"], found["holes"], found["euler"]) == (12, 12, 12)
    assert found["spot_area"] + found["hole_area"] == pytest.approx(0.5 * N / 12)  # lengths
    assert found["drift_speed"] == pytest.approx(1.0)


# shapes


def test_discs_are_counted_across_the_edges_too():
    centres = [(0, 0), (0, 50), (40, 95), (48, 48), (80, 20)]
    radius = 8.0
    found = shapes(discs(centres, radius), spacing=0.5)
    assert (found.spots, found.holes, found.euler) == (5, 0, 5)
    assert found.spot_area == pytest.approx(0.25 * np.pi * radius**2, rel=0.03)
    turned = shapes(1 - discs(centres, radius), spacing=0.5)
    assert (turned.spots, turned.holes, turned.euler) == (0, 5, -5)
    assert turned.hole_area == pytest.approx(0.25 * np.pi * radius**2, rel=0.03)
    assert math.isnan(turned.spot_area)


def test_discs_cut_by_a_closed_edge_are_counted_once_a_piece():
    found = shapes(discs([(0, 0), (48, 48)], 8.0), periodic=CLOSED)
    assert (found.spots, found.holes, found.euler) == (5, 0, 5)
    one_way = shapes(discs([(0, 0), (48, 48)], 8.0), periodic=(True, False))
    assert one_way.spots == 3


def test_rings_stripes_and_plain_fields():
    ring = shapes(discs([(0, 0)], 30.0) - discs([(0, 0)], 15.0))
    assert (ring.spots, ring.holes, ring.euler) == (1, 1, 0)
    for waves in ((0, 6), (5, 0), (3, 4), (6, -6)):
        found = shapes(wave(*waves, phase=0.1))
        assert (found.spots, found.holes, found.euler) == (0, 0, 0)
    straight = shapes(wave(0, 6, phase=-1.5), periodic=CLOSED)
    assert (straight.spots, straight.holes, straight.euler) == (0, 0, 6)
    assert shapes(np.full((16, 16), 0.3)).spots == shapes(np.full((16, 16), 0.3)).euler == 0


def flood(mask, periodic):
    """Regions by flood fill, in plain Python: (area, whether it reaches across) for each."""
    height, width = mask.shape
    seen, found = {}, []
    for start in zip(*np.nonzero(mask), strict=True):
        if tuple(map(int, start)) in seen:
            continue
        start = tuple(map(int, start))
        seen[start] = (0, 0)
        heap, across, members = [start], False, []
        while heap:
            y, x = place = heap.pop()
            members.append(place)
            turns = seen[place]
            for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                ty, tx = (y + dy) // height, (x + dx) // width
                if (ty and not periodic[0]) or (tx and not periodic[1]):
                    continue
                to, turned = ((y + dy) % height, (x + dx) % width), (turns[0] + ty, turns[1] + tx)
                if not mask[to]:
                    continue
                if to not in seen:
                    seen[to] = turned
                    heap.append(to)
                across |= seen[to] != turned
        for axis in (0, 1):
            ends = {place[axis] for place in members}
            across |= not periodic[axis] and {0, mask.shape[axis] - 1} <= ends
        found.append((len(members), across))
    return sorted(found)


masks = arrays.arrays(np.bool_, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.booleans())
both = st.tuples(st.booleans(), st.booleans())


@given(masks, both)
def test_regions_are_those_of_flooding(mask, periodic):
    found = regions(mask, periodic)
    assert sorted(zip(found.areas.tolist(), found.across.tolist(), strict=True)) == flood(mask, periodic)


@given(masks)
def test_euler_characteristic_is_scikit_images_on_a_closed_grid(mask):
    from skimage.measure import euler_number

    assert euler_characteristic(mask, CLOSED) == euler_number(mask, connectivity=1)


@given(masks, st.integers(0, 8), st.integers(0, 8))
def test_euler_characteristic_on_a_torus(mask, dy, dx):
    """It knows no origin, is twice as much on two copies, and is regions less holes inside one contractible patch."""
    value = euler_characteristic(mask)
    assert euler_characteristic(np.roll(mask, (dy, dx), (0, 1))) == value
    assert euler_characteristic(np.tile(mask, (2, 3))) == 6 * value
    inside = np.pad(mask, 1)
    corners = scipy.ndimage.label(~inside, np.ones((3, 3)))[1] - 1  # holes of side-sharing cells meet at corners
    assert euler_characteristic(inside) == scipy.ndimage.label(inside)[1] - corners


# movement


@pytest.mark.parametrize("moved", [(0.3, 0.2), (0.0, 0.5), (1.6, -2.25), (0.001, 0.0), (-7.3, 12.8)])
def test_a_displaced_labyrinth_is_found_to_a_small_part_of_a_cell(moved):
    first, second = labyrinth(3), labyrinth(3, moved=moved)
    assert displacement(first, second) == pytest.approx(moved, abs=1e-5)
    speed = drift_speed(np.stack([first, second]), np.array([10.0, 14.0]), spacing=0.5)
    assert speed == pytest.approx(math.hypot(*moved) * 0.5 / 4, abs=1e-6)


@pytest.mark.parametrize("moved", [(0.3, 0.2), (-2.4, 3.1)])
def test_displacement_on_a_closed_grid(moved):
    """New pattern comes in at the edges: a window of a larger one moves."""
    first, second = (labyrinth(4, (160, 160), moved=m)[30:130, 30:130] for m in ((0, 0), moved))
    assert displacement(first, second, CLOSED) == pytest.approx(moved, abs=0.02)


def test_scikit_image_finds_the_same_displacement():
    from skimage.registration import phase_cross_correlation

    first, second = labyrinth(5), labyrinth(5, moved=(2.37, -1.61))
    shift = phase_cross_correlation(second, first, upsample_factor=100, normalization=None)[0]
    assert displacement(first, second) == pytest.approx(tuple(shift), abs=0.01)


def test_stripes_move_across_themselves_and_by_less_than_half_a_wavelength():
    for moved, normal in (((0.0, 1.7), (0.0, 1.7)), ((5.0, 1.7), (0.0, 1.7)), ((0.0, 9.0), (0.0, 9.0 - N / 10))):
        assert displacement(wave(0, 10), wave(0, 10, moved=moved)) == pytest.approx(normal, abs=1e-6)
    oblique = displacement(wave(6, 8), wave(6, 8, moved=(0.0, 1.0)))
    assert oblique == pytest.approx((0.48, 0.64), abs=1e-6)  # 0.8 along (0.6, 0.8)


def test_what_does_not_drift_has_no_drift_speed():
    times = np.array([0.0, 1.0])
    assert math.isnan(drift_speed(np.stack([labyrinth(1), labyrinth(2)]), times))
    assert math.isnan(drift_speed(np.stack([wave(0, 4), -0.5 * wave(0, 4)]), times))
    assert math.isnan(drift_speed(np.full((2, 8, 8), 0.3), times))
    assert math.isnan(drift_speed(labyrinth(1)[None], np.array([0.0])))
    assert drift_speed(np.stack([labyrinth(1)] * 2), times) == 0


@pytest.mark.parametrize("length", [4.4, 5.3, 6.0, 8.7])
def test_the_period_of_an_oscillation_and_of_a_travelling_wave(length):
    t = np.arange(30.0)
    phases = 2 * np.pi * t / length
    together = np.cos(phases)[:, None, None] * np.ones((6, 6)) + 0.2 * wave(0, 2, shape=(6, 6))
    assert period(together, 0.5 * t) == pytest.approx(0.5 * length, rel=0.02)
    travelling = np.stack(
        [wave(0, 3, shape=(24, 24), phase=p) + 0.2 * wave(0, 6, shape=(24, 24), phase=2 * p) for p in phases]
    )
    assert period(travelling, 0.5 * t) == pytest.approx(0.5 * length, rel=0.02)


def test_no_period_in_few_frames_at_rest_in_growth_and_in_noise():
    t = np.arange(20.0)
    swinging = np.cos(2 * np.pi * t / 4)[:, None, None] * np.ones((6, 6))
    assert math.isnan(period(swinging[:7], t[:7]))
    assert period(swinging[:8], t[:8]) == pytest.approx(4)
    assert math.isnan(period(swinging, t**1.5))
    assert math.isnan(period(np.ones((20, 6, 6)), t))
    assert math.isnan(period(np.exp(t / 9)[:, None, None] * wave(0, 2, shape=(6, 6)), t))
    assert math.isnan(period(np.random.default_rng(0).random((20, 16, 16)), t))


# all together


def test_the_table_is_what_is_measured():
    found = measure(labyrinth(0)[None])
    assert tuple(found) == NAMES == tuple(d.name for d in DESCRIPTORS)
    assert BY_NAME["drift_speed"].title == "drift speed between the last two frames (length/time)"
    assert BY_NAME["euler"].title.endswith("threshold")
    assert all(isinstance(value, float) for value in found.values())


def test_plain_statistics_and_activity():
    frames = np.random.default_rng(0).random((3, 16, 24)).astype(np.float32)
    found = measure(frames, times=(0, 1, 3))
    last = frames[-1].astype(float)
    assert found["mean"] == pytest.approx(last.mean())
    assert found["variance"] == pytest.approx(last.var())
    assert (found["minimum"], found["maximum"]) == (last.min(), last.max())
    assert found["activity"] == pytest.approx(np.sqrt(((last - frames[1]) ** 2).mean()) / 2)


def test_a_homogeneous_state_has_no_pattern():
    found = measure(np.full((3, 32, 32), 0.3, np.float32))
    undefined = {name for name, value in found.items() if math.isnan(value)}
    assert undefined == {
        "wavelength", "wavenumber", "spectral_width", "anisotropy", "spot_area", "hole_area", "drift_speed", "period",
    }  # fmt: skip
    assert found["spots"] == found["holes"] == found["euler"] == found["activity"] == 0
    for amplitude in (2e-7, 2e-4):  # the larger one is what slow decay leaves in float32 beside a Turing line
        pattern = labyrinth(1, (32, 32))
        left = np.full((3, 32, 32), 4.5) + amplitude * pattern / pattern.std()
        assert math.isnan(measure(left.astype(np.float32))["wavelength"])


def alike(one, two, **scales):
    for name, value in one.items():
        expected = value * scales.get(name, 1.0)
        assert two[name] == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True), name


patterns = st.builds(
    lambda seed, shape, cells, moved: np.stack([labyrinth(seed, shape, cells), labyrinth(seed, shape, cells, moved)]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([(32, 32), (32, 48), (33, 40)]),
    st.floats(5, 12),
    st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
)


@given(patterns, st.integers(0, 47), st.integers(0, 47))
def test_periodic_patterns_have_no_origin(frames, dy, dx):
    alike(measure(frames), measure(np.roll(frames, (dy, dx), (1, 2))))


@given(patterns, st.integers(1, 3), st.booleans())
def test_patterns_have_no_orientation(frames, turns, periodic):
    whole = (periodic, periodic)
    alike(measure(frames, periodic=whole), measure(np.rot90(frames, turns, (1, 2)), periodic=whole))


@given(patterns, st.integers(-8, 8))
def test_an_offset_moves_the_levels_only(frames, offset):
    frames = np.round(frames * 2**20) / 2**20  # so that sums are exact
    before, after = measure(frames), measure(frames + offset)
    for name in ("mean", "minimum", "maximum"):
        assert after.pop(name) == pytest.approx(before.pop(name) + offset, abs=1e-9)
    alike(before, after)


@given(patterns, st.floats(0.1, 10), st.floats(0.1, 10))
def test_lengths_scale_with_the_spacing_and_times_with_time(frames, spacing, apart):
    scales = {
        "wavelength": spacing, "wavenumber": 1 / spacing, "spectral_width": 1 / spacing, "spot_area": spacing**2,
        "hole_area": spacing**2, "activity": 1 / apart, "drift_speed": spacing / apart, "period": apart,
    }  # fmt: skip
    alike(measure(frames), measure(frames, spacing=spacing, times=(1.0, 1.0 + apart)), **scales)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(4, 7)),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    both,
)
def test_whatever_the_numbers_there_are_descriptors_and_no_warning(frames, periodic):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(frames, periodic=periodic)
    assert not any(math.isinf(value) for value in found.values())
    assert math.isnan(found["anisotropy"]) or 0 <= found["anisotropy"] <= 1
    assert found["euler"] <= found["spots"] + frames.shape[1] * frames.shape[2]


@pytest.mark.parametrize(
    ("frames", "times", "words"),
    [
        (np.zeros((8, 8)), None, "expected \\(time, y, x\\)"),
        (np.zeros((0, 8, 8)), None, "expected \\(time, y, x\\)"),
        (np.zeros((2, 1, 3)), None, "4 cells"),
        (np.zeros((2, 8, 8)), (1.0,), "one ascending time"),
        (np.zeros((2, 8, 8)), (1.0, 1.0), "one ascending time"),
        (np.full((2, 8, 8), np.nan), None, "not finite"),
    ],
)
def test_bad_frames_are_refused(frames, times, words):
    with pytest.raises(UsageError, match=words):
        measure(frames, times=times)
