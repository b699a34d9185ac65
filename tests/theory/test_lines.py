import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.models import Model, get_model
from morphoscope.theory import bifurcation_lines, critical_values, homogeneous_states, most_unstable
from tests.theory import examples

TRANSCRITICAL = Model(name="logistic", reaction={"u": "r*u - u**2"}, diffusion={"u": "1"}, defaults={"r": 1.0})


def points(lines, kind):
    return np.concatenate([piece for line in lines if line.kind == kind for piece in line.pieces])


def kinds(lines):
    return sorted({line.kind for line in lines})


def test_gray_scott_has_the_line_of_the_paper():
    lines = bifurcation_lines(get_model("gray-scott"), (0.0, 0.1), (0.0, 0.25), {})
    assert lines[0].name == "a non-trivial homogeneous state exists on its left"
    k, f = points(lines, "existence").T
    assert k == pytest.approx((np.sqrt(f) - 2 * f) / 2, abs=2e-5)
    assert len(lines[0].pieces) == 1


def test_gray_scott_hopf_is_where_the_trace_vanishes():
    # with u = (f + k)/v: tr J = −f − v² + (f + k) = k − v², det > 0
    lines = bifurcation_lines(get_model("gray-scott"), (0.03, 0.065), (0.005, 0.07), {})
    k, f = points(lines, "Hopf").T
    v = (f + np.sqrt(f**2 - 4 * f * (f + k) ** 2)) / (2 * (f + k))
    assert v**2 == pytest.approx(k, rel=1e-5)
    assert len(k) > 50


def test_brusselator():
    lines = bifurcation_lines(examples.BRUSSELATOR, (0.5, 4.0), (0.5, 14.0), {"Dv": 6.0}, names=("A", "B"))
    assert kinds(lines) == ["Hopf", "Turing"]
    a, b = points(lines, "Hopf").T
    assert b == pytest.approx(1 + a**2, rel=1e-6)
    assert (a.min(), a.max()) == (pytest.approx(0.5, abs=0.03), pytest.approx(np.sqrt(13), abs=0.03))
    a, b = points(lines, "Turing").T
    turing = (1 + a * np.sqrt(1 / 6)) ** 2
    assert b == pytest.approx(turing, rel=1e-6)
    assert (turing <= 1 + a**2 + 1e-6).all()  # only where stable to homogeneous perturbations
    corner = 2 * np.sqrt(1 / 6) / (1 - 1 / 6)
    assert a.min() == pytest.approx(corner, abs=0.2)


def test_any_two_parameters_can_be_the_axes():
    lines = bifurcation_lines(examples.BRUSSELATOR, (2.0, 20.0), (2.0, 4.5), {}, names=("Dv", "B"))
    dv, b = points(lines, "Turing").T
    assert b == pytest.approx((1 + 2 * np.sqrt(1 / dv)) ** 2, rel=1e-6)
    assert kinds(lines) == ["Turing"]


def test_schnakenberg():
    lines = bifurcation_lines(examples.SCHNAKENBERG, (0.01, 0.5), (0.05, 2.0), {"d": 20.0}, names=("a", "b"))
    a, b = points(lines, "Hopf").T
    assert b - a == pytest.approx((a + b) ** 3, abs=1e-6)
    a, b = points(lines, "Turing").T
    slope = (b - a) / (a + b)  # f_u; g_v = −(a + b)², det = (a + b)²
    assert 20 * slope - (a + b) ** 2 == pytest.approx(2 * np.sqrt(20) * (a + b), abs=1e-4)


def test_swift_hohenberg_threshold_is_zero():
    lines = bifurcation_lines(examples.SWIFT_HOHENBERG, (-0.5, 0.5), (-1.0, 1.0), {}, names=("r", "g"))
    assert kinds(lines) == ["Turing"]
    assert np.abs(points(lines, "Turing")[:, 0]).max() < 1e-6


def test_saddle_nodes_without_a_closed_form():
    lines = bifurcation_lines(
        examples.FITZHUGH, (-1.0, 1.5), (1.2, 4.0), {"eps": 5.0}, names=("I", "b"), kinds=["saddle-node"]
    )
    current, b = points(lines, "saddle-node").T
    u = np.sqrt(1 - 1 / b)  # 1 − u² − 1/b = 0
    fold = np.minimum(*(np.abs(current - (0.7 / b - s * (u - u**3 / 3 - u / b))) for s in (1, -1)))
    assert fold.max() < 1e-5
    assert lines[0].name == "two homogeneous states meet (saddle-node)"


