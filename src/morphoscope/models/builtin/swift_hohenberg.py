"""Swift–Hohenberg: convection rolls near onset and other patterns with a preferred wavelength, here 2π."""

from morphoscope.models.model import Model

swift_hohenberg = Model(
    name="swift-hohenberg",
    title="Swift–Hohenberg",
    reaction={"u": "(r - 1)*u + g*u**2 - u**3 - laplace(2*u + laplace(u))"},
    defaults={"r": 0.2, "g": 0.0},
    ranges={"r": (-1.0, 3.0), "g": (-3.0, 3.0)},
    meanings={
        "r": "distance from the onset of rolls",
        "g": "asymmetry between up and down: hexagons for large values, rolls for small ones",
    },
    background={"u": 0.0},
    perturbation={"u": 1.0},
    plane=("g", "r"),
    source="Swift & Hohenberg, Phys. Rev. A 15, 319 (1977)",
    dt=0.05,
    until=500.0,
    spacing=0.8,
    initial="steady:amplitude=0.1",
    apart=30.0,
    shown=(-0.5, 0.5),
    literature=(
        "Rolls with grain boundaries, dislocations and disclinations that grow from noise, as in Cross & Hohenberg, "
        "Rev. Mod. Phys. 65, 851 (1993)."
    ),
)
