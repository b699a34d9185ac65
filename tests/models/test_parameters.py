"""The parameters of a run: one form, complete and checked."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.models import Model, Ramp, get_model, parameters

GRAY_SCOTT = get_model("gray-scott")
values = st.dictionaries(st.sampled_from(["f", "k"]), st.floats(0, 0.1))


@given(values)
def test_parameters_are_a_mapping_over_all_names(given_values):
    complete = GRAY_SCOTT.complete(given_values)
    assert complete == {**GRAY_SCOTT.defaults, **given_values}
    assert complete.given == given_values
    assert list(complete) == list(GRAY_SCOTT.parameters)
    assert list(complete.given) == [name for name in GRAY_SCOTT.parameters if name in given_values]


@given(values, values)
def test_equal_values_are_equal_whether_set_or_not(one, other):
    ours, theirs = GRAY_SCOTT.complete(one), GRAY_SCOTT.complete(other)
    assert (ours == theirs) == (dict(ours) == dict(theirs))
    explicit = GRAY_SCOTT.complete(dict(ours))
    assert explicit == ours
    assert hash(explicit) == hash(ours)
    assert len({ours, explicit}) == 1
    assert sorted([ours, theirs]) == sorted([theirs, ours])


@given(values, values)
def test_given_values_of_the_other_parameters_take_precedence(one, other):
    both = GRAY_SCOTT.complete(one).with_given(GRAY_SCOTT.complete(other))
    assert both == GRAY_SCOTT.complete({**one, **other})
    assert both.given == GRAY_SCOTT.complete({**one, **other}).given


def test_spatially_varying_parameters_have_ends_and_a_middle():
    ramp = Ramp("x", 0.08, 0.02)
    complete = GRAY_SCOTT.complete({"f": ramp, "k": np.full((4, 6), 0.05)})
    assert complete.varying.keys() == {"f", "k"}
    assert complete.uniform == {"Du": 0.2, "Dv": 0.1}
    assert (complete.lowest["f"], complete.middle["f"], complete.highest["f"]) == (0.02, 0.05, 0.08)
    assert complete.lowest["k"] == complete.highest["k"] == 0.05
    assert complete != GRAY_SCOTT.complete({"f": 0.02, "k": 0.05})
    assert len(sorted([complete, GRAY_SCOTT.complete({"f": 0.02})])) == 2


def test_parameters_are_immutable():
    complete = GRAY_SCOTT.complete({"f": 0.02})
    with pytest.raises(TypeError):
        complete["f"] = 0.03
    complete.given["f"] = 0.03
    assert complete["f"] == 0.02


def test_a_default_out_of_range_is_refused_unless_it_is_set():
    model = Model(name="m", reaction={"u": "a - u"}, defaults={"a": 5.0}, ranges={"a": (0.0, 1.0)})
    with pytest.raises(UsageError, match=r"parameter a=5\.0 is out of range"):
        model.complete({})
    assert model.complete({"a": "0.5"}) == {"a": 0.5}


def test_docstring_examples():
    assert doctest.testmod(parameters).failed == 0
