"""Small models with known theory, independent of the built-in ones."""

from morphoscope.models import Model

BRUSSELATOR = Model(
    name="my-brusselator",
    reaction={"u": "A - (B + 1)*u + u**2*v", "v": "B*u - u**2*v"},
    diffusion={"u": "Du", "v": "Dv"},
    defaults={"A": 2.0, "B": 3.0, "Du": 1.0, "Dv": 8.0},
)
SCHNAKENBERG = Model(
    name="my-schnakenberg",
    reaction={"u": "a - u + u**2*v", "v": "b - u**2*v"},
    diffusion={"u": "1", "v": "d"},
    defaults={"a": 0.1, "b": 0.9, "d": 40.0},
)
FITZHUGH = Model(
    name="my-fitzhugh",
    reaction={"u": "u - u**3/3 - v + I", "v": "eps*(u + 0.7 - b*v)"},
    diffusion={"u": "1"},
    defaults={"I": 0.0, "eps": 0.08, "b": 0.8},
)
SWIFT_HOHENBERG = Model(
    name="my-swift-hohenberg",
    reaction={"u": "(r - 1)*u - 2*laplace(u) - laplace(laplace(u)) + g*u**2 - u**3"},
    defaults={"r": 0.2, "g": 0.0},
)
CAHN_HILLIARD = Model(
    name="my-cahn-hilliard",
    reaction={"c": "laplace(c**3 - c - kappa*laplace(c))"},
    defaults={"kappa": 2.0},
    background={"c": 0.1},
)
GINZBURG_LANDAU = Model(  # cross-diffusion
    name="my-ginzburg-landau",
    reaction={
        "a": "a - (a - beta*b)*(a**2 + b**2) + laplace(a) - alpha*laplace(b)",
        "b": "b - (b + beta*a)*(a**2 + b**2) + laplace(b) + alpha*laplace(a)",
    },
    defaults={"alpha": 1.0, "beta": 0.5},
)
KLAUSMEIER = Model(  # advection
    name="my-klausmeier",
    reaction={"n": "w*n**2 - m*n", "w": "a - w - w*n**2 + nu*dx(w) + 0.5*dy(n)"},
    diffusion={"n": "1", "w": "D"},
    defaults={"a": 2.0, "m": 0.45, "nu": 5.0, "D": 20.0},
)
MAY_LEONARD = Model(
    name="my-may-leonard",
    reaction={s: f"{s}*(1 - {s} - alpha*{t} - beta*{w})" for s, t, w in ("uvw", "vwu", "wuv")},
    diffusion={"u": "1", "v": "1", "w": "1"},
    defaults={"alpha": 0.8, "beta": 1.6},
)
EXPONENTIAL = Model(  # not rational: no elimination
    name="exponential",
    reaction={"u": "a - u - u*exp(-v)", "v": "u*exp(-v) - b*v"},
    diffusion={"u": "1", "v": "1"},
    defaults={"a": 1.0, "b": 0.5},
)
TWO_FORMS = Model(  # one substance in two forms: u + v is conserved
    name="two-forms",
    reaction={"u": "k*v - u*v**2", "v": "u*v**2 - k*v"},
    diffusion={"u": "1", "v": "0.01"},
    defaults={"k": 0.5},
    background={"u": 1.5, "v": 0.5},
)
OREGONATOR = Model(
    name="my-oregonator",
    reaction={"u": "(u*(1 - u) - f*v*(u - q)/(u + q))/eps", "v": "u - v"},
    diffusion={"u": "1", "v": "0.6"},
    defaults={"f": 3.0, "q": 0.002, "eps": 0.01},
)
ALL = (
    BRUSSELATOR, SCHNAKENBERG, FITZHUGH, SWIFT_HOHENBERG, CAHN_HILLIARD, GINZBURG_LANDAU, KLAUSMEIER, MAY_LEONARD,
    EXPONENTIAL, TWO_FORMS, OREGONATOR,
)  # fmt: skip
