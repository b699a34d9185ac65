"""Training of a classifier on a labelled ensemble; a validation ensemble determines the epoch. Uses no test data."""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter, Task
from morphoscope.core.provenance import versions
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.datasets import DataSet
from morphoscope.learning.evaluation import fit_temperature
from morphoscope.learning.homogeneous import homogeneous_classes
from morphoscope.learning.networks import Network, TrainingSettings, get_network
from morphoscope.learning.recognition import add_recognition
from morphoscope.learning.schedule import averaged, one_cycle
from morphoscope.learning.transfer import Pretrained, fit_last_layer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

MIN_BATCHES = 8
TUNING = 0.1  # of the learning rate, for a network that was trained before


@dataclasses.dataclass(frozen=True)
class Epoch:
    """One row of the history: losses and accuracies; those of the training set are for augmented patterns."""

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


def train_classifier(
    training: DataSet,
    validation: DataSet | None,
    *,
    network: str = "periodic-2d",
    epochs: int | None = None,
    seed: int = 0,
    paper_augmentation: bool = False,
    pretrained: Pretrained | None = None,
    freeze: bool = False,
    progress: Reporter = SILENT,
) -> Classifier:
    """Train a network on one data set and keep the last epoch that is as good as the best on the validation set.

    As good as: within one standard error, √(p (1 − p) / n), of the best validation accuracy p. If both sets have the
    same parameters, accuracy saturates early, and later epochs generalize better. The temperature of the probabilities
    is also fitted on the validation set. The same data, seed and number of threads give the same weights on the same
    machine. Raises UsageError for unknown names and for sets that do not match.

    ``pretrained``: the network starts with these weights. Its last layer is fitted by logistic regression; then, unless
    ``freeze``, all layers are trained with a tenth of the learning rate (Kumar et al., ICLR (2022)), while batch norms
    keep their statistics. With ``freeze`` there may be no validation set; then the temperature is 1.
    """
    architecture = get_network(network if pretrained is None else pretrained.architecture(training.input.frames))
    settings = _adapted(architecture.training, len(training.labels), epochs, paper_augmentation)
    classes = tuple(training.classes)
    _check_sets(training, validation, classes, 1 if freeze else 2)
    _check_frames(architecture, training)
    _check_grid(architecture, training.input, training.name)
    targets = None if validation is None else validation.targets(classes)
    homogeneous = homogeneous_classes(training)
    stream = _seeded(seed)
    if pretrained is None:
        module = architecture.build(training.input.frames, len(classes))
    else:
        settings = dataclasses.replace(settings, learning_rate=TUNING * settings.learning_rate)
        module = pretrained.module(training.input.frames, len(classes))
        fit_last_layer(module, training.frames, training.targets(classes), stream)
    history, kept = list[Epoch](), 0
    if not freeze:
        with progress.task(f"train {architecture.name}", settings.epochs, "epochs") as task:
            trainer = _Trainer(module, settings, training, classes, stream, fixed_statistics=pretrained is not None)
            history = trainer.fit(_required(validation), targets, task)
        module, kept = trainer.best, trainer.kept
    classifier = Classifier(
        network=architecture.name,
        classes=classes,
        input=training.input,
        temperature=1.0,
        provenance={
            "training": _summary(training),
            "validation": None if validation is None else _summary(validation),
            "training_rows": training.rows(),
            "training_times": list(training.times),
            "pretrained": None if pretrained is None else {**pretrained.origin, "frozen": freeze},
            "seed": seed,
            "recipe": dataclasses.asdict(settings),
            "kept_epoch": kept,
            "history": [dataclasses.asdict(e) for e in history],
            "versions": versions("torch"),
        },
        module=module.eval(),
        trained_on=training.runs,
        homogeneous=homogeneous,
    )
    if validation is not None and targets is not None:
        classifier.temperature = fit_temperature(classifier.logits(validation.frames), targets)
        add_recognition(classifier, training, validation)
    return classifier


def _summary(data: DataSet) -> dict[str, Any]:
    return {"name": data.name, "plan_hash": data.plan_hash, "runs": len(data.labels)}


def _required(validation: DataSet | None) -> DataSet:
    if validation is None:
        raise UsageError("a classifier needs another labelled ensemble to validate with", parameter="validation")
    return validation


def _check_sets(training: DataSet, validation: DataSet | None, classes: tuple[str, ...], least: int) -> None:
    """Raise UsageError unless there are enough runs of each class, and the validation runs are of the same kind."""
    if len(training.labels) < least * len(classes):
        raise UsageError(
            f"{training.name} has {len(training.labels)} runs of {len(classes)} classes; use at least {least} runs per "
            "class"
        )
    if len(classes) < 2:
        raise UsageError(f"{training.name} has {len(classes)} class; at least 2 are needed to train")
    if validation is not None and training.input != validation.input:
        raise UsageError(
            f"validation patterns are {validation.input}, training patterns {training.input}; "
            "use the same grid and frames"
        )


def _adapted(settings: TrainingSettings, runs: int, epochs: int | None, paper_augmentation: bool) -> TrainingSettings:
    if epochs is not None and epochs < 1:
        raise UsageError(f"epochs={epochs}; use 1 or more")
    settings = dataclasses.replace(settings, epochs=epochs or settings.epochs_for(runs))
    if paper_augmentation:
        augmentation = dataclasses.replace(settings.augmentation, affine=1.0)
        settings = dataclasses.replace(settings, augmentation=augmentation)
    return settings


