"""Gray–Scott: autocatalysis u + 2v → 3v in a flow reactor."""

from morphoscope.models.model import Model

gray_scott = Model(
    name="gray-scott",
    title="Gray–Scott",
    reaction={"u": "f*(1 - u) - u*v**2", "v": "u*v**2 - (f + k)*v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"f": 0.03, "k": 0.055, "Du": 0.2, "Dv": 0.1},
    ranges={"f": (0.0, 0.25), "k": (0.0, 0.1), "Du": (0.0, 10.0), "Dv": (0.0, 10.0)},
    meanings={
        "f": "feed rate",
        "k": "removal rate of v beyond the flow",
        "Du": "diffusion coefficient of u",
        "Dv": "diffusion coefficient of v",
    },
    background={"u": 1.0, "v": 0.0},
    perturbation={"u": 0.5, "v": 0.25},
    plane=("k", "f"),
    source="Gray & Scott, Chem. Eng. Sci. 38, 29 (1983); Pearson, Science 261, 189 (1993)",
    dt=0.25,
    until=15000.0,
)
