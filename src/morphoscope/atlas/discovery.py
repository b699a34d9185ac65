"""Find classes that nobody labelled: groups of similar patterns that contain no label and are far from all of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.labelled_places import Places, labelled
from morphoscope.atlas.pattern_features import pattern_features
from morphoscope.atlas.proposals import Discovery, Proposal
from morphoscope.atlas.similarity import patterned_rows
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.learning.nested_groups import SMALLEST, NestedGroups, find_nested_groups

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.encoder import Encoder

MOST_PATTERNS = 2000  # that are grouped; time and memory grow with their square
_OVERLAP = 0.5  # of a proposal, at most, with all earlier ones
_OWN_LABELS = 0.24  # share of the runs of a labelled place, at most, in a proposal
_FLOOR = 0.2  # added to the share of unknown runs
_CLASSES = 2  # that a proposal is shown beside
ALIKE = 8  # runs of each
_NOTHING = "nothing is proposed: each group of similar patterns has labels already, or lies apart in parameter space"


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """What proposals follow from, of n patterns.

    ``chosen``: their positions in the atlas; ``features``: kinds of features; ``groups``: the groups to choose from;
    ``labels``: class and patterns of each labelled place; ``coherence``: of each group.
    """

    chosen: NDArray[np.intp]
    features: list[NDArray[np.float32]]
    groups: NestedGroups
    labels: list[tuple[str, list[int]]]
    coherence: NDArray[np.float32]

    def label_distance(self) -> NDArray[np.float32]:
        """The mean distance of each pattern from the nearest labelled place; equal for all without labels."""
        distances = self.groups.distances
        if not self.labels:
            return np.full(len(distances), distances.mean(), dtype=np.float32)
        return np.stack([distances[:, place].mean(axis=1) for _, place in self.labels]).min(axis=0)

    def unlabelled(self) -> NDArray[np.bool_]:
        """The groups that do not contain a labelled place, (groups,)."""
        kept = np.ones(len(self.groups.members), dtype=bool)
        for _, place in self.labels:
            kept &= self.groups.members[:, place].mean(axis=1) <= _OWN_LABELS
        return kept


def gather(
    atlas: Atlas, chosen: NDArray[np.intp], features: list[NDArray[np.float32]], *, seed: int, progress: Reporter
) -> Evidence:
    """The groups of some patterns of an atlas by their features, and its labels."""
    with progress.task("group", 1, "atlas") as task:
        groups = find_nested_groups(features, seed=seed)
        task.advance()
    places = Places(atlas, chosen)
    neighbours = places.neighbours()
    degree = np.asarray(neighbours.sum(axis=1)).ravel()
    inside = ((groups.members @ neighbours) * groups.members).sum(axis=1)
    coherence = inside / np.maximum(groups.members @ degree, 1)
    return Evidence(chosen, features, groups, labelled(atlas, places, chosen), coherence.astype(np.float32))


def patterned(atlas: Atlas, seed: int) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """The positions of the readings that are not homogeneous, at most MOST_PATTERNS of them, and what was left out.

    Raises UsageError for fewer patterns than a few groups need.
    """
    found = patterned_rows(atlas)
    if len(found) < 4 * SMALLEST:
        raise UsageError(f"{atlas.folder} has {len(found)} runs with a pattern; {4 * SMALLEST} or more are needed")
    if len(found) <= MOST_PATTERNS:
        return found, ()
    kept = np.sort(np.random.default_rng(seed).permutation(found)[:MOST_PATTERNS])
    return kept, (f"{MOST_PATTERNS} of {len(found)} patterns, drawn at random, were grouped",)


def propose(atlas: Atlas, evidence: Evidence, count: int) -> list[Proposal]:
    """The best ``count`` proposals. Each counts as labelled from then on: the next ones are far from it, too."""
    groups, chosen = evidence.groups, evidence.chosen
    known = atlas.reading.known
    unknown = None if known is None else groups.mean(atlas.reading.unknown[chosen])
    distance = evidence.label_distance()
    typical = float(np.median(distance)) or 1.0
    rest = evidence.coherence * groups.stability * (1 if unknown is None else _FLOOR + unknown) * groups.sizes**0.25
    open_ = evidence.unlabelled() & (rest > 0)
    taken = np.zeros(len(chosen), dtype=np.float32)
    found: list[Proposal] = []
    while len(found) < count and open_.any():
        apart = groups.mean(distance) / typical
        score = np.where(open_, rest * np.sqrt(apart), -1)
        best = int(score.argmax())
        members = np.flatnonzero(groups.members[best])
        share = None if unknown is None else float(unknown[best])
        numbers = (
            float(score[best]),
            float(apart[best]),
            float(evidence.coherence[best]),
            float(groups.stability[best]),
        )
        proposal = _proposal(atlas, len(found) + 1, chosen[members], numbers, share)
        found.append(dataclasses.replace(proposal, alike=_alike(atlas, evidence, proposal.read_as, members)))
        taken = np.maximum(taken, groups.members[best])
        open_ &= groups.members @ taken <= _OVERLAP * groups.sizes
        distance = np.minimum(distance, groups.distances[:, members].mean(axis=1))
    return found


def _proposal(
    atlas: Atlas, number: int, positions: NDArray[np.intp], numbers: tuple[float, ...], unknown: float | None
) -> Proposal:
    read = Counter(np.array(atlas.reading.names)[positions].tolist())
    ranges = {}
    for name in atlas.varying:
        values = atlas.values(name)[positions]
        ranges[name] = (float(values.min()), float(values.max()))
    score, distance, coherence, stability = numbers
    runs = tuple(atlas.runs[positions].tolist())
    return Proposal(number, score, runs, dict(read.most_common()), distance, coherence, stability, unknown, ranges)


def _alike(
    atlas: Atlas, evidence: Evidence, read_as: Iterable[str], members: NDArray[np.intp]
) -> dict[str, tuple[int, ...]]:
    """The runs of the first classes that are most like some members, by their mean distance from these."""
    read, inside = np.array(atlas.reading.names)[evidence.chosen], np.zeros(len(evidence.chosen), dtype=bool)
    inside[members] = True
    apart = evidence.groups.distances[:, members].mean(axis=1)
    found = {}
    for name in itertools.islice(read_as, _CLASSES):
        others = np.flatnonzero((read == name) & ~inside)
        nearest = others[np.argsort(apart[others], kind="stable")[:ALIKE]]
        found[name] = tuple(atlas.runs[evidence.chosen[nearest]].tolist())
    return found


def discover_classes(
    atlas: Atlas, encoder: Encoder, *, count: int, seed: int = 0, progress: Reporter = SILENT
) -> tuple[Discovery, Evidence]:
    """The best proposals of an atlas, and what they follow from."""
    chosen, notes = patterned(atlas, seed)
    features = pattern_features(atlas, chosen, encoder, progress)
    evidence = gather(atlas, chosen, features, seed=seed, progress=progress)
    found = tuple(propose(atlas, evidence, count))
    return Discovery(found, atlas.plan.hash, notes if found else (*notes, _NOTHING)), evidence
