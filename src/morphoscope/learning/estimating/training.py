"""Training of an estimator: neural posterior estimation. Validation runs choose the epoch and calibrate the widths."""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter, Task
from morphoscope.core.provenance import versions
from morphoscope.learning.estimating.estimator import Estimator, features_of
from morphoscope.learning.estimating.familiarity import Familiarity
from morphoscope.learning.estimating.region import Region
from morphoscope.learning.estimating.targets import TargetSet, check_trainable
from morphoscope.learning.schedule import averaged, one_cycle
from morphoscope.learning.symmetry import Augmentation

if TYPE_CHECKING:
    from torch import Tensor

    from morphoscope.learning.networks._posterior import PosteriorNetwork

EPOCHS = 30
HELD_OUT = 0.1  # share of the points that validate, if no other ensemble is given
_BATCH, _MIN_BATCHES = 32, 8
_RATE, _DECAY, _AVERAGE = 2e-3, 1e-2, 0.99
_CLIP = 5.0  # largest norm of the gradient; the density of a flow can be steep
_SYMMETRIES = Augmentation(intensity=0.0)  # exact symmetries only: levels tell parameters


@dataclasses.dataclass(frozen=True)
class EstimatorEpoch:
    """One row of the history: the mean of −log q(θ | x), θ in units of its spread, without calibration."""

    epoch: int
    learning_rate: float
    loss: float
    validation_loss: float
    seconds: float


def train_estimator(
    training: TargetSet,
    validation: TargetSet | None = None,
    *,
    epochs: int | None = None,
    seed: int = 0,
    progress: Reporter = SILENT,
) -> Estimator:
    """Train a posterior over the targets of an ensemble; keep the epoch with the highest density in validation.

    Parameters are drawn for training from the density with which the points of the ensemble cover their region, which
    is the prior of the posterior. Minimizing the mean of −log q(θ | x) over them gives the posterior for any pattern.
    Without validation runs, a tenth of the points is held out. Raises UsageError for sets that do not match.
    """
    epochs = EPOCHS if epochs is None else epochs
    if epochs < 1:
        raise UsageError(f"epochs={epochs}; use 1 or more", parameter="epochs")
    check_trainable(training)
    if validation is None:
        training, validation = training.held_out(HELD_OUT, seed)
    _check_match(training, validation)
    region = Region.of(training.values)
    with progress.task("train estimator", epochs, "epochs") as task:
        trainer = EstimatorTrainer(training, validation, region, epochs, seed)
        history = trainer.fit(task)
    module = trainer.best.eval()
    known, seen = features_of(module, training.frames), features_of(module, validation.frames)
    temperature = _calibrate(module, region.scaled(validation.values), seen)
    return Estimator(
        targets=training.targets,
        input=training.input,
        trained_on=training.trained_on,
        setting=training.setting,
        constant=training.constant,
        region=region,
        familiarity=Familiarity.of(known, seen),
        provenance={
            "training": _summary(training),
            "validation": _summary(validation),
            "seed": seed,
            "kept_epoch": trainer.kept,
            "temperature": temperature,
            "history": [dataclasses.asdict(epoch) for epoch in history],
            "versions": versions("torch", "zuko"),
        },
        module=module,
    )


def _summary(data: TargetSet) -> dict[str, Any]:
    return {
        "name": data.name,
        "plan_hash": data.plan_hash,
        "runs": len(data.values),
        "homogeneous_runs_left_out": data.homogeneous,
    }


def _check_match(training: TargetSet, validation: TargetSet) -> None:
    """Raise UsageError unless the validation runs are of the same kind."""
    if training.input != validation.input:
        raise UsageError(
            f"validation patterns are {validation.input}, training patterns {training.input}; use the same grid and "
            "frames"
        )
    if not training.trained_on.same_equations(validation.trained_on.model):
        raise UsageError(
            f"validation runs are of {validation.trained_on.model.name}, training runs of "
            f"{training.trained_on.model.name}; use the same model"
        )
    if not len(validation.values):
        raise UsageError(f"{validation.name} has no run with a pattern; simulate other points to validate with")
    if min(training.input.height, training.input.width) < 32:
        size = f"{training.input.width}x{training.input.height}"
        raise UsageError(f"{training.name} has {size} cells; the network needs 32x32 or more, in multiples of 16")


def _calibrate(module: PosteriorNetwork, values: NDArray[np.float64], features: NDArray[np.float32]) -> float:
    """Set the temperature τ that makes the validation runs most likely: τ² = ⟨|z|²⟩ / parameters."""
    import torch

    with torch.inference_mode():
        z, _ = module.latent(torch.from_numpy(values.astype(np.float32)), torch.from_numpy(features))
        temperature = float(z.square().mean().sqrt())
        module.temperature.fill_(temperature)
    return temperature


class EstimatorTrainer:
    """Training of one network; ``network(frames, parameters)`` makes it, by default a :class:`PosteriorNetwork`."""

    def __init__(
        self,
        training: TargetSet,
        validation: TargetSet,
        region: Region,
        epochs: int,
        seed: int,
        network: type[PosteriorNetwork] | None = None,
    ) -> None:
        import torch

        from morphoscope.learning.networks._posterior import PosteriorNetwork

        torch.manual_seed(seed)
        self.stream = torch.Generator().manual_seed(seed)
        self.module = (network or PosteriorNetwork)(training.input.frames, len(training.targets))
        self.frames = torch.from_numpy(training.frames)
        self.values = torch.from_numpy(region.scaled(training.values).astype(np.float32))
        self.validation_frames = validation.frames
        self.validation_values = torch.from_numpy(region.scaled(validation.values).astype(np.float32))
        self.batch = max(2, min(_BATCH, len(self.values) // _MIN_BATCHES))
        self.batches, self.epochs = len(self.values) // self.batch, epochs
        self.optimizer = torch.optim.AdamW(self.module.parameters(), lr=_RATE, weight_decay=_DECAY)
        self.schedule = one_cycle(self.optimizer, _RATE, epochs * self.batches)
        self.average = averaged(self.module, _AVERAGE)
        self.best: PosteriorNetwork = self.module
        self.kept = 0

    def fit(self, task: Task) -> list[EstimatorEpoch]:
        """Train all epochs; ``best`` has the averaged weights of the epoch ``kept``."""
        history: list[EstimatorEpoch] = []
        begin = time.perf_counter()
        least = math.inf
        for number in range(1, self.epochs + 1):
            loss, judged = self._epoch(), self._judge()
            rate = float(self.schedule.get_last_lr()[0])
            history.append(EstimatorEpoch(number, rate, loss, judged, time.perf_counter() - begin))
            if judged < least or not self.kept:
                least, self.kept = judged, number
                self.best = copy.deepcopy(self.average.module)
            task.advance(1, f"loss {loss:.2f}, validation {judged:.2f}")
        return history

    def _epoch(self) -> float:
        import torch

        self.module.train()
        order = torch.randperm(len(self.values), generator=self.stream)
        total = 0.0
        for start in range(0, self.batches * self.batch, self.batch):
            total += self._step(order[start : start + self.batch])
        return total / self.batches

    def _step(self, chosen: Tensor) -> float:
        import torch

        frames = _SYMMETRIES(self.frames[chosen], self.stream)
        loss = -self.module.log_density(self.values[chosen], self.module.features(frames)).mean()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), _CLIP)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.module)
        return float(loss.detach())

    def _judge(self) -> float:
        import torch

        module = self.average.module.eval()
        features = torch.from_numpy(features_of(module, self.validation_frames))
        with torch.inference_mode():
            return float(-module.log_density(self.validation_values, features).mean())
