"""Complex Ginzburg–Landau: media near the onset of oscillation, as real and imaginary parts of an amplitude.

∂A/∂t = A + (1 + iα) ∇²A − (1 + iβ) |A|² A with A = a + ib. It has spirals whose arms meet in shocks, and phase and
defect turbulence beyond the Benjamin–Feir line 1 + αβ = 0.
"""

from morphoscope.models.model import Model

complex_ginzburg_landau = Model(
    name="complex-ginzburg-landau",
    title="Complex Ginzburg–Landau",
    reaction={
        "a": "a + laplace(a - alpha*b) - (a - beta*b)*(a**2 + b**2)",
        "b": "b + laplace(b + alpha*a) - (b + beta*a)*(a**2 + b**2)",
    },
    defaults={"alpha": 0.0, "beta": 1.0},
    ranges={"alpha": (-3.0, 3.0), "beta": (-3.0, 3.0)},
    meanings={
        "alpha": "linear dispersion: how the frequency depends on the wavelength",
        "beta": "nonlinear dispersion: how the frequency depends on the amplitude",
    },
    background={"a": 0.0, "b": 0.0},
    perturbation={"a": 1.0, "b": 0.0},
    plane=("beta", "alpha"),
    source="Stewartson & Stuart, J. Fluid Mech. 48, 529 (1971); Aranson & Kramer, Rev. Mod. Phys. 74, 99 (2002)",
    dt=0.02,
    until=400.0,
    spacing=1.0,
    initial="steady:amplitude=0.1",
    apart=1.0,
    shown=(-1.0, 1.0),
    literature=(
        "Spirals that emit waves, separated by shocks: the frozen states in Chaté & Manneville, Physica A 224, 348 "
        "(1996), and in Aranson & Kramer's review."
    ),
)
