"""A trained encoder: label-free features of a pattern of any model, in one folder.

``encoder.json`` contains everything except the weights, ``weights.safetensors`` the weights. Neither can run code.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, Finding, record_files, verify_file
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.extras import require
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import recover, staged_folder, write_json
from morphoscope.learning.classifier import BATCH, CODE_SUFFIXES, WEIGHTS_FILE, shipped_folder
from morphoscope.learning.description import read_description

if TYPE_CHECKING:
    import torch

    from morphoscope.learning.networks._encoder import PatternEncoder

FORMAT = 1
ENCODER_FILE = "encoder.json"
NETWORK = "periodic-encoder"
SHIPPED = "shipped"  # the name of the encoder that comes with the package
REMEDY = "restore it from a copy, or train again"
MIN_CELLS = 32  # along each axis of a pattern


@dataclasses.dataclass(eq=False)
class Encoder:
    """A network that turns patterns into 256 features without knowing any class.

    :meth:`shipped` returns the one that comes with the package. Patterns that look alike have similar features,
    whichever model made them.

    Parameters
    ----------
    module
        The network, a torch module (n, frames, height, width) → (n, 256), for one frame or more.
    provenance
        Plan hashes of the training runs, seed, settings, versions, history.
    folder
        The folder it was opened from or saved to.

    Examples
    --------
    >>> import numpy as np
    >>> from morphoscope import Encoder
    >>> encoder = Encoder.shipped()
    >>> encoder
    Encoder('encoder', 256 features)
    >>> encoder.features(np.ones((2, 3, 128, 128), dtype=np.float32)).shape
    (2, 256)
    """

    module: PatternEncoder
    provenance: dict[str, Any]
    folder: Path | None = None

    def __repr__(self) -> str:
        named = f"{self.folder.resolve().name!r}, " if self.folder is not None else ""
        return f"Encoder({named}{self.size} features)"

    @property
    def size(self) -> int:
        """The number of features."""
        from morphoscope.learning.networks._encoder import FEATURES

        return FEATURES

    @property
    def hash(self) -> str:
        """SHA-256 of everything that affects features: architecture and weights."""
        return weights_hash(self.module, NETWORK)

    def features(self, frames: NDArray[Any]) -> NDArray[np.float32]:
        """The features of patterns, before the projection of the training.

        Parameters
        ----------
        frames
            Patterns (n, frames, height, width) of one species, the last frame last; one frame or more, 32 × 32 cells or
            more.

        Returns
        -------
        NDArray
            (n, 256), float32.

        Raises
        ------
        UsageError
            For patterns of another shape, and for numbers that are not finite.
        """
        import torch

        self.check(frames)
        self.module.eval()
        parts = [np.zeros((0, self.size), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(frames), BATCH):
                batch = np.ascontiguousarray(frames[start : start + BATCH], dtype=np.float32)
                if not np.isfinite(batch).all():
                    raise UsageError("patterns contain NaN or infinite numbers; expected finite concentrations")
                parts.append(self.module(torch.from_numpy(batch)).numpy())
        return np.concatenate(parts)

    def check(self, frames: NDArray[Any]) -> None:
        """Raise UsageError unless ``frames`` have a shape that the network reads."""
        if frames.ndim != 4 or frames.shape[1] < 1 or min(frames.shape[2:]) < MIN_CELLS:
            raise UsageError(
                f"patterns of shape {frames.shape}; an encoder reads (n, frames, height, width), one frame or more, "
                f"{MIN_CELLS}x{MIN_CELLS} cells or more"
            )

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the encoder into a folder.

        Raises UsageError if the folder contains other files or, unless ``overwrite``, an earlier encoder.
        """
        from safetensors.torch import save

        with staged_folder(Path(folder), ENCODER_FILE, overwrite=overwrite) as part:
            tensors = {name: tensor.contiguous() for name, tensor in self.module.state_dict().items()}
            (part / WEIGHTS_FILE).write_bytes(save(tensors))
            description = {"format": FORMAT, "network": NETWORK, "provenance": self.provenance}
            write_json(part / ENCODER_FILE, {**description, FILES: record_files(part)})
        self.folder = Path(folder)

    @classmethod
    def open(cls, source: str | Path) -> Encoder:
        """Read an encoder from its folder; ``shipped`` is the one that comes with the package.

        Raises DataError for a damaged folder, a newer format, and files that may run code.
        """
        require("learn")
        folder = encoder_folder(source)
        values = read_description(folder / ENCODER_FILE, "an encoder", FORMAT, REMEDY)
        if values.get("network") != NETWORK or not isinstance(values.get("provenance"), dict):
            raise DataError(f"{folder} is damaged: {ENCODER_FILE} has a missing or invalid entry; {REMEDY}")
        verify_file(folder, WEIGHTS_FILE, values, REMEDY)
        return cls(_module(folder / WEIGHTS_FILE), values["provenance"], folder)

    @classmethod
    def shipped(cls) -> Encoder:
        """The encoder that comes with the package, opened once."""
        return _shipped()


@functools.cache
def _shipped() -> Encoder:
    return Encoder.open(SHIPPED)


def _module(path: Path) -> PatternEncoder:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from morphoscope.learning.networks._encoder import PatternEncoder

    module = PatternEncoder()
    try:
        module.load_state_dict(load_file(path))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; expected the encoder's weights; {REMEDY}") from None
    except (SafetensorError, RuntimeError, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path} is damaged or belongs to another network: {first}; {REMEDY}") from error
    return module.eval()


def weights_hash(module: torch.nn.Module, *words: str) -> str:
    """SHA-256 of a module's weights and some words."""
    digest = hashlib.sha256(repr(words).encode())
    for name, tensor in sorted(module.state_dict().items()):
        array = tensor.detach().contiguous().numpy()
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def open_encoder(source: str | Path | Encoder) -> Encoder:
    """The encoder itself, or the one in a folder, or the shipped one."""
    return source if isinstance(source, Encoder) else Encoder.open(source)


def is_encoder_folder(source: str | Path) -> bool:
    """Whether a path is the folder of an encoder."""
    return (Path(source) / ENCODER_FILE).is_file()


def encoder_folder(source: str | Path) -> Path:
    """The folder of an encoder that is given by its path or as ``shipped``. Raises DataError if there is none."""
    path = Path(source)
    recover(path)
    if path.suffix.lower() in CODE_SUFFIXES:
        raise DataError(f"{path.name} is refused: loading {path.suffix} files could run code; an encoder is a folder")
    if is_encoder_folder(path):
        return path
    if path.exists():
        raise DataError(f"{path} is not an encoder (no {ENCODER_FILE} in it); train one", operation="train_encoder")
    if str(source) == SHIPPED:
        return shipped_folder() / "encoder"
    raise DataError(
        f"no encoder at {path}; expected the folder of one, or {SHIPPED!r}; train one", operation="train_encoder"
    )


def inspect_encoder(folder: Path) -> list[Finding]:
    """What is wrong with the files of an encoder's folder; empty if nothing is."""
    return inspect_folder(folder, ENCODER_FILE, "an encoder's description", REMEDY)
