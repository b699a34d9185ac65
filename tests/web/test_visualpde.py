"""Links to VisualPDE: what they carry, decoded here, are the equations of the model."""

import json
import re
import urllib.parse

import numpy as np
import pytest

from morphoscope.models import Model, get_model, model_names
from morphoscope.models.expressions import evaluate, parse
from morphoscope.models.operators import rates, separate_operators
from morphoscope.models.visualpde import visualpde
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from tests.web.clients import running
from tests.web.test_live import LiveVisit, until

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$"
SIDE = 24


def decompressed(text):
    """LZ-string's compressToEncodedURIComponent, undone: LZ78 in a stream of bits, low bits first, six in a letter."""
    bits = iter("".join(f"{LETTERS.index(letter):06b}" for letter in text))

    def number(count):
        return sum(int(next(bits)) << place for place in range(count))

    entries, width, left = ["", "", ""], 3, 4  # 0 and 1: a new character of 8 or 16 bits; 2: the end
    found, last = "", ""
    size = number(2)
    last = found = chr(number(8 if size == 0 else 16))
    entries.append(last)
    while True:
        code = number(width)
        if code == 2:
            return found
        if code in (0, 1):
            entries.append(chr(number(8 if code == 0 else 16)))
            code, left = len(entries) - 1, left - 1
            if left == 0:
                left, width = 1 << width, width + 1
        entry = entries[code] if code < len(entries) else last + last[0]
        found += entry
        entries.append(last + entry[0])
        last, left = entry, left - 1
        if left == 0:
            left, width = 1 << width, width + 1


def wave(numbers):
    return 2j * np.pi * np.fft.fftfreq(SIDE, 1 / SIDE) * numbers


def slope(field, axis):
    """∂/∂x (axis 1) or ∂/∂y (axis 0) of a periodic field on the unit square."""
    factor = wave(1)[:, None] if axis == 0 else wave(1)[None, :]
    return np.fft.ifft2(np.fft.fft2(field * np.ones((SIDE, SIDE))) * factor).real


