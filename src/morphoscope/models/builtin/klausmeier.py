"""Klausmeier, extended: vegetation and water flowing down a slope; bands of vegetation move uphill."""

from morphoscope.models.model import Model

klausmeier = Model(
    name="klausmeier",
    title="Klausmeier–Gray–Scott",
    reaction={"n": "w*n**2 - m*n", "w": "a - w - w*n**2 + nu*dx(w)"},
    diffusion={"n": "Dn", "w": "Dw"},
    defaults={"a": 2.0, "m": 0.45, "nu": 182.5, "Dw": 500.0, "Dn": 1.0},
    ranges={"a": (0.0, 5.0), "m": (0.0, 2.0), "nu": (0.0, 200.0), "Dw": (0.0, 600.0), "Dn": (0.0, 10.0)},
    meanings={
        "a": "rainfall",
        "m": "mortality of the plants",
        "nu": "velocity of the water downhill, towards smaller x",
        "Dw": "diffusion coefficient of the water",
        "Dn": "dispersal of the plants",
    },
    background={"n": 0.0, "w": 2.0},
    perturbation={"n": 4.2, "w": 0.1},
    plane=("m", "a"),
    source="Klausmeier, Science 284, 1826 (1999); van der Stelt et al., J. Nonlinear Sci. 23, 39 (2013)",
    dt=0.002,
    until=300.0,
    spacing=2.0,
    initial="noise:amplitude=0.05",
    apart=3.0,
    shown=(0.0, 12.0),
    literature=(
        "Bands of plants across the slope, with dislocations, that move uphill: the tiger bush in Klausmeier's paper, "
        "with diffusion of water as in Siteur et al., Ecol. Complex. 20, 81 (2014)."
    ),
)
