import numpy as np
import pytest
from scipy.integrate import solve_ivp

from morphoscope.models import Model, get_model
from morphoscope.theory import classify_point, homogeneous_states
from morphoscope.theory.classification import POINT_KINDS, is_excitable
from morphoscope.theory.orbits import orbits
from tests.theory import examples

WAVE = Model(  # three species; only the fast one oscillates at a finite wavelength
    name="wave",
    reaction={
        "a": "3*a - 4*b + c - a**3",
        "b": "3*a + 2*c",
        "c": "-4*a - 4*b - 4*c",
    },
    diffusion={"a": "0.1", "b": "0.1", "c": "1"},
)
COMPETITION = Model(
    name="competition",
    reaction={"u": "u*(1 - u - a*v)", "v": "v*(1 - v - a*u)"},
    diffusion={"u": "1", "v": "1"},
    defaults={"a": 2.0},
)
POINTS = [
    (examples.BRUSSELATOR, {"B": 2.8}, "stable"),
    (examples.BRUSSELATOR, {"B": 3.0}, "Turing"),
    (examples.BRUSSELATOR, {"B": 5.2}, "Turing–Hopf"),
    (examples.BRUSSELATOR, {"B": 5.2, "Dv": 1}, "Hopf"),
    (examples.BRUSSELATOR, {"B": 12, "Dv": 1}, "Hopf"),
    (examples.SCHNAKENBERG, {}, "Turing"),
    (examples.SCHNAKENBERG, {"d": 1}, "stable"),
    (examples.FITZHUGH, {"I": 0.0}, "excitable-like"),
    (examples.FITZHUGH, {"I": 0.5}, "Hopf"),
    (examples.FITZHUGH, {"b": 4.0, "I": -0.4}, "stable"),
    (examples.SWIFT_HOHENBERG, {"r": 0.01}, "Turing"),
    (examples.SWIFT_HOHENBERG, {"r": -0.01}, "stable"),
    (examples.CAHN_HILLIARD, {}, "spinodal"),
    (examples.GINZBURG_LANDAU, {}, "Hopf"),
    (examples.KLAUSMEIER, {"nu": 0, "D": 500}, "Turing"),
    (examples.MAY_LEONARD, {}, "Hopf"),
    (examples.MAY_LEONARD, {"beta": 1.1}, "stable"),
    (examples.EXPONENTIAL, {}, "stable"),
    (examples.OREGONATOR, {}, "excitable-like"),
    (examples.OREGONATOR, {"f": 1.4}, "Hopf"),
    (COMPETITION, {}, "bistable"),
    (COMPETITION, {"a": 0.5}, "stable"),
    (WAVE, {}, "wave"),
    (Model(name="allen-cahn-by-hand", reaction={"u": "u - u**3"}, diffusion={"u": "1"}), {}, "bistable"),
    (Model(name="explosion", reaction={"u": "u + u**3"}, diffusion={"u": "1"}), {}, "unstable"),
    (Model(name="source", reaction={"u": "1 + u**2"}), {}, "unstable"),
]


@pytest.mark.parametrize(("model", "parameters", "kind"), POINTS, ids=lambda x: getattr(x, "name", str(x)))
def test_points(model, parameters, kind):
    assert classify_point(model, parameters) == kind
    assert kind in POINT_KINDS


def test_saturated_cahn_hilliard_is_stable():
    outside = Model(**{**examples.CAHN_HILLIARD.to_dict(), "background": {"c": 0.9}, "plane": (), "shown": None})
    assert classify_point(outside) == "stable"


def test_gray_scott_is_excitable_bistable_or_patterned():
    model = get_model("gray-scott")
    assert classify_point(model, {"f": 0.03, "k": 0.062}) == "excitable-like"  # only the trivial state
    assert classify_point(model, {"f": 0.03, "k": 0.055}) == "excitable-like"  # an unstable focus without a limit cycle
    assert classify_point(model, {"f": 0.02, "k": 0.04}) == "bistable"
    assert classify_point(model, {"f": 0.0625, "k": 0.0623}) == "Turing"
    assert classify_point(model, {"f": 0.03, "k": 0.09}) == "stable"


def test_orbits_integrated_together_agree_with_single_ones():
    model = examples.FITZHUGH
    starts = np.array([[-1.0, -0.5], [0.5, 0.0], [1.5, 1.0]])

    def rate(_, c):
        return [c[0] - c[0] ** 3 / 3 - c[1], 0.08 * (c[0] + 0.7 - 0.8 * c[1])]

    found = orbits(model, model.defaults, starts, 50.0)
    for index, start in enumerate(starts):
        expected = solve_ivp(rate, (0, 50), start, rtol=1e-9, atol=1e-10).y[:, -1]
        assert found[-1, index] == pytest.approx(expected, abs=1e-3)


def test_diverging_orbits_are_frozen():
    model = Model(name="blow-up", reaction={"u": "u**2"})
    found = orbits(model, {}, np.array([[1.0], [-1.0]]), 5.0)
    assert np.isfinite(found).all()
    assert found[-1, 1, 0] == pytest.approx(-1 / 6, rel=1e-3)


def test_linear_models_are_not_excitable():
    model = Model(name="linear", reaction={"u": "-u + 20*v", "v": "-v"})  # far from normal, but no threshold
    (rest,) = homogeneous_states(model)
    assert not is_excitable(model, {}, rest)