def test_newton_is_used_where_elimination_fails():
    model = Model(
        name="exponential-brusselator",  # the Brusselator in log v
        reaction={"u": "A - (B + 1)*u + u**2*exp(w)", "w": "(B*u - u**2*exp(w))*exp(-w)"},
        defaults=dict(examples.BRUSSELATOR.defaults),
    )
    lines = bifurcation_lines(model, (1.0, 3.0), (1.5, 9.0), {}, names=("A", "B"), samples=25, kinds=["Hopf"])
    a, b = points(lines, "Hopf").T
    assert b == pytest.approx(1 + a**2, rel=1e-5)


def test_three_species():
    lines = bifurcation_lines(examples.MAY_LEONARD, (0.3, 1.0), (0.5, 2.0), {}, names=("alpha", "beta"))
    alpha, beta = points(lines, "Hopf").T
    assert alpha + beta == pytest.approx(2, abs=1e-5)
    assert kinds(lines) == ["Hopf"]


def test_conserved_models_have_a_spinodal():
    model = Model(
        name="mixture",
        reaction={"c": "laplace(c**3 - T*c - kappa*laplace(c))"},
        defaults={"T": 1.0, "kappa": 1.0},
        background={"c": 0.2},
    )
    lines = bifurcation_lines(model, (-0.5, 0.5), (0.5, 2.0), {}, names=("T", "kappa"))
    assert kinds(lines) == ["spinodal"]
    assert points(lines, "spinodal")[:, 0] == pytest.approx(3 * 0.2**2, abs=1e-5)


def test_states_that_pass_zero_concentration_are_not_a_saddle_node():
    reaction = {"u": "u*(1 - u - a*v)", "v": "v*(1 - v - a*u)", "w": "w*(1 - w - a*x)", "x": "x*(1 - x - b*w)"}
    model = Model(name="twice", reaction=reaction, defaults={"a": 0.7, "b": 0.5})
    lines = bifurcation_lines(model, (0.5, 1.5), (0.3, 0.8), {}, names=("a", "b"), kinds=["saddle-node"], samples=30)
    assert lines == []


@pytest.mark.parametrize("model", [TRANSCRITICAL, examples.EXPONENTIAL], ids=lambda m: m.name)
def test_models_without_bifurcations_have_no_lines(model):
    names = (model.parameters * 2)[:2]
    if names[0] == names[1]:
        assert critical_values(model, names[0], between=(0.1, 3)) == []
    else:
        assert bifurcation_lines(model, (0.3, 2.0), (0.3, 2.0), {}, names=names) == []


def test_invalid_planes():
    assert bifurcation_lines(get_model("gray-scott"), (0.05, 0.05), (0.0, 0.2), {}) == []
    with pytest.raises(UsageError, match="two different parameters"):
        bifurcation_lines(examples.BRUSSELATOR, (0, 1), (0, 1), {}, names=("A", "A"))
    with pytest.raises(UsageError, match="unknown parameter 'C'"):
        bifurcation_lines(examples.BRUSSELATOR, (0, 1), (0, 1), {}, names=("A", "C"))
    with pytest.raises(UsageError, match="unknown parameter"):
        critical_values(examples.BRUSSELATOR, "C")


def test_values_along_one_parameter():
    turing, hopf = critical_values(examples.BRUSSELATOR, "B", {"A": 1.5}, between=(1, 8))
    assert (turing.kind, hopf.kind) == ("Turing", "Hopf")
    assert turing.value == pytest.approx((1 + 1.5 * np.sqrt(1 / 8)) ** 2, rel=1e-6)
    assert turing.wavelength == pytest.approx(2 * np.pi / np.sqrt(1.5 / np.sqrt(8)), rel=1e-3)
    assert hopf.value == pytest.approx(1 + 1.5**2, rel=1e-6)
    assert hopf.wavelength is None
    found = critical_values(get_model("gray-scott"), "k", {"f": 0.04})
    assert [c.kind for c in found] == ["Hopf", "saddle-node"]
    assert found[1].value == pytest.approx((np.sqrt(0.04) - 0.08) / 2, rel=1e-6)


def test_growth_of_the_fastest_wave_is_zero_on_turing_lines():
    """The lines' coarse search over q against the refined one."""
    model = get_model("gray-scott")
    lines = bifurcation_lines(model, (0.055, 0.065), (0.04, 0.08), {}, kinds=["Turing"])
    for k, f in points(lines, "Turing")[::15]:
        states = homogeneous_states(model, {"f": f, "k": k})
        growth = [most_unstable(model, s, {"f": f, "k": k}, finite=True).growth for s in states if s.stable]
        assert min(map(abs, growth)) < 1e-6
