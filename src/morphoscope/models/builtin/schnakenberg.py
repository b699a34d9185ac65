"""Schnakenberg: 2u + v → 3u, both species fed; the simplest chemical scheme with a limit cycle."""

from morphoscope.models.model import Model

schnakenberg = Model(
    name="schnakenberg",
    title="Schnakenberg",
    reaction={"u": "a - u + u**2*v", "v": "b - u**2*v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"a": 0.1, "b": 0.9, "Du": 1.0, "Dv": 40.0},
    ranges={"a": (0.0, 2.0), "b": (0.01, 5.0), "Du": (0.0, 10.0), "Dv": (0.0, 500.0)},
    meanings={
        "a": "feed of u",
        "b": "feed of v",
        "Du": "diffusion coefficient of the activator u",
        "Dv": "diffusion coefficient of the substrate v",
    },
    background={"u": 0.1, "v": 0.0},
    perturbation={"u": 1.0, "v": 0.9},
    plane=("a", "b"),
    source="Schnakenberg, J. Theor. Biol. 81, 389 (1979)",
    dt=0.005,
    until=500.0,
    spacing=1.0,
    initial="steady:amplitude=0.01",
    apart=10.0,
    shown=(0.0, 4.5),
    literature="A hexagonal array of spots of u. Hexagons and stripes of this model are in Dufiet & Boissonade, J. "
    "Chem. Phys. 96, 664 (1992).",
)
