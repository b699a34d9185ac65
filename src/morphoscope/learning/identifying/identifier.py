"""A trained identifier: from a picture to its kind, its model and the parameters that could have made it.

A folder: ``identifier.json`` has names, numbers, the plans of the models, the provenance; ``weights.safetensors`` the
network; ``readers.safetensors`` the calibrated readers, the simulated points, and embeddings of training and validation
pictures, with which it can be extended by more models. None of them can run code.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, record_files, verify_file
from morphoscope.core.errors import DataError
from morphoscope.core.extras import require
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.ensembles import Plan
from morphoscope.learning.classifier import WEIGHTS_FILE, shipped_folder
from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.description import read_description
from morphoscope.learning.identifying.candidates import Candidate
from morphoscope.learning.identifying.canonical import CanonicalViews
from morphoscope.learning.identifying.compatibility import Compatibility, Fit
from morphoscope.learning.identifying.readers import ClassReader, Embedded, LinearReader, ModelReader

if TYPE_CHECKING:
    from morphoscope.learning.networks._identifier import IdentifierNetwork

FORMAT = 1
IDENTIFIER_FILE = "identifier.json"
READERS_FILE = "readers.safetensors"
SHIPPED = "shipped"
REMEDY = "restore it from a copy, or install the package again"
_BATCH = 64

Arrays = dict[str, NDArray[Any]]


@dataclasses.dataclass(frozen=True, eq=False)
class Examples:
    """Embeddings of pictures, with the number of their model (the number of models for pictures that are none).

    Those held out are means over orientations, as a picture is read.
    """

    embeddings: NDArray[np.float16]
    models: NDArray[np.uint8]
    held: NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class Identifier:
    """A network with calibrated readers and one candidate for each model.

    :meth:`shipped` returns the one that comes with the package.

    Parameters
    ----------
    module
        The network, (n, 2, 64, 64) → (n, 96).
    models
        Which model, or none.
    kinds
        Which kind of pattern.
    gray_scott
        Which class of Gray–Scott, if the model is Gray–Scott.
    candidates
        One for each model.
    plans
        By model: how it was simulated.
    examples
        With which the reader of models was fitted and calibrated.
    compatibility
        Whether a picture is inside what each model produces; None for identifiers of older versions.
    provenance
        Ensembles, seed, versions, what was measured at the training.
    """

    module: IdentifierNetwork
    models: ModelReader
    kinds: ClassReader
    gray_scott: ClassReader
    candidates: tuple[Candidate, ...]
    plans: Mapping[str, Plan]
    examples: Examples
    compatibility: Compatibility | None
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        return f"Identifier({len(self.candidates)} models)"

    @classmethod
    def shipped(cls) -> Identifier:
        """The identifier that comes with the package, opened once."""
        return _shipped()

    def embedding(self, views: CanonicalViews) -> NDArray[np.float32]:
        """The mean embedding of the windows of a picture in all orientations, (96,)."""
        return np.asarray(oriented_embeddings(self.module, views.stacked()).mean(axis=0))

    def examples_of(self, stacked: NDArray[np.floating], held: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The embeddings of windows (n, 2, 64, 64), (n, 96), of those held out in all orientations."""
        return example_embeddings(self.module, stacked, held)

    def candidate(self, model: str) -> Candidate:
        """The candidate of a model."""
        return next(one for one in self.candidates if one.model == model)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the identifier into a folder."""
        from safetensors.numpy import save as save_arrays
        from safetensors.torch import save as save_tensors

        with staged_folder(Path(folder), IDENTIFIER_FILE, overwrite=overwrite) as part:
            tensors = {name: tensor.contiguous() for name, tensor in self.module.state_dict().items()}
            (part / WEIGHTS_FILE).write_bytes(save_tensors(tensors))
            arrays = {name: np.ascontiguousarray(array) for name, array in self._arrays().items()}
            (part / READERS_FILE).write_bytes(save_arrays(arrays))
            write_json(part / IDENTIFIER_FILE, {**self._description(), FILES: record_files(part)})

    def _description(self) -> dict[str, Any]:
        named = {name: reader.linear for name, reader in (("kinds", self.kinds), ("gray_scott", self.gray_scott))}
        return {
            "format": FORMAT,
            "models": self.models.numbers(),
            **{n: {"classes": list(r.classes), "temperature": r.temperature} for n, r in named.items()},
            "candidates": [{"model": c.model, "parameters": list(c.parameters)} for c in self.candidates],
            "plans": {name: plan.to_dict() for name, plan in self.plans.items()},
            "provenance": self.provenance,
        }

    def _arrays(self) -> Arrays:
        found: Arrays = {f"models.{name}": array for name, array in self.models.arrays().items()}
        for title, reader in (("kinds", self.kinds), ("gray_scott", self.gray_scott)):
            found |= {f"{title}.{name}": array for name, array in reader.arrays().items()}
        for one in self.candidates:
            for name in ("points", "wavelengths", "weights", "covariance"):
                found[f"candidate.{one.model}.{name}"] = np.asarray(getattr(one, name), dtype=np.float32)
            found[f"candidate.{one.model}.kinds"] = one.kinds
        if self.compatibility is not None:
            found |= {f"compatibility.{name}": array for name, array in self.compatibility.arrays().items()}
        return found | {f"examples.{f.name}": getattr(self.examples, f.name) for f in dataclasses.fields(self.examples)}

    @classmethod
    def open(cls, folder: str | Path) -> Identifier:
        """Read an identifier from its folder; ``shipped`` is the one that comes with the package.

        Raises DataError for a folder that is none, a damaged one, and a newer format.
        """
        require("learn")
        place = shipped_identifier_folder() if str(folder) == SHIPPED else Path(folder)
        values = read_description(place / IDENTIFIER_FILE, "an identifier", FORMAT, REMEDY)
        for name in (WEIGHTS_FILE, READERS_FILE):
            verify_file(place, name, values, REMEDY)
        return _read(place, values)


def _read(folder: Path, values: Mapping[str, Any]) -> Identifier:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file as load_arrays

    try:
        module = network_of(folder / WEIGHTS_FILE)
        arrays = load_arrays(folder / READERS_FILE)
        names = [str(entry["model"]) for entry in values["candidates"]]
        readers = [_class_reader(values[title], _under(arrays, title)) for title in ("kinds", "gray_scott")]
        return Identifier(
            module=module,
            models=ModelReader.from_arrays(names, _under(arrays, "models"), values["models"]),
            kinds=readers[0],
            gray_scott=readers[1],
            candidates=tuple(_candidate(entry, arrays) for entry in values["candidates"]),
            plans={name: Plan.from_dict(plan) for name, plan in values["plans"].items()},
            examples=Examples(**_under(arrays, "examples")),
            compatibility=Compatibility.from_arrays(names, _under(arrays, "compatibility")),
            provenance=dict(values["provenance"]),
        )
    except (SafetensorError, RuntimeError, OSError, KeyError, TypeError, ValueError) as error:
        first = " ".join(str(error).split())[:200]
        raise DataError(f"{folder} is damaged ({first}); {REMEDY}") from error


def network_of(path: Path) -> IdentifierNetwork:
    """The network with the weights in a file."""
    from safetensors.torch import load_file

    from morphoscope.learning.networks._identifier import IdentifierNetwork

    module = IdentifierNetwork()
    module.load_state_dict(load_file(path))
    return module.eval()


def _under(arrays: Mapping[str, NDArray[Any]], title: str) -> Arrays:
    return {name.removeprefix(f"{title}."): array for name, array in arrays.items() if name.startswith(f"{title}.")}


def _class_reader(entry: Mapping[str, Any], arrays: Arrays) -> ClassReader:
    linear = LinearReader(tuple(map(str, entry["classes"])), arrays["weights"], float(entry["temperature"]))
    return ClassReader(linear, ConformalScores(arrays["conformal"]))


def _candidate(entry: Mapping[str, Any], arrays: Arrays) -> Candidate:
    own = _under(arrays, f"candidate.{entry['model']}")
    exact = {name: own[name].astype(np.float64) for name in ("points", "wavelengths", "covariance")}
    return Candidate(
        str(entry["model"]), tuple(map(str, entry["parameters"])), kinds=own["kinds"], weights=own["weights"], **exact
    )


def embeddings_of(module: IdentifierNetwork, stacked: NDArray[np.floating]) -> NDArray[np.float32]:
    """The embeddings of windows (n, 2, 64, 64), (n, 96)."""
    import torch

    from morphoscope.learning.networks._identifier import EMBEDDING

    module.eval()
    parts = [np.zeros((0, EMBEDDING), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(stacked), _BATCH):
            batch = np.ascontiguousarray(stacked[start : start + _BATCH], dtype=np.float32)
            parts.append(module(torch.from_numpy(batch)).numpy())
    return np.concatenate(parts)


def oriented_embeddings(module: IdentifierNetwork, stacked: NDArray[np.floating]) -> NDArray[np.float32]:
    """The embeddings of windows (n, 2, 64, 64), each the mean over the eight orientations of the square, (n, 96).

    Without it, probabilities depend on how a picture is turned.
    """
    sides = (stacked, stacked[..., ::-1])
    turned = [np.rot90(side, quarters, axes=(2, 3)) for side in sides for quarters in range(4)]
    return np.asarray(np.mean([embeddings_of(module, each) for each in turned], axis=0))


def example_embeddings(
    module: IdentifierNetwork, stacked: NDArray[np.floating], held: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Embeddings to fit readers with: one orientation for training, all of them for validation."""
    found = embeddings_of(module, stacked)
    found[held] = oriented_embeddings(module, stacked[held])
    return found


