"""Further runs at the points of proposals: do they look like the proposal, or like its surroundings?"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.pattern_features import frame_features
from morphoscope.atlas.proposals import Discovery, Proposal
from morphoscope.atlas.reader import find_classifier
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.ensembles.plan import run_seeds

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.atlas.discovery import Evidence
    from morphoscope.learning.encoder import Encoder

NEAREST = 5  # patterns of the atlas that a further run is compared with

Floats = NDArray[np.float32]


def confirm(
    atlas: Atlas,
    found: Discovery,
    evidence: Evidence,
    encoder: Encoder,
    count: int,
    *,
    seed: int = 0,
    progress: Reporter = SILENT,
) -> Discovery:
    """The same proposals, each with the number of further runs that look like it.

    Each gets ``count`` runs at its points, in turn, with new seeds. A run looks like the proposal if most of the
    NEAREST patterns of the atlas belong to it (of 3 or 4 for a proposal of as many runs).
    """
    classifier = find_classifier(atlas)
    confirmed = []
    with progress.task("simulate proposals", len(found), "proposals") as task:
        for proposal in found.proposals:
            frames = _again(atlas, proposal, count, seed)
            like = _looks_like(evidence, frame_features(frames, encoder, classifier), atlas, proposal)
            confirmed.append(dataclasses.replace(proposal, confirmed=(int(like.sum()), count)))
            task.advance()
    return dataclasses.replace(found, proposals=tuple(confirmed))


def _again(atlas: Atlas, proposal: Proposal, count: int, seed: int) -> Floats:
    """Frames of further runs at points that are spread evenly over those of a proposal."""
    places = np.linspace(0, len(proposal.runs), count, endpoint=False).astype(int)
    chosen = np.array(proposal.runs)[places]
    plan = dataclasses.replace(atlas.plan, runs=atlas.plan.table.take(chosen))
    seeds = run_seeds(1000 * seed + proposal.number, count)
    runs = [dataclasses.replace(run, seed=own) for run, own in zip(plan.runs, seeds, strict=True)]
    return repeat_runs(dataclasses.replace(plan, runs=runs), range(count))


def _looks_like(evidence: Evidence, features: list[Floats], atlas: Atlas, proposal: Proposal) -> NDArray[np.bool_]:
    """Whether most of the patterns nearest to each further run belong to a proposal."""
    squares = np.zeros((len(features[0]), len(evidence.chosen)))
    for known, new in zip(evidence.features, features, strict=True):
        middle, scale = known.mean(axis=0), known.std(axis=0) + 1e-6
        one, other = (new - middle) / scale, (known - middle) / scale
        squares += ((one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T) / known.shape[1]
    nearest = np.argsort(squares, axis=1)[:, : min(NEAREST, len(proposal.runs))]
    inside = np.isin(atlas.runs[evidence.chosen], proposal.runs)
    return np.asarray(inside[nearest].mean(axis=1) > 0.5)
