"""Allen–Cahn: two stable phases, separated by walls that move with a velocity proportional to their curvature."""

from morphoscope.models.model import Model

allen_cahn = Model(
    name="allen-cahn",
    title="Allen–Cahn",
    reaction={"u": "u - u**3 + h"},
    diffusion={"u": "D"},
    defaults={"h": 0.0, "D": 2.0},
    ranges={"h": (-1.0, 1.0), "D": (0.0, 10.0)},
    meanings={
        "h": "bias towards the phase near +1 over the one near -1",
        "D": "diffusion coefficient; the width of walls is sqrt(8 D)",
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
        "Domains of two phases that coarsen while their walls straighten, like the antiphase domains in Allen & Cahn's "
        "paper; pictures are in Bray, Adv. Phys. 43, 357 (1994)."
    ),
)
