import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.engines import Grid
from morphoscope.engines.base import Job
from morphoscope.engines.reference import ReferenceEngine
from morphoscope.models import get_model
from morphoscope.models.operators import linearised
from morphoscope.theory import dispersion, homogeneous_states, most_unstable
from tests.theory import examples

#: Every kind of operator: plain diffusion, cross-diffusion, advection, fourth order, three species.
WAVY = (
    (get_model("gray-scott"), 0.25),
    (examples.BRUSSELATOR, 0.01),
    (examples.GINZBURG_LANDAU, 0.02),
    (examples.KLAUSMEIER, 0.005),
    (examples.SWIFT_HOHENBERG, 0.005),
    (examples.CAHN_HILLIARD, 0.005),
    (examples.MAY_LEONARD, 0.05),
)


@given(st.floats(0.5, 4), st.floats(0.5, 12), st.floats(0, 5))
def test_plain_diffusion_gives_the_eigenvalues_of_j_minus_q2_d(a, b, q):
    model = examples.BRUSSELATOR
    (state,) = homogeneous_states(model, {"A": a, "B": b})
    matrix = np.array([[b - 1, a**2], [-b, -(a**2)]]) - q**2 * np.diag([1, 8])
    expected = np.sort_complex(np.linalg.eigvals(matrix))[::-1]
    found = dispersion(model, state, [q], parameters={"A": a, "B": b})[0]
    assert found.sum() == pytest.approx(expected.sum(), rel=1e-6, abs=1e-6)
    assert found.prod() == pytest.approx(expected.prod(), rel=1e-6, abs=1e-6)
    assert found[0].real >= found[1].real


def test_closed_forms_of_fourth_order_and_cross_diffusion():
    q = np.linspace(0, 2, 9)
    (rest,) = homogeneous_states(examples.SWIFT_HOHENBERG)
    assert dispersion(examples.SWIFT_HOHENBERG, rest, q)[:, 0] == pytest.approx(0.2 - (1 - q**2) ** 2)
    (mixed,) = homogeneous_states(examples.CAHN_HILLIARD)
    assert dispersion(examples.CAHN_HILLIARD, mixed, q)[:, 0] == pytest.approx(q**2 * (1 - 0.03) - 2 * q**4)
    (zero,) = homogeneous_states(examples.GINZBURG_LANDAU)
    rates = dispersion(examples.GINZBURG_LANDAU, zero, q)
    assert rates.real == pytest.approx(np.stack([1 - q**2] * 2, axis=1))
    assert np.sort(rates.imag, axis=1) == pytest.approx(np.stack([-(q**2), q**2], axis=1))


def test_advection_depends_on_the_direction():
    model = examples.KLAUSMEIER
    state = homogeneous_states(model)[0]
    assert state.values == {"n": 0.0, "w": pytest.approx(2.0)}
    for direction in (0.0, 0.7, np.pi / 2, 2.5):
        rates = dispersion(model, state, [0.3], direction=direction)[0]
        water = -1 - 20 * 0.09 + 5j * 0.3 * np.cos(direction)
        assert np.abs(rates - water).min() < 1e-12


@given(st.floats(0.1, 1.5), st.floats(0.1, 1.5), st.sampled_from([5, 9]))
def test_the_grid_approaches_the_continuum_in_second_order(q, direction, stencil):
    model = examples.SCHNAKENBERG
    (state,) = homogeneous_states(model)
    smooth = dispersion(model, state, [q], direction=direction)[0, 0]
    errors = []
    for spacing in (0.2, 0.1):
        symbols = Grid(spacing=spacing, stencil=stencil).symbols
        errors.append(abs(dispersion(model, state, [q], direction=direction, symbols=symbols)[0, 0] - smooth))
    if errors[1] > 1e-9 and smooth.imag == 0 and abs(smooth) > 0.05:
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize(("model", "dt"), WAVY, ids=lambda x: getattr(x, "name", ""))
@pytest.mark.parametrize("stencil", [9, 5])
def test_simulated_waves_grow_at_the_rate_on_the_grid(model, dt, stencil):
    """The reference engine's nonlinear run agrees with a factor of 1 + dt λ per step for each eigenvector."""
    grid = Grid(12, 16, spacing=1.0, stencil=stencil)
    steps = 20
    for state in homogeneous_states(model):
        rest = np.array(list(state.values.values()))
        for across, up in ((1, 0), (2, 1), (3, -2)):
            qx, qy = 2 * np.pi * across / 16, 2 * np.pi * up / 12
            values = {**model.defaults, **state.values}
            rates, vectors = np.linalg.eig(linearised(model, values, *grid.symbols(qx, qy)))
            q, direction = float(np.hypot(qx, qy)), float(np.arctan2(qy, qx))
            listed = dispersion(model, state, [q], direction=direction, symbols=grid.symbols)[0]
            assert listed.sum() == pytest.approx(rates.sum())
            wave = np.exp(1j * (qx * np.arange(16)[None, :] + qy * np.arange(12)[:, None]))
            for rate, vector in zip(rates, vectors.T, strict=True):
                perturbation = 1e-7 * (vector[:, None, None] * wave)
                start = rest[:, None, None] + perturbation.real
                run = ReferenceEngine().run(Job(model, grid, dt, {}, start, (0, steps)))
                change = run.snapshots[1] - rest[:, None, None]
                expected = ((1 + dt * rate) ** steps * perturbation).real
                assert np.abs(change - expected).max() <= 1e-5 * np.abs(perturbation).max()


