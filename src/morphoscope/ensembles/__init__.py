"""Plans, ensembles of simulated runs, and the recipes of published studies."""

from morphoscope.ensembles.execution import carry_out
from morphoscope.ensembles.plan import Plan, make_runs
from morphoscope.ensembles.recipes import recipe, recipe_names
from morphoscope.ensembles.store import Ensemble
from morphoscope.ensembles.table import Run

__all__ = ["Ensemble", "Plan", "Run", "carry_out", "make_runs", "recipe", "recipe_names"]
