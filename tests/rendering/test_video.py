"""Videos: the requested number of frames, with one colour scale for all."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from morphoscope.core.errors import UsageError
from morphoscope.rendering.figure import pattern_figure
from morphoscope.rendering.video import save_video


def frame_of(path, index):
    out = path.with_suffix(f".{index}.png")
    command = ["-v", "error", "-i", str(path), "-vf", rf"select=eq(n\,{index})", "-frames:v", "1", str(out)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *command], check=True)
    return np.asarray(Image.open(out).convert("RGB"), dtype=int)


@pytest.mark.parametrize("shape", [(12, 30, 41), (6, 400, 390), (6, 1, 64)])
def test_video_has_its_frames(tmp_path, shape):
    path = save_video(np.random.default_rng(0).random(shape), tmp_path / "a.mp4", times=np.arange(shape[0]))
    count, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert count == shape[0]
    check = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "null", "-"], capture_output=True
    )
    assert check.returncode == 0
    assert check.stderr == b""


def test_a_film_has_one_scale_and_uniform_frames_are_uniform(tmp_path):
    film = np.stack([np.full((32, 32), 0.2), np.full((32, 32), 0.8)])
    film += np.random.default_rng(0).uniform(-1e-6, 1e-6, film.shape)
    path = save_video(film, tmp_path / "a.mp4", shown=(0.0, 1.0))
    dark, bright = (frame_of(path, i) for i in (0, 1))
    middle = np.s_[150:300, 150:300]
    for pixels in (dark[middle], bright[middle]):
        assert np.ptp(pixels.reshape(-1, 3), axis=0).max() <= 4  # the codec rounds
    assert bright[middle].mean() - dark[middle].mean() > 60
    right = np.s_[:, 500:]  # axes and colour bar stay as they are
    assert np.abs(bright[right] - dark[right]).mean() < 2


def test_every_cell_has_its_place_and_colour(tmp_path):
    """As in the figure that matplotlib draws of the same field, but for lines of pixels between cells."""
    field = np.random.default_rng(0).random((12, 20))
    path = save_video(np.stack([field, field]), tmp_path / "a.mp4", times=[0, 0], shown=(0.0, 1.0))
    figure = pattern_figure(field, times=[0], shown=(0.0, 1.0))
    figure.savefig(tmp_path / "b.png", dpi=160)
    drawn, expected = frame_of(path, 0), np.asarray(Image.open(tmp_path / "b.png").convert("RGB"), dtype=int)
    expected = expected[: drawn.shape[0], : drawn.shape[1]]
    assert np.median(np.abs(drawn - expected)) <= 2
    assert (np.abs(drawn - expected).max(axis=2) > 40).mean() < 0.05


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"use \.mp4"):
        save_video(np.zeros((2, 8, 8)), tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []
