"""Which parts of a plan decide its numbers: every field is tried, in both directions."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.noise import NOISE_VERSION
from morphoscope.ensembles import Ensemble, Plan, Run, carry_out
from morphoscope.ensembles.identity import DESCRIPTIVE_MODEL_FIELDS, DESCRIPTIVE_PLAN_FIELDS
from morphoscope.ensembles.imported import Imported, SourceFile
from morphoscope.models import Model, Ramp
from tests.conftest import tiny_plan

PLAN = dataclasses.replace(tiny_plan(size=48), until=10.0, times=(5.0, 10.0), runs=tiny_plan().runs[:2])

NOISY = dataclasses.replace(PLAN, noise=(("u", 0.1),))


def with_model(**fields):
    return {"model": dataclasses.replace(PLAN.model, **fields)}


def with_run(**fields):
    return {"runs": (dataclasses.replace(PLAN.runs[0], **fields), PLAN.runs[1])}


#: A change of every field, and how the difference begins; None: it decides no number.
PLAN_CHANGES = {
    "name": ("another", None),
    "model": (with_model(reaction={"u": "f - u*v**2", "v": "u*v**2 - (f + k)*v"})["model"], "model.reaction.u"),
    "grid": (Grid(48, 64), "grid.width (64 stored, 48 requested)"),
    "dt": (0.25, "dt (0.25 stored, 0.5 requested)"),
    "until": (20.0, "until"),
    "times": ((5.0, 9.0), "times.1 (9 stored, 10 requested)"),
    "initial": (InitialCondition("spots"), "initial.name (spots stored, pearson-gamma requested)"),
    "record": (("v",), "record.0"),
    "runs": (PLAN.runs[:1], "runs (1 runs stored, 2 runs requested)"),
    "integrator": ("etdrk2", "integrator (etdrk2 stored, euler requested)"),
    "noise": ((("u", 0.1),), "noise.u (0.1 stored, none requested)"),
    "double": (True, "double (True stored, False requested)"),
    "noise_version": (1, "noise_version (1 stored, 2 requested)"),
    "imported": (Imported((SourceFile("a.npy", "0" * 64, 2),)), "imported ("),
}
GRID_CHANGES = {"height": 50, "width": 50, "spacing": 2.0, "stencil": 5, "boundary": "no-flux"}
RUN_CHANGES = {
    "parameters": PLAN.model.complete({"f": 0.02}),
    "seed": 7,
    "label": "other",
    "initial": InitialCondition("spots"),
}
MODEL_CHANGES = {
    "reaction": {"u": "f*(1 - u) - u*v**3", "v": "u*v**3 - (f + k)*v"},
    "diffusion": {"u": "2*Du", "v": "Dv"},
    "background": {"u": 0.9, "v": 0.0},
    "perturbation": {"u": 0.4, "v": 0.25},
    "name": "another",
    "title": "Another",
    "source": "somebody",
    "literature": "a book",
    "meanings": {"f": "something else"},
    "ranges": {"f": (0.0, 0.2)},
    "plane": ("f", "k"),
    "shown": (0.0, 2.0),
    "dt": 0.125,
    "until": 7.0,
    "spacing": 3.0,
    "initial": "spots",
    "apart": 5.0,
    "integrator": "etdrk2",
    "defaults": dict(PLAN.model.defaults),
}


def names(cls):
    return [field.name for field in dataclasses.fields(cls)]


def differs(one, other):
    """Both directions and the hashes must agree on whether two plans are the same to simulate."""
    there, back = one.difference(other), other.difference(one)
    assert (there is None) == (back is None) == (one.hash == other.hash)
    return there


@pytest.mark.parametrize("field", names(Plan))
def test_every_field_of_a_plan(field):
    value, words = PLAN_CHANGES[field]
    plan = NOISY if field == "noise_version" else PLAN
    found = differs(plan, dataclasses.replace(plan, **{field: value}))
    assert found is None if words is None else found.startswith(words)
    assert (words is None) == (field in DESCRIPTIVE_PLAN_FIELDS)


@pytest.mark.parametrize("field", names(Grid))
def test_every_field_of_a_grid(field):
    grid = dataclasses.replace(PLAN.grid, **{field: GRID_CHANGES[field]})
    assert differs(PLAN, dataclasses.replace(PLAN, grid=grid)).startswith(f"grid.{field}")


@pytest.mark.parametrize("field", names(Run))
def test_every_field_of_a_run(field):
    changed = dataclasses.replace(PLAN, **with_run(**{field: RUN_CHANGES[field]}))
    assert differs(PLAN, changed).startswith(f"runs.0.{field}")


@pytest.mark.parametrize("field", names(Model))
def test_every_field_of_a_model(field):
    found = differs(PLAN, dataclasses.replace(PLAN, **with_model(**{field: MODEL_CHANGES[field]})))
    assert found is None if field in DESCRIPTIVE_MODEL_FIELDS else found.startswith(f"model.{field}")


def test_several_differences_are_named():
    changed = dataclasses.replace(PLAN, dt=0.25, integrator="etdrk2", double=True, record=("v",))
    assert differs(PLAN, changed) == (
        "dt (0.25 stored, 0.5 requested), record.0 (v stored, u requested), "
        "integrator (etdrk2 stored, euler requested) and 1 more"
    )


def test_the_order_of_species_counts():
    terms = PLAN.model.reaction
    assert differs(PLAN, dataclasses.replace(PLAN, **with_model(reaction=dict(reversed(terms.items())))))


def test_a_default_counts_by_its_value_in_the_runs():
    """A parameter that is set to its default is the same; another default changes the numbers of runs without it."""
    explicit = tuple(Run(PLAN.model.complete(dict(r.parameters)), r.seed, r.label) for r in PLAN.runs)
    assert differs(PLAN, dataclasses.replace(PLAN, runs=explicit)) is None
    other = dataclasses.replace(PLAN.model, defaults={**PLAN.model.defaults, "Dv": 0.05})
    runs = tuple(Run(other.complete(r.parameters.given), r.seed, r.label) for r in PLAN.runs)
    assert differs(PLAN, dataclasses.replace(PLAN, model=other, runs=runs)).startswith("runs.0.parameters.Dv")


def test_runs_with_the_parameters_of_another_model_are_refused():
    other = dataclasses.replace(PLAN.model, defaults={**PLAN.model.defaults, "Dv": 0.05})
    with pytest.raises(UsageError, match="whose parameters are not those of model"):
        dataclasses.replace(PLAN, model=other)


def test_what_varies_in_space_counts():
    one, other = (
        dataclasses.replace(PLAN, **with_run(parameters=PLAN.model.complete({"f": Ramp("x", 0.01, end)})))
        for end in (0.05, 0.06)
    )
    assert differs(one, other).startswith("runs.0.parameters.f.stop (0.06 stored, 0.05 requested)")


def test_a_file_counts_by_its_content(tmp_path):
    import numpy as np

    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, np.ones((2, 48, 48)))
    np.save(tmp_path / "c.npy", np.zeros((2, 48, 48)))
    one, same, other = (
        dataclasses.replace(PLAN, initial=InitialCondition.of_file(tmp_path / name))
        for name in ("a.npy", "b.npy", "c.npy")
    )
    assert differs(one, same) is None
    assert differs(one, other).startswith("initial.options.sha256")


@given(st.sampled_from(sorted(PLAN_CHANGES)))
def test_the_hash_survives_the_file(field):
    plan = dataclasses.replace(PLAN, **{field: PLAN_CHANGES[field][0]})
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert differs(plan, again) is None


NUMERIC = sorted(name for name, (_, words) in PLAN_CHANGES.items() if words)


@pytest.mark.parametrize("field", NUMERIC)
def test_a_folder_of_another_plan_is_refused_and_keeps_its_plan(field, tmp_path):
    """In both directions: what was simulated with one plan is never recorded as another's."""
    plan = NOISY if field == "noise_version" else PLAN
    changed = dataclasses.replace(plan, **{field: PLAN_CHANGES[field][0]})
    for number, (there, requested) in enumerate(((plan, changed), (changed, plan))):
        folder = tmp_path / str(number)
        Ensemble.create(there, folder)
        before = (folder / "plan.json").read_bytes()
        with pytest.raises(UsageError, match=r"another plan: .* requested\); choose another folder") as caught:
            Ensemble.create(requested, folder)
        assert "\n" not in str(caught.value)
        assert (folder / "plan.json").read_bytes() == before