def smooth(count, seed=0):
    """Positive fields of a few long waves, (count, y, x)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    parts = [np.cos(2 * np.pi * (i * x + j * y + rng.random())) for i, j in ((1, 0), (0, 1), (1, 1))]
    return np.array([0.7 + sum(0.1 * rng.random() * part for part in parts) for _ in range(count)])


def ours(model, state, values):
    """The rates of a model, with derivatives by Fourier transform."""
    terms, applications = separate_operators(rates(model))
    known = {**values, **dict(zip(model.species, state, strict=True))}
    for application in applications:
        field = evaluate(application.argument, known)
        axes = {"laplace": ((0, 0), (1, 1)), "dx": ((1,),), "dy": ((0,),)}[application.name]
        total = 0.0
        for chain in axes:
            derived = field
            for axis in chain:
                derived = slope(derived, axis)
            total = total + derived
        known[str(application.symbol)] = total
    return np.array([evaluate(terms[s], known) * np.ones((SIDE, SIDE)) for s in model.species])


def theirs(options, state, values):
    """The same of decoded options: Σ ∇·(D_ij ∇c_j) + f_i, where algebraic species are given by their own equations."""
    names = options["speciesNames"].split()
    assert len(names) == options["numSpecies"]
    known = {**values, **dict(zip(names, state, strict=False))}
    count = options["numSpecies"]
    dynamic = count - options["numAlgebraicSpecies"]

    def side(i):
        slopes = {f"{s}_{axis}": slope(known[s], {"x": 1, "y": 0}[axis]) for s in names if s in known for axis in "xy"}
        total = written(options[f"reactionStr_{i + 1}"], {**known, **slopes}) * np.ones((SIDE, SIDE))
        for j, name in enumerate(names):
            text = options[f"diffusionStr_{i + 1}_{j + 1}"] if i == j or options["crossDiffusion"] else "0"
            if text != "0":
                for axis in (0, 1):
                    total = total + slope(written(text, known) * slope(known[name], axis), axis)
        return total

    for i in range(dynamic, count):  # the first ones depend on species alone
        known[names[i]] = side(i)
    return np.array([side(i) for i in range(dynamic)])


def written(text, known):
    plain = re.sub(r"max\((\w+),-\(\1\)\)", r"abs(\1)", text.replace("^", "**"))
    return evaluate(parse(plain, known), known)


def parameters_of(options):
    pairs = (part.split(" in ")[0].split("=") for part in options["kineticParams"].split(";"))
    return {name.strip(): float(value) for name, value in pairs}


def decoded(href):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(href.replace("+", "%2B")).query)
    return json.loads(decompressed(query["options"][0]))


#: Names that mean something else there, products with operators, a slope along y, three nested Laplacians.
OTHER = Model(
    name="other",
    reaction={
        "x": "L*x - 2*laplace(pi*x**2 - laplace(laplace(x)*L)) + abs(x)**1.5",
        "lap_0": "x*dy(lap_0) - 1e-7*lap_0",
    },
    diffusion={"x": "1 + pi", "lap_0": "2"},
    defaults={"L": 0.3, "pi": 0.2},
)


@pytest.mark.parametrize("model", [*map(get_model, model_names()), OTHER], ids=lambda model: model.name)
def test_the_equations_are_the_same(model):
    there = visualpde(model)
    count = len(there["species"])
    options = {
        "numSpecies": count, "numAlgebraicSpecies": there["algebraic"], "speciesNames": " ".join(there["species"]),
        "crossDiffusion": True, **{f"reactionStr_{i + 1}": text for i, text in enumerate(there["reaction"])},
        **{f"diffusionStr_{place}": text for place, text in there["diffusion"].items()},
    }  # fmt: skip
    state = smooth(len(model.species))
    values = {there["names"][name]: value for name, value in model.defaults.items()}
    expected = ours(model, state, model.defaults)
    np.testing.assert_allclose(theirs(options, state, values), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(
    "reaction", ["u*laplace(u)", "dx(u**2)", "laplace(dx(u))", "dx(u)*laplace(u)", "laplace(u)**2"]
)
def test_what_it_can_not_express(reaction):
    assert visualpde(Model(name="own", reaction={"u": reaction}, diffusion={"u": "1"})) is None


def test_a_link_carries_model_parameters_grid_and_boundaries(chromium, needs_browser):
    settings = LiveSettings(get_model("klausmeier"), width=96, height=64, boundary="x=dirichlet,y=no-flux")
    with running(LiveSite(settings)) as server:
        visit = LiveVisit(chromium, server, hash="#model=klausmeier&a=1.7&Dw=1e-7")
        link = visit.tab.get_by_role("link", name="Open in VisualPDE")
        link.wait_for()
        until(lambda: "0.0000001" in decoded(link.get_attribute("href"))["kineticParams"])
        href = link.get_attribute("href")
        assert link.get_attribute("rel") == "noopener noreferrer"
        visit.tab.get_by_role("spinbutton", name="nu, as a number").fill("10")
        visit.tab.get_by_role("spinbutton", name="nu, as a number").press("Enter")
        until(lambda: parameters_of(decoded(link.get_attribute("href")))["nu"] == 10)
        visit.close()
    assert href.startswith("https://visualpde.com/sim/?options=")
    options, model = decoded(href), get_model("klausmeier")
    values = parameters_of(options)
    assert values == {**model.defaults, "a": 1.7, "Dw": 1e-7}
    state = smooth(2)
    expected = ours(model, state, values)
    np.testing.assert_allclose(theirs(options, state, values), expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    assert (options["domainScale"], options["spatialStep"], options["squareCanvas"]) == ("192", "2", False)
    assert options["dt"] <= model.dt / 2  # their 5-point Laplacian has twice the largest eigenvalue of ours
    assert options["comboStr_2"] == ("Left: Dirichlet = 2; Right: Dirichlet = 2; Top: Neumann = 0; Bottom: Neumann = 0")
