"""FitzHugh–Nagumo: a fast cubic activator and a slow linear inhibitor; excitable, oscillatory, bistable or Turing."""

from morphoscope.models.model import Model

fitzhugh_nagumo = Model(
    name="fitzhugh-nagumo",
    title="FitzHugh–Nagumo",
    reaction={"u": "u - u**3 - v", "v": "epsilon*(u - a1*v - a0)"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"a0": -0.1, "a1": 2.0, "epsilon": 0.05, "Du": 1.0, "Dv": 4.0},
    ranges={"a0": (-2.0, 2.0), "a1": (0.0, 10.0), "epsilon": (0.0, 10.0), "Du": (0.0, 10.0), "Dv": (0.0, 100.0)},
    meanings={
        "a0": "asymmetry between the states of high and low u",
        "a1": "slope of the inhibitor's nullcline: bistable above 1, one steady state below",
        "epsilon": "rate of the inhibitor relative to that of the activator",
        "Du": "diffusion coefficient of the activator u",
        "Dv": "diffusion coefficient of the inhibitor v",
    },
    background={"u": -0.752, "v": -0.326},
    perturbation={"u": 0.9, "v": -0.326},
    plane=("a0", "epsilon"),
    source="FitzHugh, Biophys. J. 1, 445 (1961); Nagumo, Arimoto & Yoshizawa, Proc. IRE 50, 2061 (1962); "
    "in the form of Hagberg & Meron, Phys. Rev. Lett. 72, 2494 (1994)",
    dt=0.05,
    until=2000.0,
    spacing=1.25,
    initial="spots:count=3,radius=8",
    apart=20.0,
    shown=(-1.0, 1.0),
    literature="A labyrinth that forms as fronts buckle, split at their tips and repel each other, as in figure 3 of "
    "Hagberg & Meron, Phys. Rev. Lett. 72, 2494 (1994), at the same parameters.",
)
