"""A trained estimator: a posterior over parameters, given a pattern, with its training region, in one folder.

``estimator.json`` contains everything except the arrays, ``weights.safetensors`` the network, the training points and
the features of the training patterns. Neither can run code.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, Finding, record_files, verify_file
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import recover, staged_folder, write_json
from morphoscope.ensembles import Plan
from morphoscope.learning.classifier import BATCH, CODE_SUFFIXES, WEIGHTS_FILE, Input
from morphoscope.learning.description import ESTIMATOR_FILE, read_description
from morphoscope.learning.estimating.familiarity import Familiarity
from morphoscope.learning.estimating.region import Region
from morphoscope.learning.training_runs import TrainingRuns

if TYPE_CHECKING:
    from morphoscope.learning.networks._posterior import PosteriorNetwork

FORMAT = 1
REMEDY = "restore it from a copy, or train again"
MIN_INSIDE = 0.05  # share of the draws inside the training region, below which a posterior lies outside it
_ROUNDS = 20  # of draws, until enough are inside

Frames = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """Draws for some patterns: (n, draws, parameters), (n, draws), and the share that was inside, (n,)."""

    values: NDArray[np.float64]
    log_density: NDArray[np.float64]
    inside: NDArray[np.float64]


@dataclasses.dataclass(eq=False)
class Estimator:
    """A posterior over parameters, given a pattern, with everything that is needed to use it.

    :meth:`load` opens an estimator, :func:`morphoscope.train` with ``target`` trains one, and
    :func:`morphoscope.infer` estimates with one.

    Parameters
    ----------
    targets
        Names of the parameters that are estimated.
    input
        What the network reads: number of frames, grid, species, time between frames.
    trained_on
        Model, cell size and diffusion of the training runs.
    setting
        A plan of one training run: grid, times, start, integrator. Draws are simulated with it.
    constant
        The other parameters with one value in all training runs.
    region
        The region of parameter space in which the training points were.
    familiarity
        Tells patterns that are unlike those of the training.
    provenance
        Plan hashes, seed, versions, history, calibration.
    module
        The network.
    folder
        The folder it was loaded from or saved to.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan(
    ...     "gray-scott", sample="sobol:32", ranges={"f": (0.03, 0.04), "k": (0.06, 0.064)}, size=(48, 48), until=900
    ... )
    >>> ensemble = morphoscope.ensemble(plan, "runs")
    >>> estimator = morphoscope.train("runs", out="estimator", target="f,k", epochs=1)
    >>> morphoscope.Estimator.load("estimator")
    Estimator('estimator', f, k of gray-scott)
    """

    targets: tuple[str, ...]
    input: Input
    trained_on: TrainingRuns
    setting: Plan
    constant: dict[str, float]
    region: Region
    familiarity: Familiarity
    provenance: dict[str, Any]
    module: PosteriorNetwork
    folder: Path | None = None

    def __repr__(self) -> str:
        named = f"{self.folder.resolve().name!r}, " if self.folder is not None else ""
        return f"Estimator({named}{', '.join(self.targets)} of {self.trained_on.model.name})"

    def check(self, frames: NDArray[Any]) -> None:
        """Raise UsageError unless ``frames`` have the shape that the network was trained on."""
        expected = (self.input.frames, self.input.height, self.input.width)
        if frames.ndim != 4 or frames.shape[1:] != expected:
            raise UsageError(
                f"patterns of shape {frames.shape}; the estimator reads (n, frames, height, width) = (n, "
                f"{', '.join(map(str, expected))})"
            )

    def features(self, frames: Frames) -> Frames:
        """The features of patterns (n, frames, y, x), by which they are read and compared."""
        self.check(frames)
        return features_of(self.module, frames)

    def draw(self, features: Frames, draws: int, seed: int = 0, *, progress: Reporter = SILENT) -> Draws:
        """Draws from the posteriors of patterns with these features; those outside the training region are rejected.

        If less than 5 % are inside, none is rejected: then the posterior lies outside.
        """
        import torch

        stream = torch.Generator().manual_seed(seed)
        values = np.full((len(features), draws, len(self.targets)), np.nan)
        density = np.full((len(features), draws), np.nan)
        inside = np.zeros(len(features))
        with progress.task("infer", len(features), "patterns") as task, torch.inference_mode():
            for i in range(len(features)):
                values[i], density[i], inside[i] = self._draws_of(torch.from_numpy(features[i : i + 1]), draws, stream)
                task.advance()
        return Draws(self.region.values(values), density, inside)

    def _draws_of(self, features: Any, draws: int, stream: Any) -> tuple[Any, Any, float]:
        kept: list[Any] = []
        found = tried = 0
        while True:
            drawn, log_density = self.module.sample(features, draws, stream)
            values, density = drawn[:, 0].numpy().astype(np.float64), log_density[:, 0].numpy().astype(np.float64)
            inner = self.region.contains(values)
            kept.append((values[inner], density[inner]))
            found, tried = found + int(inner.sum()), tried + draws
            if found >= draws:
                every, densities = (np.concatenate(column)[:draws] for column in zip(*kept, strict=True))
                return every, densities, found / tried
            if found < MIN_INSIDE * tried or tried >= _ROUNDS * draws:
                return values, density, found / tried

    def log_density(self, values: NDArray[np.float64], features: Frames) -> NDArray[np.float64]:
        """log q of parameters (n, parameters) for patterns with these features, as in ``Draws.log_density``."""
        import torch

        scaled = self.region.scaled(values).astype(np.float32)
        with torch.inference_mode():
            found = self.module.log_density(torch.from_numpy(scaled), torch.from_numpy(features))
        return found.numpy().astype(np.float64)

    def prior(self) -> NDArray[np.float64]:
        """The 5 % and the 95 % quantile of each parameter over the training points, (parameters, 2)."""
        return np.quantile(self.region.values(self.region.points), (0.05, 0.95), axis=0).T

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the estimator into a folder.

        Raises UsageError if the folder contains other files or, unless ``overwrite``, an earlier estimator.
        """
        from safetensors.numpy import save

        with staged_folder(Path(folder), ESTIMATOR_FILE, overwrite=overwrite) as part:
            (part / WEIGHTS_FILE).write_bytes(save(self._arrays()))
            write_json(part / ESTIMATOR_FILE, {**self.metadata(), FILES: record_files(part)})
        self.folder = Path(folder)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        weights = {f"network.{n}": np.ascontiguousarray(t.numpy()) for n, t in self.module.state_dict().items()}
        own = {
            "region.points": self.region.points,
            "region.mean": self.region.mean,
            "region.spread": self.region.spread,
        }
        known = self.familiarity
        seen: dict[str, NDArray[Any]] = {
            "familiar.features": known.features,
            "familiar.mean": known.mean,
            "familiar.spread": known.spread,
        }
        return {**weights, **own, **seen}

    def metadata(self) -> dict[str, Any]:
        """Everything except the arrays, as JSON values."""
        return {
            "format": FORMAT,
            "targets": list(self.targets),
            "input": dataclasses.asdict(self.input),
            "trained_on": self.trained_on.to_dict(),
            "setting": self.setting.to_dict(),
            "constant": self.constant,
            "region": {
                "ranges": {n: list(ends) for n, ends in zip(self.targets, self.region.ranges(), strict=True)},
                "reach": self.region.reach,
            },
            "familiar_distance": self.familiarity.limit,
            "provenance": self.provenance,
        }

    @classmethod
    def load(cls, source: str | Path) -> Estimator:
        """Read an estimator from its folder.

        Raises DataError for a damaged folder, a newer format, and files that may run code.
        """
        require("learn")
        folder = estimator_folder(source)
        values = read_description(folder / ESTIMATOR_FILE, "an estimator", FORMAT, REMEDY)
        verify_file(folder, WEIGHTS_FILE, values, REMEDY)
        try:
            return _made_of(values, _read_arrays(folder / WEIGHTS_FILE), folder)
        except UsageError as error:
            raise DataError(f"{folder} is damaged: {error}; {REMEDY}") from None
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{folder} is damaged: a missing or invalid entry ({reason}); {REMEDY}") from None


