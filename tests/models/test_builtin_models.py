"""Known properties of each built-in model, beyond the contract of all: closed forms, regimes, sensible defaults."""

import numpy as np
import pytest

from morphoscope.engines.grid import DIFFUSION_LIMITS
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.simulation import run_plan, simulate_one
from morphoscope.models import get_model, model_names
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import linearised, local_rates

TURING = ["brusselator", "schnakenberg", "gierer-meinhardt", "lengyel-epstein"]
SPIRALS = ["oregonator", "barkley"]
TWO_VARIABLES = [*TURING, *SPIRALS, "fitzhugh-nagumo"]


def closed_forms(name, p):
    """The homogeneous steady states as in the literature, [(u, v), …]."""
    if name == "brusselator":
        return [(p["A"], p["B"] / p["A"])]
    if name == "schnakenberg":
        return [(p["a"] + p["b"], p["b"] / (p["a"] + p["b"]) ** 2)]
    if name == "lengyel-epstein":
        return [(p["a"] / 5, 1 + p["a"] ** 2 / 25)]
    if name == "oregonator":  # (1 − u)(u + q) = f (u − q)
        half = (1 - p["f"] - p["q"]) / 2
        return [(u := half + np.sqrt(half**2 + p["q"] * (1 + p["f"])), u), (0.0, 0.0)]
    if name == "barkley":
        return [(0.0, 0.0), (1.0, 1.0)]
    if name == "gierer-meinhardt":  # without basal production: κ u³ + u = 1
        roots = np.roots([p["kappa"], 0, 1, -1])
        return [(u, u**2) for u in roots[abs(roots.imag) < 1e-9].real]
    roots = np.roots([-p["a1"], 0, p["a1"] - 1, p["a0"]])  # u − a₁ (u − u³) = a₀
    return [(u, u - u**3) for u in roots[abs(roots.imag) < 1e-9].real]


def states(name, **parameters):
    """Steady states with all parameters, as :func:`linearised` takes them."""
    model = get_model(name)
    p = model.complete(parameters)
    return [{**p, **dict(zip(model.species, s, strict=True))} for s in closed_forms(name, p)]


def growth(name, values, q=0.0):
    """The largest growth rate of waves of wavenumber q."""
    return np.linalg.eigvals(linearised(get_model(name), values, -(np.asarray(q) ** 2))).real.max(axis=-1)


def wavenumbers(name):
    """The wavenumbers of all waves that fit on the default grid, down to a wavelength of two cells."""
    spacing = get_model(name).spacing
    return np.linspace(2 * np.pi / (128 * spacing), np.pi / spacing, 2000)


@pytest.mark.parametrize("name", model_names())
class TestEveryModel:
    def test_has_a_title_meanings_and_references(self, name):
        model = get_model(name)
        assert model.title
        assert model.source
        assert all(model.meanings.values())
        assert name == "gray-scott" or model.literature.endswith(".")  # Gray–Scott has an atlas of its own

    def test_ranges_contain_more_than_the_default(self, name):
        model = get_model(name)
        for parameter, (low, high) in model.ranges.items():
            assert low <= model.defaults[parameter] <= high
            assert low < high < 1e5, parameter

    def test_plane_consists_of_two_of_its_parameters(self, name):
        model = get_model(name)
        assert len(set(model.plane)) == 2
        assert set(model.plane) <= set(model.parameters)

    def test_frames_fit_into_the_run(self, name):
        plan = run_plan(get_model(name), {}, Settings.of())
        assert len(plan.times) == 3


@pytest.mark.parametrize("name", TWO_VARIABLES)
class TestTwoVariables:
    def test_published_steady_states_are_roots(self, name):
        rates = local_rates(get_model(name))
        for values in states(name):
            for rate in rates.values():
                if name == "oregonator" and values["u"] == 0:
                    continue  # a root of the kinetics without chemical meaning
                assert evaluate(rate, values) == pytest.approx(0, abs=1e-9)

    def test_time_step_leaves_a_margin(self, name):
        model = get_model(name)
        for diffusivity in model.diffusivities(model.complete({})).values():
            assert model.dt * diffusivity / model.spacing**2 <= 0.7 * DIFFUSION_LIMITS[9]
        for values in states(name):
            assert model.dt * abs(np.linalg.eigvals(linearised(model, values))).max() <= 0.5

    def test_the_default_run_stays_finite_and_is_not_uniform(self, name):
        model = get_model(name)
        size = (128, 128) if name in SPIRALS else (64, 64)  # spirals annihilate each other in a small box
        until = model.until / 4 if name in SPIRALS else model.until
        made = simulate_one(run_plan(model, {}, Settings.of(size=size, until=until), seed=1))
        last = made.species(model.species[0])[-1]
        low, high = model.shown
        assert last.std() > 0.1 * (high - low)
        assert low - 0.1 * (high - low) < last.min() < last.max() < high + 0.1 * (high - low)


