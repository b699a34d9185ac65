"""Training of an identifier: patterns of all models as degraded photographs, one network, calibration."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.ensembles import Plan
from morphoscope.learning.identifying.candidates import Candidate
from morphoscope.learning.identifying.compatibility import Compatibility
from morphoscope.learning.identifying.kinds import KINDS
from morphoscope.learning.identifying.pattern_bank import PatternBank
from morphoscope.learning.identifying.readers import ClassReader, Embedded
from morphoscope.learning.identifying.training_views import NOWHERE, Views
from morphoscope.learning.schedule import averaged, one_cycle

if TYPE_CHECKING:
    from torch import Tensor

    from morphoscope.learning.identifying.identifier import Identifier
    from morphoscope.learning.networks._identifier import IdentifierNetwork

Floats = NDArray[np.float64]


def fit_identifier(
    banks: Sequence[PatternBank],
    plans: Mapping[str, Plan],
    views: Views,
    processed: Views,
    *,
    epochs: int = 6,
    seed: int = 0,
    module: IdentifierNetwork | None = None,
    progress: Reporter = SILENT,
) -> Identifier:
    """Train a network on the training views, or go on with ``module``; calibrate all readers on the views held out.

    With ``epochs=0``, ``module`` stays as it is. ``processed``: views of processed pictures, held out, with which
    compatibility is calibrated, beside the others.
    """
    from morphoscope.learning.identifying.identifier import example_embeddings, oriented_embeddings

    targets = targets_of(banks, views)
    if module is None or epochs:
        module = train_network(targets, views, epochs=epochs, seed=seed, start=module, progress=progress)
    embeddings = example_embeddings(module, views.views, views.held)
    identifier = calibrated(banks, plans, views, module, embeddings)
    others = oriented_embeddings(module, processed.views)
    identifier = dataclasses.replace(
        identifier, compatibility=compatibility_of(banks, views, embeddings, processed.model, others)
    )
    identifier.provenance.update(views=len(views.model), epochs=epochs, seed=seed)
    return identifier


def calibrated(
    banks: Sequence[PatternBank],
    plans: Mapping[str, Plan],
    views: Views,
    module: IdentifierNetwork,
    embeddings: NDArray[np.float32],
) -> Identifier:
    """An identifier with readers of the embeddings (n, 96) of views, calibrated on those held out."""
    from morphoscope.learning.identifying.identifier import Examples, Identifier
    from morphoscope.learning.identifying.readers import ModelReader

    targets, held = targets_of(banks, views), views.held
    models = [bank.model for bank in banks]
    kept, equal = _some_examples(views), _equal_shares(views)
    examples = Examples(embeddings[kept].astype(np.float16), views.model[kept].astype(np.uint8), held[kept])

    def reader(name: str, classes: Sequence[str]) -> ClassReader:
        own = Embedded(embeddings, targets.classes[name])
        known = own.targets >= 0
        return ClassReader.of(classes, own.at(~held & known), own.at(held & known))

    of_models = Embedded(embeddings, views.model)
    identifier = Identifier(
        module=module,
        models=ModelReader.of(models, of_models.at(equal), of_models.at(held)),
        kinds=reader("kind", KINDS),
        gray_scott=reader("gray_scott", targets.gray_scott),
        candidates=tuple(candidate_of(bank, *_of_model(views, embeddings, n)) for n, bank in enumerate(banks)),
        plans=plans,
        examples=examples,
        compatibility=None,
        provenance={"versions": versions("torch")},
    )
    identifier.provenance["calibration"] = measured(identifier, targets, views, embeddings)
    return identifier


def compatibility_of(
    banks: Sequence[PatternBank],
    views: Views,
    embeddings: NDArray[np.float32],
    processed: NDArray[np.intp],
    others: NDArray[np.float32],
) -> Compatibility:
    """Calibrated on the views held out, and on as many ``others``: embeddings of processed pictures, with models."""
    held, training = views.held, _equal_shares(views)
    known = Embedded(embeddings, views.model)
    judged = Embedded(np.concatenate([embeddings[held], others]), np.concatenate([views.model[held], processed]))
    return Compatibility.of([bank.model for bank in banks], known.at(training), judged)


def _equal_shares(views: Views) -> NDArray[np.intp]:
    """Training views, as many of each model as of the rarest, and all that are none."""
    none = int(views.model.max())
    count = np.bincount(views.model[~views.held], minlength=none + 1)
    most = [int(count[:none][count[:none] > 0].min())] * none + [int(count[none])]
    rows = [np.flatnonzero(~views.held & (views.model == number)) for number in range(none + 1)]
    shuffled = [np.random.default_rng(number).permutation(own) for number, own in enumerate(rows)]
    return np.concatenate([own[:n] for own, n in zip(shuffled, most, strict=True)])


EXAMPLES = 250  # of each model, for training, that an identifier keeps


def _some_examples(views: Views) -> NDArray[np.intp]:
    """All held-out views, and some of each model for training."""
    kept = [np.flatnonzero(views.held)]
    for number in np.unique(views.model).tolist():
        own = np.flatnonzero(~views.held & (views.model == number))
        most = EXAMPLES if number < views.model.max() else 8 * EXAMPLES
        kept.append(np.random.default_rng(number).permutation(own)[:most])
    return np.concatenate(kept)


def _of_model(
    views: Views, embeddings: NDArray[np.float32], number: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.bool_]]:
    own = views.model == number
    return embeddings[own], views.pattern[own], views.held[own]


def candidate_of(
    bank: PatternBank, embeddings: NDArray[np.float32], pattern: NDArray[np.intp], held: NDArray[np.bool_]
) -> Candidate:
    """The candidate of a bank, from embeddings of pictures with the numbers of their patterns."""
    points, place = np.unique(bank.points[bank.prior], axis=0, return_inverse=True)
    count = np.bincount(place.reshape(-1))
    wavelengths = np.bincount(place.reshape(-1), weights=bank.wavelengths[bank.prior]) / count
    names = bank.kinds[bank.prior][np.unique(place.reshape(-1), return_index=True)[1]].tolist()
    kinds = np.array([KINDS.index(name) if name else NOWHERE for name in names], dtype=np.int8)
    usable = bank.prior[pattern]
    training, judged = usable & ~held, usable & held
    return Candidate.of(
        bank.model, bank.parameters, points, wavelengths, kinds,
        (embeddings[training], bank.points[pattern[training]]), (embeddings[judged], bank.points[pattern[judged]]),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Targets:
    """What the network learns of each view; −1 or NaN where it is not defined.

    ``classes``: numbers of model, kind and Gray–Scott's class; ``parameters``: (n, all parameters), standardised.
    """

    classes: dict[str, NDArray[np.intp]]
    parameters: NDArray[np.float32]
    gray_scott: tuple[str, ...]


def targets_of(banks: Sequence[PatternBank], views: Views) -> Targets:
    """The targets of views of patterns in banks."""
    labels = {str(name) for bank in banks for name in bank.labels} - {""}
    gray_scott = tuple(sorted(labels))
    kind, label = np.full((2, len(views.model)), NOWHERE)
    columns = sum(len(bank.parameters) for bank in banks)
    parameters = np.full((len(views.model), columns), np.nan, np.float32)
    first = 0
    for number, bank in enumerate(banks):
        own = np.flatnonzero(views.model == number)
        pattern = views.pattern[own]
        kind[own] = [KINDS.index(name) if name else NOWHERE for name in bank.kinds[pattern].tolist()]
        label[own] = [gray_scott.index(name) if name else NOWHERE for name in bank.labels[pattern].tolist()]
        scaled = (bank.points - bank.points.mean(axis=0)) / (bank.points.std(axis=0) + 1e-12)
        parameters[own, first : first + len(bank.parameters)] = scaled[pattern]
        first += len(bank.parameters)
    return Targets({"model": views.model, "kind": kind, "gray_scott": label}, parameters, gray_scott)


_LEARNING_RATE, _DECAY, _BATCH, _AVERAGE = 3e-3, 1e-2, 128, 0.99
_SHARES = {"model": 1.0, "kind": 0.3, "gray_scott": 0.5, "numbers": 0.3}  # of the loss


def train_network(
    targets: Targets,
    views: Views,
    *,
    epochs: int,
    seed: int,
    start: IdentifierNetwork | None = None,
    progress: Reporter = SILENT,
) -> IdentifierNetwork:
    """The network that reads model, kind, class and parameters best; its averaged weights of the last epoch.

    A network ``start`` is trained further, with half the learning rate.
    """
    import torch

    from morphoscope.learning.networks._identifier import IdentifierHeads, IdentifierNetwork

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    sizes = {name: int(max(values.max(), 0)) + 1 for name, values in targets.classes.items()}
    module = IdentifierNetwork() if start is None else copy.deepcopy(start)
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rate = _LEARNING_RATE if start is None else _LEARNING_RATE / 2
    heads = IdentifierHeads({**sizes, "numbers": targets.parameters.shape[1]})
    weights = [*module.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(weights, rate, weight_decay=_DECAY)
    training = np.flatnonzero(~views.held)
    steps = epochs * (len(training) // _BATCH)
    schedule = one_cycle(optimizer, rate, steps)
    average = averaged(module, _AVERAGE)
    with progress.task("train identifier", epochs, "epochs") as task:
        for _ in range(epochs):
            module.train()
            losses = []
            order = random.permutation(training)
            for begin in range(0, len(order) - _BATCH + 1, _BATCH):
                rows = order[begin : begin + _BATCH]
                outputs = heads(module(_turned(torch.from_numpy(views.views[rows].astype(np.float32)), random)))
                loss = _loss(outputs, targets, rows)
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                schedule.step()
                average.update_parameters(module)
                losses.append(float(loss.detach()))
            task.advance(1, f"loss {np.mean(losses) if losses else float('nan'):.3f}")
    found: IdentifierNetwork = average.module.eval()
    return found


def _turned(views: Tensor, random: np.random.Generator) -> Tensor:
    """Each of eight parts of a batch in another of the symmetries of the square."""
    import torch

    from morphoscope.learning.symmetry import square_symmetry

    numbers = random.permutation(8).tolist()
    return torch.cat([square_symmetry(part, n) for part, n in zip(views.tensor_split(8), numbers, strict=True)])


def _loss(outputs: Mapping[str, Tensor], targets: Targets, rows: NDArray[np.intp]) -> Tensor:
    import torch
    from torch.nn.functional import cross_entropy

    total = torch.zeros(())
    for name, values in targets.classes.items():
        wanted = torch.from_numpy(values[rows].astype(np.int64))
        if bool((wanted >= 0).any()):
            smoothing = 0.05 if name == "model" else 0.0
            each = cross_entropy(
                outputs[name], wanted, ignore_index=NOWHERE, reduction="sum", label_smoothing=smoothing
            )
            total = total + _SHARES[name] * each / len(rows)
    truth = torch.from_numpy(targets.parameters[rows])
    known = torch.isfinite(truth)
    errors = torch.where(known, outputs["numbers"] - torch.nan_to_num(truth), 0.0)
    return total + _SHARES["numbers"] * (errors**2).sum() / len(rows)


def measured(
    identifier: Identifier, targets: Targets, views: Views, embeddings: NDArray[np.float32]
) -> dict[str, float]:
    """How well the calibrated readers do on the held-out views: the same that calibrated them."""
    held = views.held
    probabilities = identifier.models.probabilities(embeddings[held])
    truth, count = views.model[held], len(identifier.models.models)
    patterns = truth < count
    order = np.argsort(-probabilities[patterns, :count], axis=1)
    found = {
        "model_top1": float((order[:, 0] == truth[patterns]).mean()),
        "model_top3": float((order[:, :3] == truth[patterns, None]).any(axis=1).mean()),
        "none_of_none": float((probabilities[~patterns, -1] > 0.5).mean()),
        "none_of_patterns": float((probabilities[patterns, -1] > 0.5).mean()),
    }
    for name, reader in (("kind", identifier.kinds), ("gray_scott", identifier.gray_scott)):
        own = held & (targets.classes[name] >= 0)
        read, _ = reader.read(embeddings[own])
        wanted = [reader.linear.classes[i] for i in targets.classes[name][own]]
        kept = np.array([bool(one) for one in read])
        right = np.array([a == b for a, b in zip(read, wanted, strict=True)])
        found |= {
            f"{name}_right": float(right[kept].mean()) if kept.any() else 0.0,
            f"{name}_abstained": float(1 - kept.mean()),
        }
    return found
