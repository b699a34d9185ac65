"""Models with operators in their reactions, and related models, against closed forms."""

import numpy as np
import pytest

from morphoscope.engines import Grid, Job, engine_names, get_engine
from morphoscope.engines.stability import largest_step
from morphoscope.engines.stencils import laplacian
from morphoscope.models import get_model

NAMES = ["allen-cahn", "cahn-hilliard", "complex-ginzburg-landau", "klausmeier", "may-leonard", "swift-hohenberg"]
EXACT = {"cpu": 2e-4, "reference": 1e-9}  # relative: float32 over hundreds of steps, float64


def run(name, state, grid, dt, steps, parameters, engine="reference", **options):
    job = Job(get_model(name), grid, dt, parameters, np.asarray(state), tuple(steps), **options)
    found = get_engine(engine).run(job)
    assert found.failed_at is None
    return found.snapshots


def noise(grid, amplitude, seed=0):
    return amplitude * np.random.default_rng(seed).standard_normal((1, *grid.shape))


@pytest.mark.parametrize("name", NAMES)
def test_default_step_is_well_below_the_limit(name):
    model = get_model(name)
    assert model.dt * 1.3 <= largest_step(model, Grid(128, 128, spacing=model.spacing), model.complete({}))


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 1.0), (0.7, -0.4), (-1.5, 2.0)])
def test_ginzburg_landau_has_its_plane_waves(engine, alpha, beta):
    grid, dt, steps = Grid(12, 40, spacing=0.9), 0.02, 300
    q = 2 * np.pi * 3 / (40 * 0.9)
    symbol = grid.symbols(q, 0.0)[0]
    # A = R exp(i(qx − ωt)) is multiplied by z = 1 + dt (1 + (1 + iα) L − (1 + iβ) R²) per step: R² from |z| = 1.
    rest = 1 + dt * (1 + (1 + 1j * alpha) * symbol)
    turn = dt * (1 + 1j * beta)
    squares = np.roots([abs(turn) ** 2, -2 * (rest * turn.conjugate()).real, abs(rest) ** 2 - 1])
    square = squares.real.min()
    assert square == pytest.approx(1 - q**2, rel=0.1)
    wave = np.sqrt(square) * np.exp(1j * q * 0.9 * np.arange(40)) * np.ones((12, 1))
    expected = wave * (rest - turn * square) ** steps
    a, b = run("complex-ginzburg-landau", [wave.real, wave.imag], grid, dt, [steps],
               {"alpha": alpha, "beta": beta}, engine)[0]  # fmt: skip
    assert np.abs(a + 1j * b - expected).max() <= EXACT[engine]


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize(("integrator", "dt"), [("euler", 0.05), ("etdrk2", 0.2)])
@pytest.mark.parametrize("m", [0.0, 0.3])
def test_cahn_hilliard_keeps_its_mean_and_loses_free_energy(engine, integrator, dt, m):
    grid = Grid(32, 40)
    start, values = noise(grid, 0.1), {"m": m, "gamma": 1.0}
    times = [int(t / dt) for t in (0, 2, 4, 10, 20, 30)]
    found = run("cahn-hilliard", start, grid, dt, times, values, engine, integrator=integrator, double=True)[:, 0]
    means = found.mean(axis=(1, 2))
    assert np.abs(means - start.mean()).max() <= 1e-12
    assert np.abs(found[-1] + m).max() > 0.8  # the mixture has separated
    phi = found.astype(np.float64) + m
    energies = [((p**2 - 1) ** 2 / 4 - p * laplacian(p, grid) / 2).sum() for p in phi]
    assert (np.diff(energies) < 0).all()


def test_cahn_hilliard_is_stable_outside_the_spinodal():
    grid = Grid(24, 24)
    for m, grows in ((0.55, True), (0.6, False)):  # 1/√3 = 0.577
        parameters = {"m": m, "gamma": 0.1}
        found = run("cahn-hilliard", noise(grid, 1e-6), grid, 0.05, [1000, 6000], parameters, "cpu", double=True)
        assert (found[1].std() > found[0].std()) is np.bool_(grows)


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize("g", [0.0, 1.0])
def test_swift_hohenberg_loses_free_energy(engine, g):
    grid, r = Grid(40, 40, spacing=0.8), 0.2
    times = [0, 50, 100, 300, 600, 1200]
    found = run("swift-hohenberg", noise(grid, 0.2), grid, 0.05, times, {"r": r, "g": g}, engine)[:, 0]
    energies = []
    for u in found.astype(np.float64):
        energies.append(((u + laplacian(u, grid)) ** 2 / 2 - r * u**2 / 2 - g * u**3 / 3 + u**4 / 4).sum())
    assert (np.diff(energies) < 0).all()


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize("r", [0.03, 0.1])
def test_swift_hohenberg_rolls_have_the_amplitude_of_weakly_nonlinear_theory(engine, r):
    spacing = np.sqrt(2 * (1 - np.cos(np.pi / 4)))  # eight cells per wavelength with ∇² = −1 on the grid
    grid = Grid(8, 16, spacing=spacing)
    roll = 1.7 * np.sqrt(r / 3) * np.cos(np.pi / 4 * np.arange(16)) * np.ones((1, 8, 1))
    found = run("swift-hohenberg", roll, grid, 0.05, [round(4 / r / 0.05)], {"r": r}, engine)[0, 0]
    first = 2 * np.abs(np.fft.rfft(found[0])[2]) / 16
    assert first == pytest.approx(2 * np.sqrt(r / 3), rel=0.003)


