import numpy as np
import pytest

from morphoscope.core.errors import DataError, UsageError
from morphoscope.engines.initial import InitialCondition, named_conditions, stream
from morphoscope.engines.state_files import file_hash

NAMED = named_conditions()


def make(model, name, seed=1, shape=(128, 128), **options):
    condition = InitialCondition(name, tuple(options.items()))
    return condition.state(model, shape, stream(seed), model.complete({}))


@pytest.mark.parametrize("name", NAMED)
class TestEveryInitialCondition:
    def test_repeats_with_its_seed_and_differs_with_another(self, gray_scott, name):
        assert np.array_equal(make(gray_scott, name, 5), make(gray_scott, name, 5))
        assert not np.array_equal(make(gray_scott, name, 5), make(gray_scott, name, 6))

    def test_fills_any_grid(self, gray_scott, name):
        state = make(gray_scott, name, shape=(96, 50))
        assert state.shape == (2, 96, 50)
        assert np.isfinite(state).all()

    def test_refuses_unknown_options(self, gray_scott, name):
        with pytest.raises(UsageError, match="unknown option 'colour'"):
            make(gray_scott, name, colour=1)


def test_pearson_gamma_has_two_squares_and_a_cut(gray_scott):
    areas = []
    for seed in range(20):
        u, v = make(gray_scott, "pearson-gamma", seed)
        assert u.min() == pytest.approx(0.5, abs=1e-6)
        assert v.max() == pytest.approx(0.25, abs=1e-6)
        assert u.max() == pytest.approx(1.0)
        areas.append((v > 0.125).sum())
        assert ((v > 0.005) & (v < 0.015)).sum() > 100  # the cutting square, at v = 0.01
    # One whole square of 400 cells and one of which 14 x 11 cells are cut out; some lose a corner to the rotation.
    assert np.median(areas) == pytest.approx(400 + 400 - 14 * 11, rel=0.03)


def test_spots_cover_their_area(gray_scott):
    v = make(gray_scott, "spots", count=1, radius=10)[1]
    assert (v > 0).sum() == pytest.approx(np.pi * 100, rel=0.03)


def test_noise_has_its_amplitude(gray_scott):
    u, v = make(gray_scott, "noise", amplitude=0.1)
    assert u.std() == pytest.approx(0.05, rel=0.05)
    assert v.mean() == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(
    ("name", "options"), [("spots", {"count": 0}), ("spots", {"radius": "big"}), ("noise", {"amplitude": -1})]
)
def test_bad_options_are_refused(gray_scott, name, options):
    with pytest.raises(UsageError):
        make(gray_scott, name, **options)


def test_too_small_for_the_squares(gray_scott):
    with pytest.raises(UsageError, match="too small"):
        make(gray_scott, "pearson-gamma", shape=(32, 128))


def test_unknown_name(gray_scott):
    with pytest.raises(UsageError, match="did you mean 'spots'"):
        make(gray_scott, "spot")


def test_states_from_files(gray_scott, tmp_path):
    from PIL import Image

    state = make(gray_scott, "spots", shape=(40, 50))
    np.savez(tmp_path / "a.npz", u=state[0], v=state[1])
    np.save(tmp_path / "a.npy", state)
    Image.fromarray((255 * (1 - state[1] / 0.25)).astype(np.uint8)).save(tmp_path / "a.png")
    for name in ("a.npz", "a.npy", "a.png"):
        read = make(gray_scott, "file", shape=(40, 50), path=str(tmp_path / name))
        assert np.allclose(read, state), name


def test_bad_files_are_refused(gray_scott, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "half.npz", u=np.ones((8, 8)))
    np.save(tmp_path / "nan.npy", np.full((2, 8, 8), np.nan))
    np.save(tmp_path / "flat.npy", np.ones((8, 8)))
    (tmp_path / "text.png").write_text("no image")
    for name in ("objects.npy", "half.npz", "nan.npy", "flat.npy", "text.png", "absent.npz"):
        with pytest.raises(UsageError):
            make(gray_scott, "file", shape=(8, 8), path=str(tmp_path / name))


def test_a_changed_file_is_noticed(gray_scott, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones((2, 8, 8)))
    digest = file_hash(path)
    np.save(path, np.zeros((2, 8, 8)))
    with pytest.raises(DataError, match="has changed"):
        make(gray_scott, "file", shape=(8, 8), path=str(path), sha256=digest)
