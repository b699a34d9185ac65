"""Cahn–Hilliard: a mixture that falls apart into two phases, and keeps what it is made of.

∂c/∂t = ∇²(φ³ − φ − γ ∇²φ) for the composition φ = m + c: its mean m is conserved, so it is a parameter, and the field
is what the composition differs from it.
"""

from morphoscope.models.model import Model

cahn_hilliard = Model(
    name="cahn-hilliard",
    title="Cahn–Hilliard",
    reaction={"c": "laplace((m + c)**3 - c - gamma*laplace(c))"},
    defaults={"m": 0.0, "gamma": 2.0},
    ranges={"m": (-1.0, 1.0), "gamma": (0.0, 10.0)},
    meanings={
        "m": "mean composition, 0 for as much of the one phase as of the other",
        "gamma": "gradient energy; walls are sqrt(8 gamma) wide",
    },
    background={"c": 0.0},
    perturbation={"c": 1.0},
    plane=("m", "gamma"),
    source="Cahn & Hilliard, J. Chem. Phys. 28, 258 (1958); Cahn, Acta Metall. 9, 795 (1961)",
    dt=0.025,
    until=1000.0,
    spacing=1.0,
    initial="steady:amplitude=0.1",
    apart=400.0,
    shown=(-1.0, 1.0),
    literature=(
        "Two phases in a maze that coarsens: spinodal decomposition as in Cahn, J. Chem. Phys. 42, 93 (1965), and, "
        "over time, in Bray, Adv. Phys. 43, 357 (1994)."
    ),
)
