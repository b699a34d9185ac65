"""Lengyel–Epstein: iodide and chlorite in the CIMA reaction; starch binds iodide and thereby slows it down."""

from morphoscope.models.model import Model

lengyel_epstein = Model(
    name="lengyel-epstein",
    title="Lengyel–Epstein (CIMA)",
    reaction={"u": "a - u - 4*u*v/(1 + u**2)", "v": "sigma*b*(u - u*v/(1 + u**2))"},
    diffusion={"u": "Du", "v": "sigma*c"},
    defaults={"a": 12.0, "b": 0.38, "c": 1.07, "sigma": 50.0, "Du": 1.0},
    ranges={"a": (0.1, 60.0), "b": (0.01, 20.0), "c": (0.0, 5.0), "sigma": (1.0, 200.0), "Du": (0.0, 10.0)},
    meanings={
        "a": "feed, from the ratio of malonic acid to chlorine dioxide",
        "b": "feed of iodine and reaction rate of chlorite",
        "c": "diffusion coefficient of chlorite v relative to that of iodide",
        "sigma": "slowdown of iodide by the starch that binds it",
        "Du": "diffusion coefficient of iodide u",
    },
    background={"u": 12.0, "v": 0.0},
    perturbation={"u": 2.4, "v": 6.76},
    plane=("a", "b"),
    source="Lengyel & Epstein, Science 251, 650 (1991)",
    dt=0.002,
    until=500.0,
    spacing=0.6,
    initial="steady:amplitude=0.01",
    apart=20.0,
    shown=(1.0, 3.5),
    literature="Hexagons of spots with little iodide, which are replaced by stripes near b = 0.35, as in the gel "
    "experiments on the CIMA reaction by Ouyang & Swinney, Nature 352, 610 (1991).",
)