@pytest.mark.parametrize("engine", engine_names())
def test_a_wall_of_allen_cahn_is_a_hyperbolic_tangent(engine):
    grid = Grid(4, 128, spacing=0.5, boundary="x=no-flux,y=periodic")
    x = 0.5 * (np.arange(128) - 63.5)
    step = np.sign(x) * np.ones((1, 4, 1))
    found = run("allen-cahn", step, grid, 0.05, [1000], {"D": 2.0}, engine)[0, 0]
    assert np.abs(found - np.tanh(x / 2)).max() < 0.01  # tanh(x/√(2D))


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize("diffusivity", [1.0, 2.0])
def test_a_disc_of_allen_cahn_shrinks_by_its_curvature(engine, diffusivity):
    grid, dt = Grid(96, 96, spacing=0.5), 0.04
    row, column = (np.indices(grid.shape) - 47.5) * 0.5
    disc = np.tanh((16 - np.hypot(row, column)) / np.sqrt(2 * diffusivity))[None]
    times = np.array([5.0, 25.0])
    found = run("allen-cahn", disc, grid, dt, np.rint(times / dt).astype(int), {"D": diffusivity}, engine)
    areas = ((found[:, 0].astype(np.float64) + 1) / 2).sum(axis=(1, 2)) * 0.25
    assert np.diff(areas / np.pi)[0] / np.diff(times)[0] == pytest.approx(-2 * diffusivity, rel=0.03)


@pytest.mark.parametrize("engine", engine_names())
def test_a_flat_front_of_allen_cahn_moves_where_a_phase_is_favoured(engine):
    grid = Grid(4, 160, boundary="x=no-flux,y=periodic")
    step = np.where(np.arange(160) < 80, 1.0, -1.0) * np.ones((1, 4, 1))
    h = 0.05
    found = run("allen-cahn", step, grid, 0.05, [1000, 2000], {"h": h, "D": 2.0}, engine)[:, 0, 0]
    low, middle, high = np.sort(np.roots([1, 0, -1, -h]).real)
    speed = np.diff(found.sum(axis=1).astype(np.float64))[0] / 50 / (high - low)
    assert speed == pytest.approx(np.sqrt(2.0 / 2) * (2 * middle - low - high) * -1, rel=0.03)


@pytest.mark.parametrize("engine", engine_names())
def test_klausmeier_bands_grow_and_move_uphill_as_in_linear_theory(engine):
    grid, dt = Grid(4, 64, spacing=2.0), 0.002
    a, m, nu, water = 2.0, 0.45, 182.5, 500.0
    n = (a + np.sqrt(a**2 - 4 * m**2)) / (2 * m)
    w = m / n
    q = 2 * np.pi * 6 / 128
    laplace, dx, _ = grid.symbols(q, 0.0)
    matrix = np.array([[2 * w * n - m + laplace, n**2], [-2 * w * n, -1 - n**2 + nu * dx + water * laplace]])
    rates, modes = np.linalg.eig(matrix)
    rate, mode = rates[rates.real.argmax()], modes[:, rates.real.argmax()]
    assert rate.real > 0 > rate.imag  # exp(iqx + λt) moves towards larger x, uphill
    wave = 1e-3 * np.exp(1j * q * 2.0 * np.arange(64))
    state = np.array([n, w])[:, None, None] + (mode[:, None] * wave).real[:, None, :] * np.ones((1, 4, 1))
    steps = [0, 1000]
    options = {"a": a, "m": m, "nu": nu, "Dw": water}
    found = run("klausmeier", state, grid, dt, steps, options, engine, double=True)[:, 0, 0]
    before, after = np.fft.fft(found - n)[:, 6]
    assert after / before == pytest.approx((1 + dt * rate) ** 1000, rel=1e-3)


@pytest.mark.parametrize("engine", engine_names())
def test_may_leonard_total_is_logistic_where_the_pressures_sum_to_two(engine):
    grid, dt, steps = Grid(8, 8), 0.05, 200
    state = np.random.default_rng(0).uniform(0.02, 0.4, (3, 8, 8))
    found = run("may-leonard", state, grid, dt, [steps], {"alpha": 0.4, "beta": 1.6, "D": 0.0}, engine)[0]
    total = state.sum(axis=0)
    for _ in range(steps):  # May & Leonard: N′ = N (1 − N)
        total = total + dt * total * (1 - total)
    assert np.abs(found.sum(axis=0) - total).max() <= EXACT[engine]


def test_may_leonard_spirals_out_of_coexistence_to_the_cycle_of_single_species():
    alpha, beta, dt = 0.5, 2.5, 0.01
    grid, balance = Grid(4, 4), 1 / (1 + alpha + beta)
    turned = np.exp(2j * np.pi * np.arange(3) / 3)
    state = (balance + 1e-4 * turned.real)[:, None, None] * np.ones((1, 4, 4))
    parameters = {"alpha": alpha, "beta": beta}
    found = run("may-leonard", state, grid, dt, [0, 1000, 40_000], parameters, "cpu", double=True)[:, :, 0, 0]
    sizes = np.abs((found[:2] - balance) @ turned)
    rate = (alpha + beta - 2) / 2 * balance
    assert np.log(sizes[1] / sizes[0]) / 10 == pytest.approx(rate, rel=0.02)
    last = np.sort(found[2])
    assert last[2] > 0.99
    assert 0 <= last[0] < last[1] < 1e-3
