"""What every training shares: the learning rate over its steps, and the moving average of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import OneCycleLR

_WARM_UP = 0.2  # fraction of the steps in which the learning rate increases


def one_cycle(optimizer: Optimizer, learning_rate: float, steps: int) -> OneCycleLR:
    """A schedule of so many steps whose maximum is ``learning_rate``.

    Source: L. N. Smith and N. Topin, "Super-convergence", arXiv:1708.07120.
    """
    from torch.optim.lr_scheduler import OneCycleLR

    steps = max(steps, 2)
    rising = 2 / steps if _WARM_UP * steps == 1 else _WARM_UP  # PyTorch divides by zero if it rises in exactly one step
    return OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=rising)


def averaged(module: nn.Module, decay: float) -> Any:
    """An exponential moving average of weights and statistics, or None.

    At step n the weight of the old value is min(decay, (1 + n) / (10 + n)), so that the random initial weights do not
    dominate a short training.
    """
    from torch.optim.swa_utils import AveragedModel

    if decay == 0:
        return None

    def blend(old: Tensor, new: Tensor, step: Tensor | int) -> Tensor:
        share = min(decay, (1 + int(step)) / (10 + int(step)))
        return share * old + (1 - share) * new

    return AveragedModel(module, avg_fn=blend, use_buffers=True)