def test_simulated_waves_have_the_theoretical_threshold():
    """Growth rates just below and above the Brusselator's Turing threshold interpolate to zero at (1 + A √(Du/Dv))²."""
    model, theory = examples.BRUSSELATOR, (1 + 2 * np.sqrt(1 / 8)) ** 2
    length = 2 * np.pi / np.sqrt(2 / np.sqrt(8))  # q_c² = A / √(Du Dv)
    grid = Grid(4, 16, spacing=length / 16)
    growth = []
    for b in (0.97 * theory, 1.03 * theory):
        wave = 1e-6 * np.cos(2 * np.pi * np.arange(16) / 16)
        start = np.array([2.0, b / 2])[:, None, None] + np.broadcast_to(wave, (2, 4, 16)) * [[[1]], [[-0.5]]]
        run = ReferenceEngine().run(Job(model, grid, 0.005, {"B": b}, start, (1600, 1800)))
        heights = np.ptp(run.snapshots[:, 0], axis=(-2, -1))
        growth.append(np.log(heights[1] / heights[0]) / (200 * 0.005))
    measured = theory * (0.97 - 0.06 * growth[0] / (growth[1] - growth[0]))
    assert growth[0] < 0 < growth[1]
    assert measured == pytest.approx(theory, rel=0.005)


@given(st.floats(1, 4), st.floats(0.0, 0.3))
def test_no_wave_grows_faster_than_the_fastest_one(a, above):
    model = examples.BRUSSELATOR
    parameters = {"A": a, "B": (1 + a * np.sqrt(1 / 8)) ** 2 * (1 + above)}
    (state,) = homogeneous_states(model, parameters)
    mode = most_unstable(model, state, parameters)
    q = np.linspace(0, 5, 4001)
    growth = dispersion(model, state, q, parameters=parameters)[:, 0].real
    assert mode.growth >= growth.max() - 1e-12
    assert mode.growth == pytest.approx(growth.max(), abs=1e-5)
    assert mode.growth == pytest.approx(dispersion(model, state, [mode.q], parameters=parameters)[0, 0].real)


def test_critical_wavelengths_in_closed_form():
    parameters = {"B": (1 + 2 * np.sqrt(1 / 8)) ** 2}
    (state,) = homogeneous_states(examples.BRUSSELATOR, parameters)
    mode = most_unstable(examples.BRUSSELATOR, state, parameters)
    assert mode.q**2 == pytest.approx(2 / np.sqrt(8), rel=1e-6)
    assert mode.growth == pytest.approx(0, abs=1e-9)
    assert not mode.oscillates
    (mixed,) = homogeneous_states(examples.CAHN_HILLIARD)
    mode = most_unstable(examples.CAHN_HILLIARD, mixed)
    assert mode.q == pytest.approx(np.sqrt(0.97 / 4), rel=1e-6)
    assert mode.growth == pytest.approx(0.97**2 / 8)


def test_fastest_growing_mode_can_be_homogeneous():
    (state,) = homogeneous_states(examples.BRUSSELATOR, {"B": 6, "Dv": 1})
    mode = most_unstable(examples.BRUSSELATOR, state, {"B": 6, "Dv": 1})
    assert (mode.q, mode.wavelength, mode.oscillates) == (0.0, np.inf, True)
    assert mode.rate == pytest.approx(0.5 + 1j * np.sqrt(4 - 0.25))
    assert mode.to_json()["wavelength"] is None
    finite = most_unstable(examples.BRUSSELATOR, state, {"B": 6, "Dv": 1}, finite=True)
    assert finite.q > 0
    assert finite.growth < mode.growth


def test_on_a_coarse_grid_the_shortest_wave_is_two_cells():
    (rest,) = homogeneous_states(examples.SWIFT_HOHENBERG)
    grid = Grid(spacing=4.0)
    mode = most_unstable(examples.SWIFT_HOHENBERG, rest, symbols=grid.symbols, shortest=8.0)
    assert mode.wavelength >= 8.0 * (1 - 1e-9)


@settings(max_examples=20)
@given(st.sampled_from(examples.ALL), st.floats(0.8, 1.2))
def test_every_model_has_a_fastest_wave(model, factor):
    parameters = {name: value * factor for name, value in model.defaults.items()}
    for state in homogeneous_states(model, parameters):
        mode = most_unstable(model, state, parameters)
        assert np.isfinite(mode.growth)
        assert mode.growth >= state.eigenvalues[0].real - 1e-9 * np.abs(state.jacobian).max()
