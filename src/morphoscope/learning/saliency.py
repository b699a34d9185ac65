"""Saliency maps of a classifier: smoothed gradients and integrated gradients, computed by captum."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.classifier import Classifier

NOISE = 0.02  # standard deviation of the noise that is added to u
SAMPLES = 12
SMOOTHING = 2.0  # cells
PATH_STEPS = 24


@dataclasses.dataclass(frozen=True)
class Saliency:
    """Attributions of patterns to their predicted classes, each (n, height, width), scaled to 0 … 1 per pattern."""

    classes: list[str]
    smoothed_gradient: NDArray[np.float32]
    integrated_gradients: NDArray[np.float32]


def explain_patterns(classifier: Classifier, frames: NDArray[np.float32], seed: int = 0) -> Saliency:
    """Compute saliency maps of patterns for the classes that the classifier predicts.

    Smoothed gradient: |∂ score/∂u|, root mean square over noisy copies and frames, then Gaussian smoothing on the
    periodic grid. Integrated gradients: (u − u₀) ∫ ∂ score/∂u along the straight path from u₀, the mean of the pattern.
    frames: (n, frames, height, width). Sources: Smilkov et al. (2017); Sundararajan et al., ICML (2017); Scholz &
    Scholz (2022).
    """
    import torch
    from captum.attr import IntegratedGradients, NoiseTunnel
    from captum.attr import Saliency as Gradient
    from scipy.ndimage import gaussian_filter

    classifier.check(frames)
    prediction = classifier.predict(frames)
    torch.manual_seed(seed)
    gradients, integrated = [], []
    for pattern, target in zip(frames, prediction.index, strict=True):
        one = torch.from_numpy(np.array(pattern[None]))
        noisy = NoiseTunnel(Gradient(classifier.module))
        gradient = noisy.attribute(
            one,
            nt_type="smoothgrad_sq",
            nt_samples=SAMPLES,
            stdevs=NOISE,
            target=int(target),
        )
        path = IntegratedGradients(classifier.module).attribute(
            one,
            baselines=one.mean(dim=(2, 3), keepdim=True).expand_as(one),
            target=int(target),
            n_steps=PATH_STEPS,
            internal_batch_size=PATH_STEPS,
        )
        gradients.append(np.sqrt(gradient.detach().numpy()[0].sum(axis=0)))
        integrated.append(np.abs(path.detach().numpy()[0]).sum(axis=0))
    smooth = [gaussian_filter(g, SMOOTHING, mode="wrap") for g in gradients]
    return Saliency(prediction.names, _scaled(smooth), _scaled(integrated))


def _scaled(maps: list[NDArray[np.floating]]) -> NDArray[np.float32]:
    stacked = np.asarray(maps, dtype=np.float32)
    largest = stacked.max(axis=(1, 2), keepdims=True)
    return np.divide(stacked, largest, out=np.zeros_like(stacked), where=largest > 0)
