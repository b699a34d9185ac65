"""A trained classifier: a network, its classes, its calibration and where it comes from, in one folder.

``classifier.json`` holds everything but the weights; ``weights.safetensors`` holds these. Neither can run code.
"""

from __future__ import annotations

import dataclasses
import importlib.resources
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.extras import require
from morphoscope.core.storage import read_json, staged_folder, write_json

if TYPE_CHECKING:
    import torch

FORMAT = 1
DESCRIPTION_FILE = "classifier.json"
WEIGHTS_FILE = "weights.safetensors"
DEFAULT = "gray-scott-second-pass"  # the shipped classifier that is used where none is named
CODE_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".h5", ".hdf5", ".keras"}
_BATCH = 64


@dataclasses.dataclass(frozen=True)
class Input:
    """What the network was trained on: frames of one species, and the grid they were on."""

    frames: int = 3
    height: int = 128
    width: int = 128
    species: str = "u"
    apart: float = 30.0  # model time between frames

    def accepts(self) -> str:
        """For error messages: which shapes are read."""
        return f"{self.frames} frames or one, {self.width}x{self.height} cells"


@dataclasses.dataclass(frozen=True)
class Prediction:
    """A classifier's reading of n patterns. ``probabilities``: (n, classes), calibrated, rows sum to 1."""

    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @property
    def index(self) -> NDArray[np.intp]:
        """The most probable class of each pattern, as a number."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def names(self) -> list[str]:
        """The most probable class of each pattern."""
        return [self.classes[i] for i in self.index]

    @property
    def probability(self) -> NDArray[np.float32]:
        """The probability of the most probable class."""
        return np.max(self.probabilities, axis=1)

    @property
    def margin(self) -> NDArray[np.float32]:
        """How far the most probable class is ahead of the second one."""
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return two[:, 1] - two[:, 0]


@dataclasses.dataclass
class Classifier:
    """A network that reads patterns (n, frames, height, width) of concentrations as classes.

    ``temperature`` divides the network's logits before the softmax; it is fitted on validation data.
    ``provenance`` holds plan hashes, the (parameters, class) pairs trained on, seed, versions and history.
    """

    network: str
    classes: tuple[str, ...]
    input: Input
    temperature: float
    provenance: dict[str, Any]
    module: torch.nn.Module

    def logits(self, frames: NDArray[np.float32], tell: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Class scores before calibration, (n, classes); ``tell`` hears of every batch read."""
        import torch

        self.check(frames)
        self.module.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(frames), _BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + _BATCH]))
                parts.append(self.module(batch).float().numpy())
                if tell:
                    tell(len(batch))
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def predict(self, frames: NDArray[np.float32], tell: Callable[[int], None] | None = None) -> Prediction:
        """Class probabilities softmax(logits / temperature) of patterns (n, frames, height, width).

        Raises UsageError for patterns of another shape.
        """
        scores = self.logits(frames, tell).astype(np.float64) / self.temperature
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return Prediction(self.classes, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32))

    def check(self, frames: NDArray[Any]) -> None:
        """Raise UsageError unless ``frames`` has the shape that the network was trained on."""
        expected = (self.input.frames, self.input.height, self.input.width)
        if frames.ndim != 4 or frames.shape[1:] != expected:
            raise UsageError(
                f"patterns of shape {frames.shape}; expected (n, frames, height, width) = (n, "
                f"{', '.join(map(str, expected))})"
            )

    def summary(self) -> dict[str, Any]:
        """Where the classifier comes from, in a few values."""
        kept = ("training", "validation", "seed", "kept_epoch", "versions")
        return {name: self.provenance.get(name) for name in kept}

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the classifier; raises UsageError when ``folder`` holds something else."""
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        with staged_folder(Path(folder), DESCRIPTION_FILE, overwrite=overwrite) as part:
            tensors = {n: t.contiguous() for n, t in self.module.state_dict().items()}
            try:
                save_file(tensors, part / WEIGHTS_FILE)
            except SafetensorError as error:  # of a full disk, too
                raise UsageError(f"can't write {folder}: {error}; free some space, or choose another place") from error
            (part / WEIGHTS_FILE).chmod(0o644)
            write_json(
                part / DESCRIPTION_FILE,
                {
                    "format": FORMAT,
                    "network": self.network,
                    "classes": list(self.classes),
                    "input": dataclasses.asdict(self.input),
                    "temperature": self.temperature,
                    "provenance": self.provenance,
                },
            )

    @classmethod
    def load(cls, source: str | Path) -> Classifier:
        """Read a classifier from its folder, or a shipped one by name.

        Raises DataError for a damaged folder, a newer format, and for pickles, which are refused.
        """
        require("learn")
        folder = find(source)
        values = read_json(folder / DESCRIPTION_FILE, "a classifier's description")
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise DataError(f"{folder} is damaged: {DESCRIPTION_FILE} is no classifier description")
        if values["format"] > FORMAT:
            raise DataError(
                f"{folder} has classifier format {values['format']}; this version reads up to "
                f"{FORMAT}; update morphoscope"
            )
        try:
            network, classes = values["network"], tuple(values["classes"])
            described = Input(**values["input"])
            temperature, provenance = float(values["temperature"]), dict(values["provenance"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{folder} is damaged: {DESCRIPTION_FILE} lacks or misspells {error}") from None
        module = _load_weights(folder / WEIGHTS_FILE, network, described.frames, len(classes))
        return cls(network, classes, described, temperature, provenance, module)


def open_classifier(source: str | Path | Classifier) -> Classifier:
    """The classifier itself, or the one in a folder or of a shipped name."""
    return source if isinstance(source, Classifier) else Classifier.load(source)


def find(source: str | Path) -> Path:
    """The folder of a classifier given as a path or as the name of a shipped one."""
    path = Path(source)
    if path.suffix.lower() in CODE_SUFFIXES:
        raise DataError(
            f"{path.name} is refused: loading {path.suffix} files could run code; "
            "a classifier is a folder with classifier.json and weights.safetensors"
        )
    if (path / DESCRIPTION_FILE).is_file():
        return path
    if path.exists():
        raise DataError(f"{path} is no classifier (no {DESCRIPTION_FILE} in it)")
    shipped = shipped_folder() / str(source)
    if (shipped / DESCRIPTION_FILE).is_file():
        return shipped
    raise DataError(f"no classifier at {source}; {nearest(str(source), shipped_names())}")


def shipped_folder() -> Path:
    """Where the classifiers that come with the package are."""
    return Path(str(importlib.resources.files("morphoscope.learning"))) / "shipped"


def shipped_names() -> list[str]:
    """Names of the classifiers that come with the package."""
    return sorted(p.parent.name for p in shipped_folder().glob(f"*/{DESCRIPTION_FILE}"))


def _load_weights(path: Path, network: str, frames: int, classes: int) -> torch.nn.Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from morphoscope.learning.networks import build

    module = build(network, frames, classes)
    try:
        module.load_state_dict(load_file(path))
    except FileNotFoundError:
        raise DataError(f"{path} is not there; expected the classifier's weights") from None
    except (SafetensorError, RuntimeError, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path} is damaged or of another network: {first}") from error
    return module.eval()
