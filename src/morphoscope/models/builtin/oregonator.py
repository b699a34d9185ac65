"""Two-variable Oregonator: bromous acid and the oxidised catalyst in the Belousov–Zhabotinsky reaction."""

from morphoscope.models.model import Model

oregonator = Model(
    name="oregonator",
    title="Oregonator of two variables",
    reaction={"u": "(u*(1 - u) - f*v*(u - q)/(u + q))/epsilon", "v": "u - v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"f": 1.4, "q": 0.002, "epsilon": 0.03, "Du": 1.0, "Dv": 0.6},
    ranges={"f": (0.1, 5.0), "q": (0.0005, 0.1), "epsilon": (0.005, 1.0), "Du": (0.0, 5.0), "Dv": (0.0, 5.0)},
    meanings={
        "f": "stoichiometric factor of bromide production; oscillatory from 1/2 to 1 + √2, excitable above",
        "q": "ratio of rate constants of bromous acid's reactions",
        "epsilon": "time scale of u relative to that of v",
        "Du": "diffusion coefficient of bromous acid u",
        "Dv": "diffusion coefficient of the oxidised catalyst v",
    },
    background={"u": 0.003, "v": 0.003},
    perturbation={
        "u": 0.8,
        "v": 0.09,
    },  # v: high enough to stop a wave, low enough to let the next one turn into it
    plane=("f", "epsilon"),
    source="Tyson & Fife, J. Chem. Phys. 73, 2224 (1980)",
    dt=0.00025,
    until=25.0,
    spacing=0.4,
    initial="spiral",
    apart=0.2,
    shown=(0.0, 0.8),
    literature="Rotating spirals of the Belousov–Zhabotinsky reaction, here in counter-rotating pairs because the "
    "boundaries are periodic. Single spirals are in Jahnke, Skaggs & Winfree, J. Phys. Chem. 93, 740 (1989).",
)
