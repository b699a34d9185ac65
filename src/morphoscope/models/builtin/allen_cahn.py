"""Allen–Cahn: two phases that both are stable, and a wall between them that moves by its curvature."""

from morphoscope.models.model import Model

allen_cahn = Model(
    name="allen-cahn",
    title="Allen–Cahn",
    reaction={"u": "u - u**3 + h"},
    diffusion={"u": "D"},
    defaults={"h": 0.0, "D": 2.0},
    ranges={"h": (-1.0, 1.0), "D": (0.0, 10.0)},
    meanings={
        "h": "what favours the phase near +1 over the one near -1",
        "D": "diffusion coefficient; walls are sqrt(8 D) wide",
    },
    background={"u": -1.0},
    perturbation={"u": 1.0},
    plane=("h", "D"),
    source="Allen & Cahn, Acta Metall. 27, 1085 (1979)",
    dt=0.1,
    until=30.0,
    spacing=1.0,
    initial="spots:count=870,radius=2",
    apart=10.0,
    shown=(-1.0, 1.0),
    literature=(
        "Domains of two phases that coarsen while their walls straighten: the antiphase domains of Allen & Cahn's "
        "paper; pictures in Bray, Adv. Phys. 43, 357 (1994)."
    ),
)