def test_changed_descriptions_continue(tmp_path):
    carry_out(PLAN, tmp_path / "e")
    before = (tmp_path / "e" / "plan.json").read_bytes()
    renamed = dataclasses.replace(PLAN, name="another", **with_model(meanings={"f": "feed"}, title="T", source="S"))
    again = carry_out(renamed, tmp_path / "e")
    assert again.status() == ["done", "done"]
    assert (tmp_path / "e" / "plan.json").read_bytes() == before


def test_noise_of_an_older_version_is_known_and_neither_continued_nor_mixed(tmp_path):
    stored = NOISY.to_dict()
    assert stored.pop("noise_version") == NOISE_VERSION  # as in plans from before there were versions
    old = Plan.from_dict(stored)
    assert old.noise_version == 1
    assert old.hash == "d2994c169cd18fdb9a142ec523e34b9bcab530957f3ec666b555476811ed1180"
    assert Plan.from_json(old.to_json()) == old
    with pytest.raises(UsageError, match=r"noise of version 1.*new folder"):
        carry_out(old, tmp_path / "old")
    assert not (tmp_path / "old").exists()
    Ensemble.create(old, tmp_path / "old")
    with pytest.raises(UsageError, match=r"noise_version \(1 stored, 2 requested\)"):
        carry_out(NOISY, tmp_path / "old")


def test_the_version_of_the_noise_says_nothing_about_a_plan_without_noise():
    assert "noise_version" not in PLAN.to_dict()
    assert differs(PLAN, dataclasses.replace(PLAN, noise_version=1)) is None
