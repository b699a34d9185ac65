"""Brusselator: A → u, B + u → v, 2u + v → 3u, u → ∅; the simplest scheme with Turing and Hopf instabilities."""

from morphoscope.models.model import Model

brusselator = Model(
    name="brusselator",
    title="Brusselator",
    reaction={"u": "A - (B + 1)*u + u**2*v", "v": "B*u - u**2*v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"A": 4.5, "B": 7.0, "Du": 2.0, "Dv": 16.0},
    ranges={"A": (0.1, 10.0), "B": (0.0, 30.0), "Du": (0.0, 50.0), "Dv": (0.0, 500.0)},
    meanings={
        "A": "feed of u",
        "B": "feed that converts u into v; the control parameter",
        "Du": "diffusion coefficient of the activator u",
        "Dv": "diffusion coefficient of the inhibitor v",
    },
    background={"u": 4.5, "v": 0.0},
    perturbation={"u": 4.5, "v": 1.5556},
    plane=("A", "B"),
    source="Prigogine & Lefever, J. Chem. Phys. 48, 1695 (1968)",
    dt=0.005,
    until=500.0,
    spacing=0.5,
    initial="steady:amplitude=0.01",
    apart=10.0,
    shown=(1.5, 6.5),
    literature="Hexagons of minima of u just beyond the Turing threshold B = (1 + A √(Du/Dv))² ≈ 6.71, which are "
    "replaced by stripes near B = 7.5. This pattern selection is reviewed by Peña & Pérez-García, Phys. Rev. E 64, "
    "056213 (2001).",
)
