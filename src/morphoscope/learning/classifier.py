"""A trained classifier: a network, its classes, its calibration and its provenance, in one folder.

``classifier.json`` contains everything except the weights, ``weights.safetensors`` the weights, and
``known.safetensors`` what is needed to tell unknown patterns and for conformal sets; classifiers of earlier versions
have none. None of them can run code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.resources
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, Finding, record_files, verify_file
from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.extras import require
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import recover, staged_folder, write_json
from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.description import ESTIMATOR_FILE, read_description
from morphoscope.learning.homogeneous import HomogeneousClass
from morphoscope.learning.known import KnownScore, Layers, layers_of
from morphoscope.learning.known_files import ENTRY, described, load_known, save_known
from morphoscope.learning.prediction import Outputs, Prediction
from morphoscope.learning.training_runs import TrainingRuns

if TYPE_CHECKING:
    import torch

FORMAT = 2  # format 2 added the model and length scale of the training runs, and the homogeneous classes
METADATA_FILE = "classifier.json"
WEIGHTS_FILE = "weights.safetensors"
REMEDY = "restore it from a copy, or train again"
DEFAULT = "gray-scott-second-pass"  # the shipped classifier that is used if none is named
CODE_SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib"}  # loading such files may run code
BATCH = 64  # patterns that the network reads together


@dataclasses.dataclass(frozen=True)
class Input:
    """What a network reads: frames of one species on a grid."""

    frames: int = 3
    height: int = 128
    width: int = 128
    species: str = "u"
    apart: float = 30.0  # model time between the last two frames
    #: Time from each earlier frame to the last one; None in classifiers that did not store it.
    earlier: tuple[float, ...] | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Input:
        """From what :func:`dataclasses.asdict` makes of one."""
        earlier = values.get("earlier")
        return cls(**{**values, "earlier": None if earlier is None else tuple(float(t) for t in earlier)})

    @property
    def before(self) -> tuple[float, ...]:
        """Time from every frame to the last one, with 0 for the last; evenly spaced if the times are not stored."""
        earlier = self.earlier
        if earlier is None:
            earlier = tuple(self.apart * i for i in range(self.frames - 1, 0, -1))
        return (*earlier, 0.0)

    def spaced(self) -> str:
        """The intervals between the frames, for error messages."""
        gaps = [first - second for first, second in itertools.pairwise(self.before)]
        return f"{' and '.join(f'{gap:g}' for gap in dict.fromkeys(gaps))} apart"

    def accepts(self) -> str:
        """The shapes that are read, for error messages."""
        return f"{self.frames} frames or one, {self.width}x{self.height} cells"


@dataclasses.dataclass
class Classifier:
    """A trained network with everything that is needed to read patterns.

    :meth:`load` opens a classifier, :func:`morphoscope.train` trains one, and :func:`morphoscope.classify` reads
    patterns with one.

    Parameters
    ----------
    network
        Name of the architecture.
    classes
        Names of the classes, in the order of the network's outputs.
    input
        What the network reads: number of frames, grid, species, time between frames.
    temperature
        Divides the network's logits before the softmax; fitted on validation data.
    provenance
        Plan hashes, the (parameters, class) pairs of the training set, seed, versions, history.
    module
        The network.
    trained_on
        Model, cell size and diffusion of the training runs; None in classifiers of format 1.
    homogeneous
        The classes with homogeneous training runs and their steady states; None in classifiers of format 1.
    folder
        The folder it was loaded from or saved to.
    known
        Tells patterns that are unlike those of the training; None in classifiers of earlier versions.
    conformal
        The scores of the validation patterns, for conformal sets; None in classifiers of earlier versions.

    Examples
    --------
    >>> from morphoscope import Classifier
    >>> classifier = Classifier.load("gray-scott-second-pass")
    >>> classifier
    Classifier('gray-scott-second-pass', periodic-2d, 16 classes)
    >>> classifier.classes[:3]
    ('H', 'L', 'alpha')
    >>> import numpy as np
    >>> classifier.predict(np.ones((1, 3, 128, 128), dtype=np.float32)).names
    ['H']
    """

    network: str
    classes: tuple[str, ...]
    input: Input
    temperature: float
    provenance: dict[str, Any]
    module: torch.nn.Module
    trained_on: TrainingRuns | None = None
    homogeneous: tuple[HomogeneousClass, ...] | None = None
    folder: Path | None = None
    known: KnownScore | None = None
    conformal: ConformalScores | None = None

    def __repr__(self) -> str:
        named = f"{self.name!r}, " if self.name else ""
        return f"Classifier({named}{self.network}, {len(self.classes)} classes)"

    @property
    def name(self) -> str | None:
        """The name of its folder, which is the name of a shipped classifier; None before it is saved."""
        return None if self.folder is None else self.folder.resolve().name

    @property
    def hash(self) -> str:
        """SHA-256 of everything that affects classes: weights, architecture, classes, input, temperature."""
        read = {key: value for key, value in dataclasses.asdict(self.input).items() if key != "earlier"}
        values = (self.network, self.classes, read, self.temperature)
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
        for name, tensor in sorted(self.module.state_dict().items()):
            array = tensor.detach().contiguous().numpy()
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def logits(self, frames: NDArray[np.float32], advance: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The network's outputs before calibration, (n, classes); ``advance`` is called as in :meth:`predict`."""
        (found,) = self._batches(frames, lambda batch: (self.module(batch),), advance)
        return found if len(found) else np.zeros((0, len(self.classes)), np.float32)

    def layers(self, frames: NDArray[np.float32], advance: Callable[[int], None] | None = None) -> Layers | None:
        """What the last layers compute of patterns; None for a network that does not end with dense layers."""
        stages = layers_of(self.module)
        if stages is None:
            return None

        def work(batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
            pooled = stages.pooled(batch)
            hidden = stages.hidden(pooled)
            return pooled, hidden, stages.last(hidden)

        return Layers(*self._batches(frames, work, advance))

    def _batches(
        self,
        frames: NDArray[np.float32],
        work: Callable[[torch.Tensor], tuple[torch.Tensor, ...]],
        advance: Callable[[int], None] | None,
    ) -> tuple[NDArray[np.float32], ...]:
        import torch

        self.check(frames)
        self.module.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, max(len(frames), 1), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + BATCH]))
                parts.append([found.float().numpy() for found in work(batch)])
                if advance:
                    advance(len(batch))
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))

    def predict(self, frames: NDArray[np.float32], advance: Callable[[int], None] | None = None) -> Prediction:
        """Read patterns with the network alone.

        :func:`morphoscope.classify` also recognizes homogeneous patterns and compares cell sizes.

        Parameters
        ----------
        frames
            Patterns (n, frames, height, width), with the shape that the network was trained on.
        advance
            Called after each batch with the number of its patterns.

        Returns
        -------
        Prediction
            Probabilities softmax(logits / temperature).

        Raises
        ------
        UsageError
            For patterns of another shape.
        """
        found = self.outputs(frames, advance)
        return Prediction(self.classes, found.probabilities, known=found.known)

    def outputs(self, frames: NDArray[np.float32], advance: Callable[[int], None] | None = None) -> Outputs:
        """Probabilities and, if the classifier has it, the known score of patterns, as in :meth:`predict`."""
        layers = None if self.known is None else self.layers(frames, advance)
        if self.known is None or layers is None:
            return Outputs(self.probabilities(self.logits(frames, advance)))
        return Outputs(self.probabilities(layers.logits), self.known.score(layers.pooled))

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """softmax(logits / temperature), (n, classes)."""
        scores = logits.astype(np.float64) / self.temperature
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)

    def reads(self, frames: NDArray[Any]) -> bool:
        """Whether ``frames`` have the shape that the network was trained on, (n, frames, height, width)."""
        return frames.ndim == 4 and frames.shape[1:] == (self.input.frames, self.input.height, self.input.width)

    def check(self, frames: NDArray[Any]) -> None:
        """Raise UsageError unless ``frames`` have the shape that the network was trained on."""
        if not self.reads(frames):
            expected = self.input
            raise UsageError(
                f"patterns of shape {frames.shape}; expected (n, frames, height, width) = (n, "
                f"{expected.frames}, {expected.height}, {expected.width})"
            )

    @property
    def learned_times(self) -> tuple[float, ...]:
        """The times of the training runs' frames; empty in classifiers that did not store them."""
        return tuple(float(time) for time in self.provenance.get("training_times", ()))

    def summary(self) -> dict[str, Any]:
        """The main values of the provenance: training and validation sets, seed, epoch, versions."""
        names = ("training", "validation", "seed", "kept_epoch", "versions")
        return {name: self.provenance.get(name) for name in names}

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the classifier into a folder.

        Raises UsageError if the folder contains other files or, unless ``overwrite``, an earlier classifier.
        """
        from safetensors.torch import save

        with staged_folder(Path(folder), METADATA_FILE, overwrite=overwrite) as part:
            tensors = {n: t.contiguous() for n, t in self.module.state_dict().items()}
            (part / WEIGHTS_FILE).write_bytes(save(tensors))
            save_known(part, self.known, self.conformal)
            write_json(part / METADATA_FILE, {**self.metadata(), FILES: record_files(part)})
        self.folder = Path(folder)

    def metadata(self) -> dict[str, Any]:
        """Everything except the weights, as JSON values."""
        return {
            "format": FORMAT,
            "network": self.network,
            "classes": list(self.classes),
            "input": dataclasses.asdict(self.input),
            "temperature": self.temperature,
            "trained_on": None if self.trained_on is None else self.trained_on.to_dict(),
            "homogeneous": None if self.homogeneous is None else [c.to_dict() for c in self.homogeneous],
            ENTRY: described(self.known, self.conformal),
            "provenance": self.provenance,
        }

    @classmethod
    def load(cls, source: str | Path) -> Classifier:
        """Read a classifier from its folder, or a shipped one by its name.

        Raises DataError for a damaged folder, a newer format, and files that may run code.
        """
        require("learn")
        folder = classifier_folder(source)
        values = read_description(folder / METADATA_FILE, "a classifier", FORMAT, REMEDY)
        try:
            network, classes = values["network"], tuple(values["classes"])
            read = Input.from_dict(values["input"])
            temperature, provenance = float(values["temperature"]), dict(values["provenance"])
            runs, homogeneous_values = values.get("trained_on"), values.get("homogeneous")
            trained_on = None if runs is None else TrainingRuns.from_dict(runs)
            homogeneous = None
            if homogeneous_values is not None:
                homogeneous = tuple(HomogeneousClass.from_dict(c) for c in homogeneous_values)
        except UsageError as error:
            raise DataError(f"{folder} is damaged: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{folder} is damaged: {METADATA_FILE} has a missing or invalid entry ({error})") from None
        verify_file(folder, WEIGHTS_FILE, values, REMEDY)
        module = _load_weights(folder / WEIGHTS_FILE, network, read.frames, len(classes))
        known, conformal = load_known(folder, values, REMEDY)
        return cls(
            network, classes, read, temperature, provenance, module, trained_on, homogeneous, folder, known, conformal
        )


def open_classifier(source: str | Path | Classifier) -> Classifier:
    """The classifier itself, or the one in a folder or with a shipped name."""
    return source if isinstance(source, Classifier) else Classifier.load(source)


def classifier_folder(source: str | Path) -> Path:
    """The folder of a classifier that is given by its path or by a shipped name. Raises DataError if there is none."""
    path = Path(source)
    recover(path)
    if path.suffix.lower() in CODE_SUFFIXES:
        raise DataError(
            f"{path.name} is refused: loading {path.suffix} files could run code; "
            f"a classifier is a folder with {METADATA_FILE} and {WEIGHTS_FILE}"
        )
    if (path / METADATA_FILE).is_file():
        return path
    if (path / ESTIMATOR_FILE).is_file():
        raise DataError(f"{path} is an estimator, not a classifier; estimate parameters with it", operation="infer")
    if path.exists():
        raise DataError(f"{path} is not a classifier (no {METADATA_FILE} in it)")
    shipped = shipped_folder() / str(source)
    if (shipped / METADATA_FILE).is_file():
        return shipped
    raise DataError(f"no classifier at {source}; {nearest(str(source), shipped_names())}")


def inspect_classifier(folder: Path) -> list[Finding]:
    """What is wrong with the files of a classifier's folder; empty if nothing is."""
    return inspect_folder(folder, METADATA_FILE, "a classifier's description", REMEDY)


def shipped_folder() -> Path:
    """The folder of the classifiers that come with the package."""
    return Path(str(importlib.resources.files("morphoscope.learning"))) / "shipped"


def shipped_names() -> list[str]:
    """Names of the classifiers that come with the package."""
    return sorted(p.parent.name for p in shipped_folder().glob(f"*/{METADATA_FILE}"))


def _load_weights(path: Path, network: str, frames: int, classes: int) -> torch.nn.Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from morphoscope.learning.networks import build

    module = build(network, frames, classes)
    try:
        module.load_state_dict(load_file(path))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; expected the classifier's weights") from None
    except (SafetensorError, RuntimeError, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path} is damaged or belongs to another network: {first}") from error
    return module.eval()
