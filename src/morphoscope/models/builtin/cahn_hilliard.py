"""Cahn–Hilliard: phase separation of a mixture with a conserved composition.

∂c/∂t = ∇²(φ³ − φ − γ ∇²φ) for the composition φ = m + c. Its mean m is conserved and therefore a parameter; the field c
is the deviation from it.
"""

from morphoscope.models.model import Model

cahn_hilliard = Model(
    name="cahn-hilliard",
    title="Cahn–Hilliard",
    reaction={"c": "laplace((m + c)**3 - c - gamma*laplace(c))"},
    defaults={"m": 0.0, "gamma": 2.0},
    ranges={"m": (-1.0, 1.0), "gamma": (0.0, 10.0)},
    meanings={
        "m": "mean composition; 0 for equal amounts of both phases",
        "gamma": "gradient energy; the width of walls is sqrt(8 gamma)",
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
        "A labyrinth of two phases that coarsens: spinodal decomposition as in Cahn, J. Chem. Phys. 42, 93 (1965); "
        "its time dependence is in Bray, Adv. Phys. 43, 357 (1994)."
    ),
)