@dataclasses.dataclass(frozen=True, eq=False)
class Addition:
    """A model that an identifier gets: its candidate, how it was simulated, pictures of it, what they look like."""

    candidate: Candidate
    plan: Plan
    examples: Examples
    fit: Fit


def extended(identifier: Identifier, added: Sequence[Addition]) -> Identifier:
    """An identifier that also knows other models, with examples of their pictures; its readers are calibrated again.

    The number of a new model in its examples does not matter.
    """
    known = identifier.examples
    count, more = len(identifier.candidates), len(added)
    old = np.where(known.models == count, count + more, known.models)
    parts = [(known.embeddings, old, known.held)]
    for number, examples in enumerate(one.examples for one in added):
        parts.append((examples.embeddings, np.full(len(examples.models), count + number), examples.held))
    embeddings, targets, held = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    joined = Examples(embeddings, targets.astype(np.uint8), held)
    every = (*identifier.candidates, *(one.candidate for one in added))
    compatibility = identifier.compatibility
    return dataclasses.replace(
        identifier,
        models=model_reader([one.model for one in every], joined),
        candidates=every,
        plans={**identifier.plans, **{one.candidate.model: one.plan for one in added}},
        examples=joined,
        compatibility=compatibility and compatibility.joined({one.candidate.model: one.fit for one in added}),
    )


def model_reader(models: Sequence[str], examples: Examples) -> ModelReader:
    """The reader of models that examples give: fitted on those for training, calibrated on those held out."""
    every, held = Embedded(examples.embeddings.astype(np.float32), examples.models.astype(np.intp)), examples.held
    return ModelReader.of(models, every.at(~held), every.at(held))


@functools.cache
def _shipped() -> Identifier:
    return Identifier.open(SHIPPED)


def shipped_identifier_folder() -> Path:
    """The folder of the identifier that comes with the package."""
    return shipped_folder() / "identifier"
