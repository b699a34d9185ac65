import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from morphoscope.core.errors import UsageError
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates
from morphoscope.models.spatial import Ramp
from morphoscope.theory import closed_form_states, homogeneous_states
from morphoscope.theory.elimination import elimination_cases
from morphoscope.theory.equations import conserved_sums, preserves_nonnegativity
from morphoscope.theory.roots import real_roots, steady_state_values
from tests.theory import examples


@pytest.fixture(autouse=True)
def no_solver(monkeypatch):
    """Steady states are initial conditions of simulations, so they must not depend on a slow general solver."""

    def refuse(*_, **__):
        raise AssertionError("sympy.solve was called")

    monkeypatch.setattr(sympy, "solve", refuse)


def places(model, **parameters):
    return np.array([list(s.values.values()) for s in homogeneous_states(model, parameters)])


@pytest.mark.parametrize("model", examples.ALL, ids=lambda m: m.name)
def test_every_state_solves_the_equations_and_has_the_right_jacobian(model):
    states = homogeneous_states(model)
    assert states
    for state in states:
        values = {**model.defaults, **state.values}
        for row, rate in enumerate(local_rates(model).values()):
            assert evaluate(rate, values) == pytest.approx(0, abs=1e-9)
            for column, name in enumerate(model.species):
                ends = [evaluate(rate, {**values, name: values[name] + h}) for h in (-1e-6, 1e-6)]
                assert state.jacobian[row, column] == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-5, abs=1e-5)
        assert state.stable == bool(np.all(np.linalg.eigvals(state.jacobian).real < 1e-9))


@pytest.mark.parametrize("name", model_names())
def test_numerical_states_agree_with_closed_forms(name):
    model = get_model(name)
    first, second = homogeneous_states(model), homogeneous_states(model)
    assert first
    assert [s.values for s in first] == [s.values for s in second]


@given(st.floats(0.5, 5), st.floats(0.5, 30))
def test_brusselator(a, b):
    assert places(examples.BRUSSELATOR, A=a, B=b) == pytest.approx(np.array([[a, b / a]]), rel=1e-9)


@given(st.floats(-2, 2), st.floats(0.3, 4))
def test_fitzhugh_has_the_real_roots_of_its_cubic(current, b):
    cubic = np.poly1d([-1 / 3, 0, 1 - 1 / b, current - 0.7 / b])
    roots = np.sort(cubic.r[np.abs(cubic.r.imag) < 1e-9].real)
    found = places(examples.FITZHUGH, I=current, b=b)
    if np.diff(np.sort(cubic.deriv().r)).size and np.abs(cubic(cubic.deriv().r)).min() > 1e-6:
        assert found[:, 0] == pytest.approx(roots, rel=1e-6, abs=1e-7)


@settings(max_examples=20)
@given(st.lists(st.integers(-30, 30), min_size=1, max_size=4, unique=True), st.integers(1, 5))
def test_all_roots_of_a_polynomial_are_found(roots, slope):
    product = "*".join(f"(u - ({r / 10}))" for r in roots)
    reaction = {"u": f"-({product}) + v - {slope}*u", "v": f"{slope}*u - v"}
    model = Model(name="product", reaction=reaction, background={"u": -1.0})
    found = places(model)
    assert found[:, 0] == pytest.approx(np.sort(roots) / 10, abs=1e-7)
    assert found[:, 1] == pytest.approx(slope * np.sort(roots) / 10, abs=1e-6)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=7))
def test_real_roots_agree_with_numpy(coefficients):
    table = np.array(coefficients)
    if np.abs(table).max() < 1e-3:
        return
    table[np.abs(table) < 1e-3] = 0.0
    mine = real_roots(table)
    mine = np.sort(mine[np.isfinite(mine)])
    theirs = np.roots(table)
    for root in theirs[np.abs(theirs.imag) == 0].real:
        assert np.abs(mine - root).min() <= 1e-5 * (1 + abs(root))
    for root in mine:
        assert np.abs(theirs - root).min() <= 1e-5 * (1 + abs(root))


@settings(max_examples=25)
@given(st.floats(0.3, 3), st.floats(0.1, 2))
def test_without_elimination_newton_finds_what_bracketing_finds(a, b):
    assert elimination_cases(examples.EXPONENTIAL) is None
    v = brentq(lambda v: a * np.exp(-v) / (1 + np.exp(-v)) - b * v, 0, 50, xtol=1e-13)
    found = places(examples.EXPONENTIAL, a=a, b=b)
    assert found == pytest.approx(np.array([[a / (1 + np.exp(-v)), v]]), rel=1e-6)


def test_many_points_at_once_are_the_same_as_one_by_one():
    model = get_model("gray-scott")
    f, k = np.meshgrid(np.linspace(0.01, 0.08, 7), np.linspace(0.03, 0.065, 5))
    table = steady_state_values(model, {**model.defaults, "f": f, "k": k})
    assert table.shape == (5, 7, 3, 2)
    for index in np.ndindex(f.shape):
        there = table[index][np.isfinite(table[index]).all(axis=-1)]
        assert there == pytest.approx(places(model, f=f[index], k=k[index]), abs=1e-9)


