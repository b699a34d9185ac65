"""One pattern as the page reads it: frames, start, what is said about it, pictures and downloads."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, ordered
from morphoscope.descriptors.spectrum import dominant_wavelength, power_spectrum, radial_spectrum
from morphoscope.ensembles.jobs import run_job
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.settings import repeat_command
from morphoscope.ensembles.simulation import simulate_one, single_run
from morphoscope.rendering.composite import composite
from morphoscope.rendering.scale import scaled
from morphoscope.web.server.binary import packed
from morphoscope.web.server.site import Body
from morphoscope.web.workspace import Workspace

_KEPT = 32  # runs whose frames are in memory


class PatternData:
    """Patterns by the number of their run; None for a run that the atlas does not have."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._positions = {run: position for position, run in enumerate(self.atlas.runs.tolist())}
        self._lock = threading.Lock()
        self._fetch = functools.lru_cache(_KEPT)(self._fetched)

    @property
    def atlas(self) -> Atlas:
        """The atlas as it is now: the groups of a chart may change."""
        return self.workspace.atlas

    def _fetched(self, position: int) -> NDArray[np.float32]:
        return self.atlas.frames(np.array([position]))[0]

    def _frames(self, run: int) -> NDArray[np.float32] | None:
        """The frames of a run, (frames, y, x). A shipped atlas has none, so the run is simulated again."""
        if run not in self._positions:
            return None
        with self._lock:
            return self._fetch(self._positions[run])

    @functools.cached_property
    def magnitude(self) -> float:
        """The size of typical values, relative to which a field is homogeneous."""
        return homogeneity_scale(self.atlas.plan)

    def frames(self, run: int) -> Body | None:
        """All frames, exactly."""
        found = self._frames(run)
        return None if found is None else Body(packed({"times": list(self.atlas.plan.times)}, {"values": found}))

    def start(self, run: int) -> Body | None:
        """The initial state of a run, (species, height, width). Imported runs have none."""
        plan = self.atlas.plan
        if run not in self._positions or plan.imported is not None:
            return None
        state = np.asarray(run_job(plan, plan.runs[run]).initial, dtype=np.float32)
        return Body(packed({"exact": True}, {"values": state}))

    def detail(self, run: int) -> Body | None:
        """Probabilities, wavelength, power spectrum, the command that repeats the run."""
        found = self._frames(run)
        if found is None:
            return None
        atlas, position, spacing = self.atlas, self._positions[run], self.atlas.plan.grid.spacing
        p, known = atlas.reading.probabilities[position], atlas.reading.set_of(position)
        q, power = radial_spectrum(found[-1], spacing, self.magnitude)
        length = dominant_wavelength(found[-1], spacing, magnitude=self.magnitude)
        values = {
            "probabilities": [
                [name, round(float(p[atlas.classes.index(name)]), 5)] for name in ordered([*atlas.classes])
            ],
            "set": None if known is None else list(known),
            "coverage": atlas.reading.coverage,
            "wavelength": None if np.isnan(length) else float(length),
            "command": repeat_command(atlas.plan, run),
            "rings": {"q": np.round(q, 6).tolist(), "power": power.tolist()},
            "estimate": self._estimate(found, position),
        }
        return Body(json.dumps(values).encode(), "application/json", kept=not self.workspace.is_chart)

    def _estimate(self, frames: NDArray[np.float32], position: int) -> dict[str, Any] | None:
        found = self.workspace.estimate(frames, position)
        if found is None:
            return None
        parts, known = [found.remark(0)] if found.remark(0) else [], not np.isnan(found.median[0]).any()
        if known:
            values = [
                f"{name} = {middle:.4g} ({low:.4g} … {high:.4g})"
                for name, middle, (low, high) in zip(found.targets, found.median[0], found.interval()[0], strict=True)
            ]
            parts.insert(0, f"estimated, with 90 % intervals: {', '.join(values)}")
        draws = dict(zip(found.targets, found.samples[0].T.round(9).tolist(), strict=True)) if known else {}
        return {"text": "; ".join(parts), "draws": draws}

    def composite(self, run: int) -> Body | None:
        """Stationary parts in grey, moving parts in colour; as PNG."""
        found = self._frames(run)
        return None if found is None else _picture(composite(found, self.atlas.colour_range))

    def saliency(self, run: int) -> Body | None:
        """Where the classifier looks, over the last frame; None if it can't be found."""
        from matplotlib import colormaps

        frames = self._frames(run)
        found = None if frames is None else self.workspace.explain(frames[None])
        if frames is None or found is None:
            return None
        share = found.smoothed_gradient[0][..., None]
        heat = colormaps["inferno"](found.smoothed_gradient[0])[..., :3]
        grey = np.repeat(scaled(frames[-1], self.atlas.colour_range)[..., None], 3, axis=-1)
        return _picture((1 - 0.75 * share) * grey + 0.75 * share * heat)

    def spectrum(self, run: int) -> Body | None:
        """The power spectrum of the last frame, on a logarithmic scale of six decades; as PNG."""
        from matplotlib import colormaps

        found = self._frames(run)
        if found is None:
            return None
        power = power_spectrum(found[-1], self.magnitude)
        share = power / (power.max() or 1.0)  # all zero, and thus one colour, for a homogeneous field
        return _picture(colormaps["magma"]((np.log10(share + 1e-6) + 6) / 6)[..., :3])

    def png(self, run: int) -> Body | None:
        """Download: the picture of a run, with its times."""
        from morphoscope.rendering.pictures import save_composite

        found = self._frames(run)
        if found is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = save_composite(found, Path(folder) / "u.png", self.atlas.colour_range, self.atlas.plan.times)
            return Body(path.read_bytes(), "image/png", filename=f"run-{run}.png")

    def npz(self, run: int) -> Body | None:
        """Download: the frames of a run as arrays."""
        found, plan, buffer = self._frames(run), self.atlas.plan, io.BytesIO()
        if found is None:
            return None
        named: dict[str, Any] = {plan.record[0]: found}
        np.savez_compressed(buffer, t=np.array(plan.times), **named)
        return Body(buffer.getvalue(), filename=f"run-{run}.npz")

    def film(self, run: int) -> Body | None:
        """Download: a film of the whole run; of an imported run, of its stored frames."""
        from morphoscope.ensembles.pictures import save_run_video
        from morphoscope.rendering.video import save_video

        found, plan = self._frames(run), self.atlas.plan
        if found is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "u.mp4"
            if plan.imported is None:
                path = save_run_video(simulate_one(single_run(plan, run), video=True), path)
            else:
                shown, species = self.atlas.colour_range, plan.record[0]
                save_video(found, path, spacing=plan.grid.spacing, times=plan.times, shown=shown, species=species)
            return Body(path.read_bytes(), "video/mp4", filename=f"run-{run}.mp4")


def _picture(values: NDArray[Any]) -> Body:
    """Colours of 0 … 1, (y, x, 3), as PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    pixels = np.round(np.clip(np.asarray(values)[..., :3], 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return Body(buffer.getvalue(), "image/png")
