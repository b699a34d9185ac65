"""Training of an encoder by contrast: two views of one pattern, or of two with the same parameters, are a pair."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter, Task
from morphoscope.core.provenance import versions
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.schedule import averaged, one_cycle
from morphoscope.learning.symmetry import square_symmetry
from morphoscope.learning.unlabelled import PatternSet, batches, check_patterns

if TYPE_CHECKING:
    from torch import Tensor

HELD_OUT = 0.15  # share of the points that judge the encoder
_PROJECTION = 128
_CROPS = ((0.75, 0.75, 1.0), (0.5, 0.625, 0.75))  # of the side of the grid, in the first and in the second view
_SINGLE = 0.125  # share of the batches without earlier frames, so that single frames can be encoded, too


@dataclasses.dataclass(frozen=True)
class EncoderSettings:
    """How an encoder is trained.

    ``temperature``: of the contrastive loss. ``parts``: number of sets in a batch. ``other_seed``: whether pairs of the
    same parameters with another seed are used. ``intensity``, ``offset``: patterns are scaled by up to 1 ± the first;
    up to ± the second is added, in units of their largest value.
    """

    epochs: int = 60
    batch: int = 128
    parts: int = 4
    temperature: float = 0.2
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    average: float = 0.99
    other_seed: bool = True
    intensity: float = 0.05
    offset: float = 0.05


@dataclasses.dataclass(frozen=True)
class EncoderEpoch:
    """One row of the history: the contrastive loss, and the retrieval at the held-out points."""

    epoch: int
    learning_rate: float
    loss: float
    retrieval: float | None
    seconds: float


def train_patterns(
    sets: Sequence[PatternSet],
    settings: EncoderSettings | None = None,
    *,
    seed: int = 0,
    progress: Reporter = SILENT,
) -> Encoder:
    """Train an encoder on the patterns of some ensembles; labels are not read.

    The loss is InfoNCE: for two views z, z' of a pair and the other views z₋ of the batch, −log of
    exp(z·z'/τ) / Σ exp(z·z₋/τ), with projections z of the features, normalised. A part of the points is held out to
    measure :func:`retrieval`; no epoch is chosen by it, the averaged weights of the last one are kept.

    Sources: van den Oord et al., arXiv:1807.03748; Chen et al., ICML (2020).
    """
    settings = settings or EncoderSettings()
    if settings.epochs < 1:
        raise UsageError(f"epochs={settings.epochs}; use 1 or more", parameter="epochs")
    check_patterns(sets)
    known = [one for one in sets if len(one.points)]
    with progress.task("train encoder", settings.epochs, "epochs") as task:
        trainer = _Trainer(known, settings, seed)
        history = trainer.fit(task)
    return Encoder(
        module=trainer.average.module.eval(),
        provenance={
            "training": [one.summary() for one in sets],
            "held_out_points": sum(len(held) for held in trainer.held),
            "retrieval": retrieval(trainer.encoder(), known, trainer.held),
            "seed": seed,
            "recipe": dataclasses.asdict(settings),
            "history": [dataclasses.asdict(epoch) for epoch in history],
            "versions": versions("torch"),
        },
    )


def retrieval(encoder: Encoder, sets: Sequence[PatternSet], held: Sequence[Sequence[int]]) -> dict[str, float]:
    """How often the nearest run with another seed has the same parameters, by set.

    The first run of each held-out point is compared with the second ones of all held-out points of its set, by the
    distance of their features, each in units of its standard deviation. Chance is 1/points. Sets with fewer than two
    held-out points are left out.
    """
    found = {}
    for one, points in zip(sets, held, strict=True):
        if len(points) < 2:
            continue
        runs = np.array([one.points[p][:2] for p in points])
        features = encoder.features(one.frames[runs.ravel()])
        features = (features / (features.std(axis=0) + 1e-6)).reshape(len(points), 2, -1)
        first, second = features[:, 0], features[:, 1]
        squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
        found[one.name] = float((squares.argmin(axis=1) == np.arange(len(points))).mean())
    return found


class _Trainer:
    def __init__(self, sets: Sequence[PatternSet], settings: EncoderSettings, seed: int) -> None:
        import torch
        from torch import nn

        from morphoscope.learning.networks._encoder import FEATURES, PatternEncoder

        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.sets, self.settings = sets, settings
        split = [one.split(HELD_OUT, seed) for one in sets]
        self.points, self.held = [pair[0] for pair in split], [pair[1] for pair in split]
        self.size = min(one.size for one in sets) // 16 * 16
        self.module = PatternEncoder().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.head = nn.Sequential(
            nn.Linear(FEATURES, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU(), nn.Linear(FEATURES, _PROJECTION)
        )
        weights = [*self.module.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.AdamW(weights, settings.learning_rate, weight_decay=settings.weight_decay)
        steps = sum(1 for _ in batches(self.points, settings.batch, settings.parts, np.random.default_rng(0)))
        self.schedule = one_cycle(self.optimizer, settings.learning_rate, settings.epochs * steps)
        self.average = averaged(self.module, settings.average)

    def encoder(self) -> Encoder:
        """The encoder as it is now."""
        return Encoder(self.average.module, {})

    def fit(self, task: Task) -> list[EncoderEpoch]:
        history: list[EncoderEpoch] = []
        begin = time.perf_counter()
        for number in range(1, self.settings.epochs + 1):
            loss, found = self._epoch(), None
            if number % 5 == 0 or number == self.settings.epochs:
                values = list(retrieval(self.encoder(), self.sets, self.held).values())
                found = float(np.mean(values)) if values else None
            rate = float(self.schedule.get_last_lr()[0])
            history.append(EncoderEpoch(number, rate, loss, found, time.perf_counter() - begin))
            task.advance(1, f"loss {loss:.2f}" + ("" if found is None else f", retrieval {found:.1%}"))
        return history

    def _epoch(self) -> float:
        self.module.train()
        self.head.train()
        losses = [
            self._step(batch) for batch in batches(self.points, self.settings.batch, self.settings.parts, self.random)
        ]
        return float(np.mean(losses))

    def _step(self, batch: Sequence[tuple[int, NDArray[np.intp]]]) -> float:
        import torch
        from torch.nn.functional import normalize

        single = self.random.random() < _SINGLE
        z = []
        for shares in _CROPS:
            size = max(32, int(self.random.choice(shares) * self.size) // 16 * 16)
            views = torch.cat([self._views(number, chosen, size, single) for number, chosen in batch])
            z.append(normalize(self.head(self.module.pooled(views)), dim=1))
        loss = contrast(torch.cat(z), self.settings.temperature)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.module)
        return float(loss.detach())

    def _views(self, number: int, chosen: NDArray[np.intp], size: int, single: bool) -> Tensor:
        """The channels of random views of one run at each of some points of a set."""
        import torch

        from morphoscope.learning.networks._encoder import channels

        one, views = self.sets[number], []
        for point in chosen.tolist():
            runs = one.points[point]
            run = self.random.choice(runs) if self.settings.other_seed else runs[0]
            views.append(self._view(torch.from_numpy(one.frames[run].astype(np.float32)), size))
        stacked = torch.stack(views)
        return channels(stacked[:, -1:] if single else stacked)

    def _view(self, pattern: Tensor, size: int) -> Tensor:
        """A random shift, crop, symmetry, intensity and offset of (frames, height, width)."""
        import torch

        height, width = pattern.shape[-2:]
        shift = (int(self.random.integers(height)), int(self.random.integers(width)))
        cut = torch.roll(pattern, shift, (-2, -1))[:, :size, :size]
        scale, offset = self.random.uniform(-1, 1, 2)
        cut = cut * float(1 + self.settings.intensity * scale)
        cut = cut + float(self.settings.offset * offset) * pattern.abs().amax()
        return square_symmetry(cut, int(self.random.integers(8)))


def contrast(z: Tensor, temperature: float) -> Tensor:
    """The InfoNCE loss of normalised projections (2n, features), whose rows i and n + i are pairs.

    Source: Chen et al., ICML (2020), eq. 1.
    """
    import torch
    from torch.nn.functional import cross_entropy

    pairs = len(z) // 2
    similarity = (z @ z.T / temperature).masked_fill(torch.eye(len(z), dtype=torch.bool), float("-inf"))
    return cross_entropy(similarity, torch.cat([torch.arange(pairs) + pairs, torch.arange(pairs)]))
