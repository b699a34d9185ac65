"""Gierer–Meinhardt: a short-range activator with saturating production and a long-range inhibitor that it produces."""

from morphoscope.models.model import Model

gierer_meinhardt = Model(
    name="gierer-meinhardt",
    title="Gierer–Meinhardt with saturation",
    reaction={"u": "u**2/(v*(1 + kappa*u**2)) - u + sigma", "v": "mu*(u**2 - v)"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"kappa": 0.25, "mu": 2.0, "sigma": 0.0, "Du": 0.5, "Dv": 20.0},
    ranges={"kappa": (0.0, 10.0), "mu": (0.05, 50.0), "sigma": (0.0, 2.0), "Du": (0.0, 10.0), "Dv": (0.0, 500.0)},
    meanings={
        "kappa": "saturation of the activator's production",
        "mu": "decay rate of the inhibitor relative to that of the activator",
        "sigma": "basal production of the activator",
        "Du": "diffusion coefficient of the activator u",
        "Dv": "diffusion coefficient of the inhibitor v",
    },
    background={"u": 0.1, "v": 0.5},
    perturbation={"u": 0.8177, "v": 0.6686},
    plane=("kappa", "mu"),
    source="Gierer & Meinhardt, Kybernetik 12, 30 (1972); Koch & Meinhardt, Rev. Mod. Phys. 66, 1481 (1994)",
    dt=0.005,
    until=500.0,
    spacing=0.75,
    initial="steady:amplitude=0.02",
    apart=20.0,
    shown=(0.0, 1.6),
    literature="Stripes, which replace the spots that appear without saturation (kappa = 0), as shown by Koch & "
    "Meinhardt, Rev. Mod. Phys. 66, 1481 (1994).",
)
