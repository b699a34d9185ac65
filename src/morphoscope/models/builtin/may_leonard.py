"""May–Leonard: three species in cyclic competition, as in rock–paper–scissors."""

from morphoscope.models.model import Model

may_leonard = Model(
    name="may-leonard",
    title="May–Leonard",
    reaction={
        "u": "u*(1 - u - alpha*v - beta*w)",
        "v": "v*(1 - v - alpha*w - beta*u)",
        "w": "w*(1 - w - alpha*u - beta*v)",
    },
    diffusion={"u": "D", "v": "D", "w": "D"},
    defaults={"alpha": 0.5, "beta": 2.5, "D": 1.0},
    ranges={"alpha": (0.0, 4.0), "beta": (0.0, 4.0), "D": (0.0, 10.0)},
    meanings={
        "alpha": "competition from the species that each one defeats",
        "beta": "competition from the species that defeats each one",
        "D": "diffusion coefficient of all species",
    },
    background={"u": 0.0, "v": 0.0, "w": 0.0},
    perturbation={"u": 0.25, "v": 0.25, "w": 0.25},
    plane=("alpha", "beta"),
    source="May & Leonard, SIAM J. Appl. Math. 29, 243 (1975)",
    dt=0.1,
    until=600.0,
    spacing=1.0,
    initial="noise:amplitude=0.2",
    apart=10.0,
    shown=(0.0, 1.0),
    literature=(
        "Spirals of three domains that displace each other, as in Reichenbach, Mobilia & Frey, Nature 448, 1046 "
        "(2007), and, for Lotka–Volterra competition, in Adamson & Morozov, Bull. Math. Biol. 74, 2004 (2012)."
    ),
)
