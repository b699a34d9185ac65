"""Ensembles of a user's own models, added to an identifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles import Ensemble, Plan, make_runs
from morphoscope.learning.identifying.compatibility import Fit
from morphoscope.learning.identifying.identifier import Addition, Examples, Identifier, extended
from morphoscope.learning.identifying.pattern_bank import PatternBank, bank_of
from morphoscope.learning.identifying.training import candidate_of
from morphoscope.learning.identifying.training_views import photographed_views

MIN_POINTS = 10  # with a pattern
_VIEWS, _HELD_VIEWS = 240, 80  # as many as a built-in model has examples
_HELD_OUT = 0.2
_PROCESSED = 0.5  # of the pictures


def with_ensembles(identifier: Identifier, folders: Sequence[str | Path], *, progress: Reporter = SILENT) -> Identifier:
    """An identifier that also ranks the models of some ensembles, whose patterns it sees as degraded photographs.

    A model with the name of one that is known gets the name of the ensemble's folder. Raises UsageError for ensembles
    with fewer than 10 points with a pattern.
    """
    added: list[Addition] = []
    with progress.task("own models", len(folders), "ensembles") as task:
        for folder in folders:
            taken = {one.model for one in (*identifier.candidates, *(made.candidate for made in added))}
            added.append(_of_ensemble(identifier, Path(folder), taken))
            task.advance(1, added[-1].candidate.model)
    return extended(identifier, added)


def _of_ensemble(identifier: Identifier, folder: Path, taken: set[str]) -> Addition:
    ensemble = Ensemble(folder)
    plan = ensemble.plan
    if plan.imported is not None:
        raise UsageError(
            f"{folder} was imported and can't be simulated; give an ensemble of a model", parameter="ensemble"
        )
    bank = _named(bank_of(ensemble, varied(plan)), folder, taken).split(_HELD_OUT)
    count = len(np.unique(bank.points, axis=0)) if bank.points.shape[1] else 0
    if count < MIN_POINTS:
        raise UsageError(
            f"{folder} has {count} points with a pattern; at least {MIN_POINTS} are needed to compare its model; "
            "simulate more points",
            parameter="ensemble",
        )
    random = np.random.default_rng(0)
    views = photographed_views(bank, 0, _VIEWS, _HELD_VIEWS, random, share_processed=_PROCESSED)
    embeddings = identifier.examples_of(views.views, views.held)
    candidate = candidate_of(bank, embeddings, views.pattern, views.held)
    single = dataclasses.replace(plan, runs=make_runs(plan.model, [(plan.runs[0].parameters, None)], 0))
    examples = Examples(embeddings.astype(np.float16), views.model.astype(np.uint8), views.held)
    fit_of = Fit.of if identifier.compatibility is None else identifier.compatibility.fit_of
    return Addition(candidate, single, examples, fit_of(embeddings[~views.held], embeddings[views.held]))


def _named(bank: PatternBank, folder: Path, taken: set[str]) -> PatternBank:
    name = bank.model
    if name in taken:
        name = folder.resolve().name
    while name in taken:
        name += "-2"
    return dataclasses.replace(bank, model=name)


def varied(plan: Plan) -> list[str]:
    """The numeric parameters that differ between the runs of a plan."""
    values = {name: {row.parameters[name] for row in plan.runs} for name in plan.model.defaults}
    return [
        name for name, found in values.items()
        if len(found) > 1 and all(isinstance(value, int | float) for value in found)
    ]  # fmt: skip