def _made_of(values: dict[str, Any], arrays: dict[str, NDArray[Any]], folder: Path) -> Estimator:
    import torch

    from morphoscope.learning.networks._posterior import PosteriorNetwork

    expected = Input.from_dict(values["input"])
    targets = tuple(str(name) for name in values["targets"])
    module = PosteriorNetwork(expected.frames, len(targets)).eval()
    weights = {n.removeprefix("network."): torch.from_numpy(a) for n, a in arrays.items() if n.startswith("network.")}
    module.load_state_dict(weights)
    points, mean, spread = (arrays[f"region.{name}"] for name in ("points", "mean", "spread"))
    known, middle, width = (arrays[f"familiar.{name}"] for name in ("features", "mean", "spread"))
    return Estimator(
        targets=targets,
        input=expected,
        trained_on=TrainingRuns.from_dict(values["trained_on"]),
        setting=Plan.from_dict(values["setting"]),
        constant={str(name): float(value) for name, value in values["constant"].items()},
        region=Region(points, mean, spread, float(values["region"]["reach"])),
        familiarity=Familiarity(known, middle, width, float(values["familiar_distance"])),
        provenance=dict(values["provenance"]),
        module=module,
        folder=folder,
    )


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except FileNotFoundError:
        raise DataError(f"{path.name} does not exist") from None
    except SafetensorError as error:
        raise DataError(f"{path.name} can't be read ({error})") from None


def features_of(module: PosteriorNetwork, frames: Frames) -> Frames:
    """The features of patterns (n, frames, y, x), in batches."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, len(frames), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + BATCH]))
            parts.append(module.features(batch).numpy())
    return np.concatenate(parts)


def open_estimator(source: str | Path | Estimator) -> Estimator:
    """The estimator itself, or the one in a folder."""
    return source if isinstance(source, Estimator) else Estimator.load(source)


def is_estimator_folder(source: str | Path) -> bool:
    """Whether a path is the folder of an estimator."""
    return (Path(source) / ESTIMATOR_FILE).is_file()


def estimator_folder(source: str | Path) -> Path:
    """The folder of an estimator. Raises DataError if there is none."""
    path = Path(source)
    recover(path)
    if path.suffix.lower() in CODE_SUFFIXES:
        raise DataError(f"{path.name} is refused: loading {path.suffix} files could run code; an estimator is a folder")
    if is_estimator_folder(path):
        return path
    if path.exists():
        raise DataError(f"{path} is not an estimator (no {ESTIMATOR_FILE} in it); train one", operation="train")
    raise DataError(f"no estimator at {path}; expected the folder of one", operation="train")


def inspect_estimator(folder: Path) -> list[Finding]:
    """What is wrong with the files of an estimator's folder; empty if nothing is."""
    return inspect_folder(folder, ESTIMATOR_FILE, "an estimator's description", REMEDY)