@pytest.mark.parametrize("name", TURING)
def test_turing_models_are_unstable_to_waves_only(name):
    (values,) = states(name)
    q = wavenumbers(name)
    rates = growth(name, values, q)
    assert growth(name, values) < 0 < rates.max()
    fastest = 2 * np.pi / q[rates.argmax()] / get_model(name).spacing
    assert 8 <= fastest <= 16  # cells per wavelength: resolved, and many wavelengths on the grid


@pytest.mark.parametrize("name", TURING)
def test_steady_initial_condition_starts_at_the_expected_state(name):
    model = get_model(name)
    made = simulate_one(run_plan(model, {}, Settings.of(size=(32, 32), until=model.dt)))
    (values,) = states(name)
    for index, species in enumerate(model.species):
        assert made.initial[index].mean() == pytest.approx(values[species], rel=0.01)


@pytest.mark.parametrize(("name", "parameters"), [("barkley", {}), ("oregonator", {"f": 3.0})])
def test_excitable_models_have_a_stable_rest_state(name, parameters):
    rest = states(name, **parameters)[0]
    assert growth(name, rest) < 0
    assert (growth(name, rest, wavenumbers(name)) < 0).all()


def test_oregonator_oscillates_up_to_one_plus_root_two():
    """The relaxation limit of the upper end, Tyson & Fife (1980), for small q and epsilon."""
    small = {"q": 5e-4, "epsilon": 0.005}
    below, above = (
        growth("oregonator", states("oregonator", f=(1 + np.sqrt(2)) * x, **small)[0]) for x in (0.95, 1.05)
    )
    assert above < 0 < below


def test_brusselator_turing_and_hopf_lines_agree_with_textbooks():
    p = get_model("brusselator").complete({})
    turing = (1 + p["A"] * np.sqrt(p["Du"] / p["Dv"])) ** 2
    q = wavenumbers("brusselator")
    below, above = (growth("brusselator", states("brusselator", B=turing * f)[0], q).max() for f in (0.999, 1.001))
    assert below < 0 < above
    hopf = 1 + p["A"] ** 2
    below, above = (growth("brusselator", states("brusselator", B=hopf * f)[0]) for f in (0.999, 1.001))
    assert below < 0 < above


def test_schnakenberg_turing_line_agrees_with_textbooks():
    p = get_model("schnakenberg").complete({})
    feed, surplus = p["a"] + p["b"], (p["b"] - p["a"]) / (p["a"] + p["b"])
    # d f_u − feed² = 2 feed √d at the threshold, f_u = surplus, g_v = −feed², determinant feed²
    critical = (feed * (1 + np.sqrt(1 + surplus)) / surplus) ** 2
    q = wavenumbers("schnakenberg")
    below, above = (growth("schnakenberg", states("schnakenberg", Dv=critical * f)[0], q).max() for f in (0.999, 1.001))
    assert below < 0 < above


def test_lengyel_epstein_hopf_line_agrees_with_the_publication():
    p = get_model("lengyel-epstein").complete({})
    hopf = (3 * p["a"] / 5 - 25 / p["a"]) / p["sigma"]
    below, above = (growth("lengyel-epstein", states("lengyel-epstein", b=hopf * f)[0]) for f in (0.999, 1.001))
    assert above < 0 < below


class TestFitzHughNagumo:
    def test_bistable_by_default(self):
        rates = sorted(growth("fitzhugh-nagumo", values) for values in states("fitzhugh-nagumo"))
        assert len(rates) == 3
        assert rates[1] < 0 < rates[2]

    def test_excitable_parameters_have_one_steady_state(self):
        (values,) = states("fitzhugh-nagumo", a0=-0.6, a1=0.5, epsilon=0.02, Dv=0.0)
        assert growth("fitzhugh-nagumo", values) < 0
        assert values["u"] < -1 / np.sqrt(3)  # left of the cubic's knee

    def test_turing_unstable_with_a_fast_inhibitor_that_diffuses_far(self):
        (values,) = states("fitzhugh-nagumo", a0=0.0, a1=0.5, epsilon=2.5, Dv=20.0)
        assert growth("fitzhugh-nagumo", values) < 0
        assert growth("fitzhugh-nagumo", values, wavenumbers("fitzhugh-nagumo")).max() > 0