def _check_frames(network: Network, training: DataSet) -> None:
    """Raise UsageError if the runs have fewer frames than the network reads."""
    if (count := training.input.frames) < network.min_frames:
        raise UsageError(
            f"{training.name} has {count} frame{'s' * (count > 1)}, at t = {_list(training.times)}; the network "
            f"{network.name} reads {network.min_frames} or more; simulate with more times, or a recipe with 10 frames"
        )


def _list(times: tuple[float, ...]) -> str:
    return ", ".join(f"{time:g}" for time in times)


def _check_grid(network: Network, read: Input, name: str) -> None:
    """Raise UsageError unless the network can read patterns of this grid."""
    import torch

    size = f"{read.width}x{read.height} cells"
    if read.height == 1:
        raise UsageError(f"{name} has runs in one dimension ({size}); networks read two dimensions; simulate such runs")
    try:
        with torch.inference_mode():
            network.build(read.frames, 2).eval()(torch.zeros(1, read.frames, read.height, read.width))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{name} has {size}, too few for the network {network.name} ({reason}); use more") from error


def _seeded(seed: int) -> torch.Generator:
    """Seed the weights and the dropout; return the generator of the augmentation and of the order of the runs."""
    import torch

    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


class _Trainer:
    def __init__(
        self,
        module: nn.Module,
        settings: TrainingSettings,
        data: DataSet,
        classes: tuple[str, ...],
        stream: torch.Generator,
        *,
        fixed_statistics: bool = False,
    ) -> None:
        import torch

        self.fixed_statistics = fixed_statistics
        self.settings, self.stream, self.module = settings, stream, module
        self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.frames = torch.from_numpy(data.frames)
        self.targets = torch.from_numpy(data.targets(classes))
        # Small sets get small batches, so that an epoch has enough steps for the running statistics to converge.
        self.batch = max(2, min(settings.batch, len(self.targets) // MIN_BATCHES))
        self.batches = len(self.targets) // self.batch
        self.optimizer = torch.optim.AdamW(
            self.module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.schedule = one_cycle(self.optimizer, settings.learning_rate, settings.epochs * self.batches)
        self.average = averaged(self.module, settings.average)
        self.best: nn.Module = self.module
        self.kept = 0

    @property
    def judged(self) -> nn.Module:
        """The module whose weights are validated and kept: the averaged one if there is one."""
        return self.average.module if self.average is not None else self.module

    def fit(self, validation: DataSet, targets: Any, task: Task) -> list[Epoch]:
        """Train all epochs; store the weights of the chosen epoch in ``best`` and its number in ``kept``."""
        history: list[Epoch] = []
        begin = time.perf_counter()
        for number in range(1, self.settings.epochs + 1):
            loss, accuracy = self._epoch()
            validation_loss, validation_accuracy = self._judge(validation.frames, targets)
            epoch = Epoch(
                number,
                float(self.schedule.get_last_lr()[0]),
                loss,
                accuracy,
                validation_loss,
                validation_accuracy,
                time.perf_counter() - begin,
            )
            history.append(epoch)
            if validation_accuracy >= _good_enough(history, len(targets)):
                self.best, self.kept = copy.deepcopy(self.judged), number
            task.advance(1, f"loss {loss:.3f}, validation {validation_accuracy:.2%}")
        return history

    def _epoch(self) -> tuple[float, float]:
        import torch

        self.module.train()
        if self.fixed_statistics:
            _fix_statistics(self.module)
        order = torch.randperm(len(self.targets), generator=self.stream)
        loss_sum, right = 0.0, 0
        for number in range(self.batches):
            chosen = order[number * self.batch : (number + 1) * self.batch]
            frames = self.settings.augmentation(self.frames[chosen], self.stream)
            loss, hits = self._step(frames.contiguous(memory_format=torch.channels_last), self.targets[chosen])
            loss_sum, right = loss_sum + loss, right + hits
        return loss_sum / self.batches, right / (self.batches * self.batch)

    def _judge(self, frames: Any, targets: Any) -> tuple[float, float]:
        """Loss and accuracy on patterns, without augmentation; the loss is the one that training minimizes."""
        import torch
        from torch.nn.functional import cross_entropy

        module = self.judged.eval()
        with torch.inference_mode():
            parts = [module(torch.from_numpy(frames[i : i + 64])) for i in range(0, len(frames), 64)]
        logits, wanted = torch.cat(parts), torch.from_numpy(np.asarray(targets))
        loss = cross_entropy(logits, wanted, label_smoothing=self.settings.smoothing)
        return float(loss), float((logits.argmax(dim=1) == wanted).float().mean())

    def _step(self, frames: Tensor, targets: Tensor) -> tuple[float, int]:
        from torch.nn.functional import cross_entropy

        logits = self.module(frames)
        loss = cross_entropy(logits, targets, label_smoothing=self.settings.smoothing)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.module)
        return float(loss.detach()), int((logits.argmax(dim=1) == targets).sum())


def _fix_statistics(module: nn.Module) -> None:
    """Let batch norms use the statistics that they have, since those of a few runs would be worse."""
    from torch.nn.modules.batchnorm import _BatchNorm

    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.eval()


def _good_enough(history: list[Epoch], runs: int) -> float:
    """The smallest validation accuracy with which an epoch counts as good as the best so far."""
    best = max(epoch.validation_accuracy for epoch in history)
    return best - math.sqrt(best * (1 - best) / runs)