def test_vanishing_leading_coefficients_leave_the_other_roots():
    # a cubic whose first coefficient passes through zero
    model = Model(name="bent", reaction={"u": "p*u**3 - u**2 + 1"}, defaults={"p": 0.0})
    assert places(model, p=0)[:, 0] == pytest.approx([-1, 1])
    assert len(places(model, p=0.1)) == 3


def test_kinds_of_states():
    kinds = {tuple(s.values.values()): s.kind for s in homogeneous_states(get_model("gray-scott"), {"f": 0.04})}
    assert list(kinds.values()) == ["stable focus", "saddle", "stable node"]
    assert [s.kind for s in homogeneous_states(examples.BRUSSELATOR, {"B": 5.5})] == ["unstable focus"]
    assert [s.kind for s in homogeneous_states(examples.BRUSSELATOR, {"B": 12})] == ["unstable node"]
    assert "saddle-focus" in [s.kind for s in homogeneous_states(examples.MAY_LEONARD)]
    lotka = Model(name="lotka", reaction={"u": "u - u*v", "v": "u*v - v"})
    assert [s.kind for s in homogeneous_states(lotka)] == ["saddle", "centre"]


def test_conserved_sums_keep_the_background():
    assert conserved_sums(examples.CAHN_HILLIARD) == ((1.0,),)
    (state,) = homogeneous_states(examples.CAHN_HILLIARD)
    assert state.values == {"c": pytest.approx(0.1)}
    assert (state.kind, state.stable) == ("neutral", True)
    assert conserved_sums(examples.TWO_FORMS) == ((1.0, 1.0),)
    found = places(examples.TWO_FORMS)
    assert found.sum(axis=1) == pytest.approx(2.0)
    # v (u v − k) = 0 with u = 2 − v
    v = (2 + np.sqrt(4 - 4 * 0.5)) / 2, (2 - np.sqrt(4 - 4 * 0.5)) / 2, 0.0
    assert np.sort(found[:, 1]) == pytest.approx(np.sort(v))
    assert conserved_sums(examples.BRUSSELATOR) == ()


def test_unreachable_states_are_left_out_unless_requested():
    assert preserves_nonnegativity(examples.OREGONATOR)
    assert not preserves_nonnegativity(examples.FITZHUGH)
    assert not preserves_nonnegativity(examples.SWIFT_HOHENBERG)
    assert not preserves_nonnegativity(examples.GINZBURG_LANDAU)
    assert (places(examples.OREGONATOR) >= 0).all()
    everywhere = homogeneous_states(examples.OREGONATOR, box={"u": (-10, 10)})
    assert len(everywhere) == 3
    assert everywhere[0].values["u"] < 0
    assert len(homogeneous_states(examples.OREGONATOR, box={"u": (0.001, 10), "v": (0.001, 10)})) == 1


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"nothing": 1}, "unknown parameter"),
        ({"A": "x"}, "not a number"),
        ({"A": float("nan")}, "out of range"),
        ({"A": Ramp("x", 1, 2)}, "varies in space"),
    ],
)
def test_bad_parameters(parameters, words):
    with pytest.raises(UsageError, match=words):
        homogeneous_states(examples.BRUSSELATOR, parameters)


TERMS = st.sampled_from(
    ["u", "v", "u*v", "u**2", "v**2*u", "1", "exp(-u)", "u/(1 + v**2)", "tanh(v)", "abs(u)", "u**2/v"]
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(-3, 3), TERMS), min_size=2, max_size=8))
def test_states_of_any_two_species_solve_the_equations(terms):
    half = len(terms) // 2
    texts = [" + ".join(f"({c})*{t}" for c, t in part) for part in (terms[:half], terms[half:])]
    model = Model(name="any", reaction={"u": texts[0], "v": texts[1]})
    for state in homogeneous_states(model):
        for rate in local_rates(model).values():
            assert evaluate(rate, state.values) == pytest.approx(
                0, abs=1e-5 * (1 + max(map(abs, state.values.values())))
            )
    closed_form_states(model)


def test_closed_forms_where_second_degree_is_enough():
    forms = closed_form_states(examples.SWIFT_HOHENBERG)
    values = {"r": 1.5, "g": 0.4}
    found = sorted(float(evaluate(form["u"], values)) for form in forms)
    assert found == pytest.approx([(0.4 - np.sqrt(0.16 + 2)) / 2, 0, (0.4 + np.sqrt(0.16 + 2)) / 2])
    assert closed_form_states(examples.FITZHUGH) == ()
    assert closed_form_states(examples.EXPONENTIAL) == ()
    (lengyel,) = closed_form_states(get_model("lengyel-epstein"))
    assert evaluate(lengyel["u"], {"a": 10.0}) == pytest.approx(2)
    assert evaluate(lengyel["v"], {"a": 10.0}) == pytest.approx(5)
