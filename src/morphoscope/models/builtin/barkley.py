"""Barkley's model: an excitable medium with straight nullclines, designed for fast simulations of spiral waves."""

from morphoscope.models.model import Model

barkley = Model(
    name="barkley",
    title="Barkley",
    reaction={"u": "u*(1 - u)*(u - (v + b)/a)/epsilon", "v": "u - v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"a": 0.75, "b": 0.01, "epsilon": 0.02, "Du": 1.0, "Dv": 0.0},
    ranges={"a": (0.1, 2.0), "b": (-0.2, 0.5), "epsilon": (0.005, 0.2), "Du": (0.0, 5.0), "Dv": (0.0, 5.0)},
    meanings={
        "a": "duration of excitation",
        "b": "excitation threshold, which is b/a; oscillatory below 0",
        "epsilon": "time scale of u relative to that of v",
        "Du": "diffusion coefficient of the activator u",
        "Dv": "diffusion coefficient of the controller v",
    },
    background={"u": 0.0, "v": 0.0},
    perturbation={"u": 1.0, "v": 0.375},
    plane=("a", "b"),
    source="Barkley, Physica D 49, 61 (1991)",
    dt=0.005,
    until=60.0,
    spacing=0.4,
    initial="spiral",
    apart=0.5,
    shown=(0.0, 1.0),
    literature="Rotating spirals, here in counter-rotating pairs because the boundaries are periodic. Single spirals "
    "and their meandering in the plane of a and b, at the same epsilon, are in Barkley, Phys. Rev. Lett. 72, 164 "
    "(1994).",
)
